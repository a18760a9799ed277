#include "base/time_zone.h"

#include <gtest/gtest.h>

#include "base/time_text.h"

namespace tangram::base {
namespace {

using namespace std::chrono_literals;

Time At(const char* text) { return *ParseTime(text); }
std::chrono::local_days Day(int year, unsigned month, unsigned day) {
  return std::chrono::local_days(std::chrono::year(year) / std::chrono::month(month) /
                                 std::chrono::day(day));
}

TEST(TimeZone, KnowsZonesByTheirNames) {
  EXPECT_TRUE(IsTimeZone("Europe/Berlin"));
  EXPECT_TRUE(IsTimeZone("UTC"));
  for (const char* name : {"", "Berlin", "Europe/Berlim", "../../etc/passwd", "/etc/passwd"}) {
    EXPECT_FALSE(IsTimeZone(name)) << name;
  }
  EXPECT_FALSE(LocalDayAt("Mars/Base", Time()));
  EXPECT_FALSE(TimeOf("Mars/Base", Day(2026, 1, 1), 0min));
}

TEST(TimeZone, TheDayIsTheOneThere) {
  EXPECT_EQ(LocalDayAt("Europe/Berlin", At("2026-11-22T22:59:59Z")), Day(2026, 11, 22));
  EXPECT_EQ(LocalDayAt("Europe/Berlin", At("2026-11-22T23:00:00Z")), Day(2026, 11, 23));
  EXPECT_EQ(LocalDayAt("America/Los_Angeles", At("2026-11-23T07:59:59Z")), Day(2026, 11, 22));
}

TEST(TimeZone, TimesOfADayKnowDaylightSaving) {
  EXPECT_EQ(TimeOf("Europe/Berlin", Day(2026, 1, 15), 150min), At("2026-01-15T01:30:00Z"));
  EXPECT_EQ(TimeOf("Europe/Berlin", Day(2026, 7, 15), 150min), At("2026-07-15T00:30:00Z"));
  EXPECT_EQ(TimeOf("Europe/Berlin", Day(2026, 3, 29), 150min), At("2026-03-29T01:00:00Z"))
      << "clocks go from 2 to 3";
  EXPECT_EQ(TimeOf("Europe/Berlin", Day(2026, 10, 25), 150min), At("2026-10-25T00:30:00Z"))
      << "clocks show half past two twice";
}

}  // namespace
}  // namespace tangram::base

// ReadWanted against a real Prometheus, with three weeks of two controllers.
#include <gtest/gtest.h>

#include <memory>

#include "telemetry/testing/real_prometheus.h"
#include "telemetry/wanted.h"

namespace tangram::telemetry {
namespace {

using namespace std::chrono_literals;
using fake::RawSeries;

constexpr base::Time kNow{std::chrono::seconds(1'795'443'600)};  // 2026-11-23T14:20:00Z
constexpr base::Time kFrom = kNow - std::chrono::weeks(3);

constexpr std::chrono::minutes kEvery{1};

// At the fifth minute of each hour one more than in the rest of it.
std::vector<Sample> Wanted(base::Time from, base::Time to) {
  return fake::Samples({.first = from + 7s, .end = to, .every = kEvery}, [from](int i) {
    const auto minute = (from + 7s + i * kEvery).time_since_epoch() % 1h / 1min;
    return minute == 5 ? 9.0 : 8.0;
  });
}

RawSeries Of(const std::string& controller, std::vector<Sample> samples) {
  return {kWantedInstances,
          {{kPoolLabel, "serving"}, {kProfileLabel, "1g.10gb"}, {"pod", controller}},
          std::move(samples)};
}

// The second takes over after a day in which nobody led.
TEST(RealPrometheusWanted, HoursOfWhoeverLed) {
  if (!fake::RealPrometheus::IsInstalled()) GTEST_SKIP() << "prometheus is not installed";
  const base::Time stops = kFrom + std::chrono::days(7);
  const base::Time resumes = stops + std::chrono::days(1);
  const auto server = fake::RealPrometheus::Start(
      {Of("tangram-0", Wanted(kFrom, stops)), Of("tangram-1", Wanted(resumes, kNow))}, {});
  ASSERT_NE(server, nullptr);
  const auto wanted = ReadWanted(server->Open(), {.now = kNow, .weeks = 8});
  ASSERT_TRUE(wanted) << wanted.error().message;
  ASSERT_EQ(wanted->size(), 1U);
  const WantedHours& one = wanted->front();
  EXPECT_EQ(one.pool, "serving");
  EXPECT_EQ(one.profile, "1g.10gb");
  // Three weeks and the hour that is begun, less 23 whole hours; the week ends within one.
  EXPECT_EQ(one.hours.size(), 21U * 24 + 1 - 23);
  for (const auto& [from, peak] : one.hours) {
    EXPECT_EQ(std::chrono::floor<std::chrono::hours>(from), from);
    const bool has_fifth_minute = from + 5min >= kFrom && !(from > stops - 15min && from < resumes);
    EXPECT_EQ(peak, has_fifth_minute ? 9 : 8) << from.time_since_epoch().count();
  }
  EXPECT_EQ(one.hours.back().from, std::chrono::floor<std::chrono::hours>(kNow));
}

}  // namespace
}  // namespace tangram::telemetry

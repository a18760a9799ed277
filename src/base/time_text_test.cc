#include "base/time_text.h"

#include <gtest/gtest.h>

#include <random>

namespace tangram::base {
namespace {

using namespace std::chrono_literals;

struct TimeCase {
  std::string name;
  std::string text;
  std::string want;  // empty: refused
};

const TimeCase kTimes[] = {
    {"Utc", "2026-11-21T13:20:41Z", "2026-11-21T13:20:41Z"},
    {"Offset", "2026-11-21T13:20:41+02:00", "2026-11-21T11:20:41Z"},
    {"NanosecondsAreCut", "2026-11-21T13:20:41.123456789Z", "2026-11-21T13:20:41.123Z"},
    {"ShortFraction", "2026-11-21T13:20:41.5Z", "2026-11-21T13:20:41.500Z"},
    {"LeapDay", "2028-02-29T00:00:00Z", "2028-02-29T00:00:00Z"},
    {"NoLeapDay", "2027-02-29T00:00:00Z", ""},
    {"NoZone", "2026-11-21T13:20:41", ""},
    {"BeforeEpoch", "1969-12-31T23:59:59Z", ""},
    {"Trailing", "2026-11-21T13:20:41Zx", ""},
    {"Empty", "", ""},
};

class ParseTimeTest : public testing::TestWithParam<TimeCase> {};
TEST_P(ParseTimeTest, ReadsOrRefuses) {
  const auto time = ParseTime(GetParam().text);
  EXPECT_EQ(time ? FormatTime(*time) : "", GetParam().want);
}
INSTANTIATE_TEST_SUITE_P(Table, ParseTimeTest, testing::ValuesIn(kTimes),
                         [](const auto& row) { return row.param.name; });

TEST(ParseSpan, ReadsWhatPrometheusReads) {
  EXPECT_EQ(*ParseSpan("14d"), 14 * 24h);
  EXPECT_EQ(*ParseSpan("2w"), 14 * 24h);
  EXPECT_EQ(*ParseSpan("1h30m"), 90min);
  EXPECT_EQ(*ParseSpan("250ms"), 250ms);
}

TEST(ParseSpan, RefusesWithTheRemedy) {
  for (const char* text : {"", "d", "14", "-1h", "5 m", "99999999999999999d", "1h1x"}) {
    const auto span = ParseSpan(text);
    ASSERT_FALSE(span) << text;
    EXPECT_NE(span.error().message.find("14d, 1h30m or 45s"), std::string::npos);
  }
}

TEST(FormatSpan, IsReadBack) {
  std::mt19937_64 random(1);
  for (int i = 0; i < 1000; ++i) {
    const std::chrono::milliseconds span(static_cast<std::int64_t>(random() % (1ULL << 40)));
    EXPECT_EQ(*ParseSpan(FormatSpan(span)), span);
  }
}

}  // namespace
}  // namespace tangram::base

#include "plan/windows.h"

#include <gtest/gtest.h>

#include "base/time_text.h"

namespace tangram::plan {
namespace {

using namespace std::chrono_literals;

constexpr std::array kWeekend = {false, false, false, false, false, true, true};
const MaintenanceWindow kNights{
    .start = 22h, .duration = 4h, .time_zone = "Europe/Berlin"};  // past midnight
const MaintenanceWindow kSaturdays{
    .days = kWeekend, .start = 150min, .duration = 1h, .time_zone = "Europe/Berlin"};

struct Case {
  std::string name;
  std::vector<MaintenanceWindow> windows;
  const char* now;
  const char* opens;  // "": it is open
};

const Case kCases[] = {
    {"NoneIsAlwaysOpen", {}, "2026-11-23T12:00:00Z", ""},
    {"ByDayItIsClosed", {kNights}, "2026-11-23T12:00:00Z", "2026-11-23T21:00:00Z"},
    {"ItOpensOnTheMinute", {kNights}, "2026-11-23T21:00:00Z", ""},
    {"TheMomentBeforeItIsClosed", {kNights}, "2026-11-23T20:59:59Z", "2026-11-23T21:00:00Z"},
    {"PastMidnightItIsStillOpen", {kNights}, "2026-11-24T00:59:59Z", ""},
    {"ItClosesAfterItsDuration", {kNights}, "2026-11-24T01:00:00Z", "2026-11-24T21:00:00Z"},
    {"InSummerItIsAnHourEarlier", {kNights}, "2026-07-01T12:00:00Z", "2026-07-01T20:00:00Z"},
    {"OnItsDaysAlone", {kSaturdays}, "2026-11-23T12:00:00Z", "2026-11-28T01:30:00Z"},
    {"AfterTheLastComesTheNextWeek", {kSaturdays}, "2026-11-29T02:30:00Z", "2026-12-05T01:30:00Z"},
    {"AStartThatClocksSkip", {kSaturdays}, "2026-03-29T00:00:00Z", "2026-03-29T01:00:00Z"},
    {"ItIsAsLongAsEver", {kSaturdays}, "2026-03-29T01:59:59Z", ""},
    {"AndNoLonger", {kSaturdays}, "2026-03-29T02:00:00Z", "2026-04-04T00:30:00Z"},
    {"AStartThatComesTwiceOpensOnce", {kSaturdays}, "2026-10-25T00:30:00Z", ""},
    {"NotAgainTheSecondTime", {kSaturdays}, "2026-10-25T01:30:00Z", "2026-10-31T01:30:00Z"},
    {"OfSeveralTheFirst", {kSaturdays, kNights}, "2026-11-27T12:00:00Z", "2026-11-27T21:00:00Z"},
};

class WindowsTest : public testing::TestWithParam<Case> {};
TEST_P(WindowsTest, Opens) {
  const auto opens = OpensAt(GetParam().windows, *base::ParseTime(GetParam().now));
  EXPECT_EQ(opens ? base::FormatTime(*opens) : "", GetParam().opens);
}
INSTANTIATE_TEST_SUITE_P(Table, WindowsTest, testing::ValuesIn(kCases),
                         [](const auto& test) { return test.param.name; });

TEST(Windows, OfAZoneThatIsNotKnownItNeverOpens) {
  const MaintenanceWindow nowhere{.duration = 24h, .time_zone = "Mars/Base"};
  EXPECT_EQ(OpensAt({nowhere}, base::Time()), base::Time::max());
  EXPECT_FALSE(OpensAt({nowhere, {.duration = 24h}}, base::Time()));
}

}  // namespace
}  // namespace tangram::plan

#include "report/words.h"

#include <gtest/gtest.h>

namespace tangram::report {
namespace {

using base::MicroUsdPerHour;
using base::MilliGpu;
using base::PartsPerMillion;

TEST(Dollars, RoundsToWholeDollarsAMonth) {
  EXPECT_EQ(Dollars(MicroUsdPerHour(98'320'000)), "$71,774");  // 71773.6
  EXPECT_EQ(Dollars(MicroUsdPerHour(0)), "$0");
  EXPECT_EQ(Dollars(MicroUsdPerHour(1'000)), "$0.73");
  EXPECT_EQ(Dollars(MicroUsdPerHour(2'000'000'000)), "$1,460,000");
}

TEST(Gpus, ShowsATenthAtMost) {
  EXPECT_EQ(Gpus(MilliGpu(1000)), "1");
  EXPECT_EQ(Gpus(MilliGpu(1500)), "1.5");
  EXPECT_EQ(Gpus(MilliGpu(1001)), "1");
  EXPECT_EQ(Gpus(MilliGpu(20)), "<0.1");
  EXPECT_EQ(Gpus(MilliGpu(0)), "0");
  EXPECT_EQ(Gpus(MilliGpu(6'212'000)), "6,212");
}

TEST(Percent, NeverRoundsSomethingToNothing) {
  EXPECT_EQ(Percent(PartsPerMillion(0)), "0 %");
  EXPECT_EQ(Percent(PartsPerMillion(1)), "<0.1 %");
  EXPECT_EQ(Percent(PartsPerMillion(71'400)), "7.1 %");
  EXPECT_EQ(Percent(PartsPerMillion(1'000'000)), "100 %");
}

TEST(Names, EveryEnumValueHasOne) {
  for (int i = 0; i <= static_cast<int>(plan::LeftAlone::kNoPlacement); ++i) {
    EXPECT_FALSE(Name(static_cast<plan::LeftAlone>(i)).empty());
    EXPECT_FALSE(Why(static_cast<plan::LeftAlone>(i)).empty());
  }
  for (int i = 0; i <= static_cast<int>(plan::FindingKind::kOnDemandNode); ++i) {
    EXPECT_FALSE(Name(static_cast<plan::FindingKind>(i)).empty());
  }
  for (int i = 0; i <= static_cast<int>(plan::Technique::kSpot); ++i) {
    EXPECT_FALSE(Name(static_cast<plan::Technique>(i)).empty());
    EXPECT_FALSE(Short(static_cast<plan::Technique>(i)).empty());
  }
}

}  // namespace
}  // namespace tangram::report

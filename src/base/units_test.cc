#include "base/units.h"

#include <gtest/gtest.h>

namespace tangram::base {
namespace {

template <class A, class B>
concept Addable = requires(A a, B b) { a + b; };

static_assert(Addable<MiB, MiB>);
static_assert(!Addable<MiB, MilliGpu>, "units must not mix");
static_assert(!Addable<MiB, int>, "a bare number has no unit");
static_assert(!std::is_convertible_v<std::int64_t, MicroUsd>);

TEST(Units, CostRoundsTowardZero) {
  EXPECT_EQ(Cost(MicroUsdPerHour(3'600'000), std::chrono::seconds(1)), MicroUsd(1000));
  EXPECT_EQ(Cost(MicroUsdPerHour(1), std::chrono::seconds(3599)), MicroUsd(0));
}

TEST(Units, ShareOfLargeSumsDoesNotOverflow) {
  const MicroUsd billion_dollars(1'000'000'000'000'000);
  EXPECT_EQ(ShareOf(billion_dollars, kWhole), billion_dollars);
  EXPECT_EQ(ShareOf(billion_dollars, PartsPerMillion(250'000)), MicroUsd(250'000'000'000'000));
}

TEST(Units, RatioOfNothingIsZero) {
  EXPECT_EQ(Ratio(5, 0), PartsPerMillion(0));
  EXPECT_EQ(Ratio(1, 4), PartsPerMillion(250'000));
}

TEST(Units, MonthIs730Hours) { EXPECT_EQ(PerMonth(MicroUsdPerHour(2)), MicroUsd(1460)); }

}  // namespace
}  // namespace tangram::base

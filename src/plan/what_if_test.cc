#include "plan/what_if.h"

#include <gtest/gtest.h>

#include "cluster/testing/random_snapshot.h"

namespace tangram::plan {
namespace {

TEST(WhatIfLaw, WhatWasSpentIsSplitAndNoMoreIsSavedThanSpent) {
  for (unsigned seed = 0; seed < 30; ++seed) {
    cluster::Snapshot snapshot = cluster::RandomSnapshot(seed);
    const auto what = WouldHaveSaved(snapshot);
    ASSERT_TRUE(what);
    base::MicroUsd split = what->useful + what->unmeasured;
    for (const base::MicroUsd leak : what->leaked) split += leak;
    EXPECT_LE(split, what->spent);
    // Each part is rounded toward zero, to a millionth.
    const base::MicroUsd rounding = what->spent / 100'000 + base::MicroUsd(10);
    EXPECT_TRUE(split.value() == 0 || what->spent - split <= rounding);
    for (const WhatIfOutcome& step : what->steps) {
      EXPECT_LE(step.saved, what->spent);
      EXPECT_LE(step.saved, what->best().saved);
      EXPECT_GE(step.disturbed, 0);
    }
    EXPECT_EQ(WouldHaveSaved(snapshot), what);
    snapshot.usage.reset();
    EXPECT_FALSE(WouldHaveSaved(snapshot));
  }
}

}  // namespace
}  // namespace tangram::plan

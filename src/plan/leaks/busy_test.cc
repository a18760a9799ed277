#include "plan/leaks/busy.h"

#include <gtest/gtest.h>

#include "cluster/testing/random_snapshot.h"

namespace tangram::plan {
namespace {

TEST(BusyOf, SaysWhatTheLeaksSay) {
  int measured = 0;
  for (unsigned seed = 0; seed < 60; ++seed) {
    cluster::Snapshot snapshot = cluster::RandomSnapshot(seed);
    // Somewhere, so that nothing is held that no card shows.
    for (cluster::Pod& pod : snapshot.pods) {
      if (pod.node.empty()) pod.phase = cluster::PodPhase::kPending;
    }
    const auto busy = BusyOf(snapshot, FindHoldings(snapshot), LeakPolicy());
    const Totals totals = FindLeaks(snapshot, LeakPolicy()).totals;
    ASSERT_EQ(busy.has_value(), totals.utilization.has_value()) << seed;
    if (!busy) continue;
    ++measured;
    const auto seen = base::MilliGpu(1000) * totals.gpus - totals.held + totals.measured;
    EXPECT_EQ(*busy, base::ShareOf(seen, *totals.utilization)) << seed;
  }
  EXPECT_GT(measured, 10);
}

}  // namespace
}  // namespace tangram::plan

#include "plan/forecast/wanted.h"

#include <gmock/gmock.h>

#include "plan/plan_testing.h"

namespace tangram::plan {
namespace {

using testing::Cluster;
using ::testing::IsEmpty;

constexpr const char* kHalf = "nvidia.com/mig-3g.20gb";

PlanPolicy PoolsOf(const std::vector<std::string>& teams) {
  PlanPolicy policy;
  for (const std::string& team : teams) {
    Pool& pool = policy.pools.emplace_back();
    pool.name = team;
    pool.selector = {{"team", team}};
  }
  return policy;
}

// Node a is of team x, node b of team y.
class Wanted : public ::testing::Test {
 protected:
  Wanted() {
    c_.Node("a", 2).labels = {{"team", "x"}};
    c_.Node("b", 2).labels = {{"team", "y"}};
  }
  std::int64_t Of(const std::string& pool, const std::string& profile = "3g.20gb") {
    const auto wanted = WantedInstances(c_.snapshot(), PoolsOf({"x", "y"}));
    const auto found = wanted.find({pool, profile});
    return found == wanted.end() ? -1 : found->second;
  }

  Cluster c_;
};

TEST_F(Wanted, WhatNobodyWantsIsNone) {
  EXPECT_EQ(Of("x"), 0);
  EXPECT_EQ(Of("x", "7g.40gb"), 0);
  EXPECT_EQ(Of("x", "1g.5gb+me"), -1) << "not a plain one";
  EXPECT_EQ(Of("x", "1g.10gb"), 0);
  EXPECT_EQ(Of("x", "9g.99gb"), -1);
  EXPECT_THAT(WantedInstances(c_.snapshot(), {}), IsEmpty());
}

TEST_F(Wanted, WhatIsHeldCountsWhereItIs) {
  c_.Pod("p-0", kHalf, 2, "a");
  c_.Pod("q-0", kHalf, 1, "b");
  c_.Pod("over-0", kHalf, 1, "a").phase = cluster::PodPhase::kSucceeded;
  c_.Pod("card-0", "nvidia.com/gpu", 1, "a");
  c_.Pod("goes-0", kHalf, 1, "a").terminating = true;
  EXPECT_EQ(Of("x"), 3) << "what goes still holds";
  EXPECT_EQ(Of("y"), 1);
}

TEST_F(Wanted, WhatIsWaitedForCountsInTheFirstPoolThatMayServeIt) {
  c_.Pod("anywhere-0", kHalf);
  c_.Pod("there-0", kHalf).node_selector = {{"team", "y"}};
  c_.Pod("nowhere-0", kHalf).node_selector = {{"team", "z"}};
  c_.Pod("goes-0", kHalf).terminating = true;
  EXPECT_EQ(Of("x"), 1);
  EXPECT_EQ(Of("y"), 1);
}

TEST_F(Wanted, SharesOfInstancesAreNotInstances) {
  c_.Pod("p-0", "nvidia.com/mig-3g.20gb.shared", 1, "a");
  EXPECT_EQ(Of("x"), 0);
}

TEST_F(Wanted, OnlyCardsThatHaveSuchInstances) {
  c_.Node("l4", 1, "NVIDIA-L4").labels = {{"team", "z"}};
  c_.Pod("p-0", kHalf).node_selector = {{"team", "z"}};
  EXPECT_THAT(WantedInstances(c_.snapshot(), PoolsOf({"z"})), IsEmpty());
}

TEST(HistoriesOfTest, RowsAreJoined) {
  cluster::Snapshot snapshot;
  const base::Time from(std::chrono::hours(1'000));
  snapshot.demand = {{"x", "3g.20gb", from, {1, 2}},
                     {"x", "3g.20gb", from + std::chrono::hours(3), {4}},
                     {"y", "3g.20gb", from, {7}}};
  const auto histories = HistoriesOf(snapshot);
  ASSERT_EQ(histories.size(), 2U);
  const DemandHistory& x = histories.at({"x", "3g.20gb"});
  EXPECT_EQ(x.PeakIn(1'001), 2);
  EXPECT_EQ(x.PeakIn(1'002), std::nullopt);
  EXPECT_EQ(x.PeakIn(1'003), 4);
  EXPECT_EQ(histories.at({"y", "3g.20gb"}).PeakIn(1'000), 7);
}

}  // namespace
}  // namespace tangram::plan

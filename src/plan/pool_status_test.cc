// Which pools are in force.
#include "plan/pool_status.h"

#include <gmock/gmock.h>

#include "plan/plan_testing.h"

namespace tangram::plan {
namespace {

using testing::Cluster;
using ::testing::HasSubstr;

Pool PoolOf(const std::string& name, cluster::Labels selector) {
  Pool pool{.name = name, .selector = std::move(selector), .policy = {}, .generation = 4};
  pool.policy.mode = Mode::kAuto;
  return pool;
}

std::string Reason(const PoolStatus& status) { return status.conditions.at(0).reason; }

TEST(PoolStatus, SaysNodesCardsAndTheModeInForce) {
  Cluster cluster;
  cluster.Node("a", 2).labels = {{"pool", "x"}};
  cluster.Node("b", 4).labels = {{"pool", "x"}};
  cluster.Node("c", 8);
  PlanPolicy policy;
  policy.pools = {PoolOf("x", {{"pool", "x"}}), PoolOf("y", {{"pool", "y"}})};
  const PoolsInForce in_force = JudgePools(policy, cluster.snapshot(), {});
  const PoolStatus& x = in_force.statuses.at("x");
  EXPECT_EQ(x.generation, 4);
  EXPECT_EQ(x.nodes, 2);
  EXPECT_EQ(x.gpus, 6);
  EXPECT_EQ(x.mode, Mode::kAuto);
  EXPECT_TRUE(x.conditions.at(0).holds);
  EXPECT_EQ(Reason(x), "InForce");
  const PoolStatus& y = in_force.statuses.at("y");
  EXPECT_EQ(Reason(y), "NoNodes");
  EXPECT_EQ(y.mode, Mode::kObserve);
}

TEST(PoolStatus, PoolsThatShareANodeAreOnlyObserved) {
  Cluster cluster;
  cluster.Node("a", 2).labels = {{"pool", "x"}};
  PlanPolicy policy;
  policy.pools = {PoolOf("all", {}), PoolOf("x", {{"pool", "x"}})};
  const PoolsInForce in_force = JudgePools(policy, cluster.snapshot(), {});
  for (const auto& [name, status] : in_force.statuses) {
    EXPECT_EQ(Reason(status), "NodesOverlap") << name;
    EXPECT_EQ(status.mode, Mode::kObserve) << name;
  }
  EXPECT_THAT(in_force.statuses.at("x").conditions[0].message,
              HasSubstr("GpuPool all selects node a too"));
  for (const Pool& pool : in_force.policy.pools) EXPECT_EQ(pool.policy.mode, Mode::kObserve);
}

TEST(PoolStatus, SaysWhatNeedsMeasurementsThatAreNotThere) {
  Cluster cluster;
  cluster.Node("a", 2);
  PlanPolicy policy;
  policy.pools = {PoolOf("all", {})};
  policy.pools[0].policy.stop_idle = true;
  const PoolStatus status = JudgePools(policy, cluster.snapshot(), {}).statuses.at("all");
  EXPECT_EQ(Reason(status), "UsageUnknown");
  EXPECT_EQ(status.mode, Mode::kAuto) << "the rest of its policy holds";
  EXPECT_EQ(Reason(JudgePools(policy, cluster.snapshot(), {.usage = true}).statuses.at("all")),
            "InForce");
}

TEST(PoolStatus, SaysWhereNothingIsKnownOfTheHoursBefore) {
  Cluster cluster;
  cluster.Node("a", 1);
  PlanPolicy policy;
  policy.pools = {PoolOf("all", {})};
  policy.pools[0].forecast.emplace();
  const auto reason = [&](const Measured& measured) {
    const PoolStatus status = JudgePools(policy, cluster.snapshot(), measured).statuses.at("all");
    EXPECT_TRUE(status.conditions.front().holds) << "the rest of its policy is in force";
    return Reason(status);
  };
  EXPECT_EQ(reason({.usage = true}), "DemandUnknown");
  EXPECT_EQ(reason({.demand = true}), "InForce");
}

}  // namespace
}  // namespace tangram::plan

// What is found out about one pod.
#include "plan/explain.h"

#include <gmock/gmock.h>

#include <algorithm>

#include "base/sanitized_testing.h"
#include "cluster/gate.h"
#include "cluster/testing/random_snapshot.h"
#include "plan/plan_testing.h"

namespace tangram::plan {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

Explanation Explained(testing::Cluster& cluster, const std::string& name,
                      const PlanPolicy& policy = {}) {
  cluster::Snapshot& snapshot = cluster.snapshot();
  cluster::Normalize(snapshot);
  const auto pod = std::find_if(snapshot.pods.begin(), snapshot.pods.end(),
                                [&](const cluster::Pod& one) { return one.name == name; });
  return Explain(snapshot, policy, *pod);
}

TEST(Explain, APodOnANodeHoldsItsPartOfTheCost) {
  testing::Cluster cluster;
  testing::Cluster::Share(cluster.Node("n", 2), 4);
  cluster.Pod("p", "nvidia.com/gpu.shared", 2, "n");
  const Explanation told = Explained(cluster, "p");
  EXPECT_EQ(told.state, Explanation::State::kOnNode);
  EXPECT_EQ(told.node->name, "n");
  ASSERT_EQ(told.holds.size(), 2U);
  EXPECT_EQ(told.holds[0].replicas, 4);
  EXPECT_FALSE(told.holds[0].exact);
  EXPECT_EQ(told.rate, base::MicroUsdPerHour(500'000)) << "two quarters of a card at $1";
}

TEST(Explain, EveryNodeCountsOnceAtItsFirstReason) {
  testing::Cluster cluster;
  cluster.Node("a-cordoned", 1).schedulable = false;
  cluster.Node("b-tainted", 1).taints = {{"dedicated", "x", "NoSchedule"}};
  cluster.Node("c-full", 2);
  cluster.Node("d-busy", 1);
  cluster.Node("e-small", 1).cpu = base::MilliCpu(10);
  testing::Cluster::Cut(cluster.Node("f-cut", 1), 0, {{"3g.20gb", 0}});
  cluster.Pod("x-0", "nvidia.com/gpu", 2, "c-full");
  cluster.Pod("cpu", "nvidia.com/gpu", 0, "d-busy").cpu = base::MilliCpu(9'500);
  cluster.Pod("p", "nvidia.com/gpu");
  PlanPolicy policy;
  policy.defaults.mig = MigBackend::kNone;
  policy.most_new_nodes = 0;
  const Explanation told = Explained(cluster, "p", policy);
  using Kind = Obstacle::Kind;
  EXPECT_THAT(
      told.obstacles,
      ElementsAre(Obstacle{Kind::kNotReady, "", 1}, Obstacle{Kind::kTaint, "dedicated", 1},
                  Obstacle{Kind::kNoDevice, "nvidia.com/gpu", 1}, Obstacle{Kind::kTooSmall, "", 1},
                  Obstacle{Kind::kHeld, "nvidia.com/gpu", 1}, Obstacle{Kind::kBusyHost, "", 1}));
  EXPECT_EQ(told.gpu_nodes, 6);
  EXPECT_EQ(told.open_nodes, 0);
  EXPECT_THAT(told.holders, ElementsAre(Holder{"ns", {"Deployment", "x"}, 2}));
  EXPECT_EQ(told.waiting->reason, WaitReason::kNoRoom);
}

TEST(Explain, TheStepsThatServeItAreThoseItNeedsAndNoOthers) {
  testing::Cluster cluster;
  cluster.Node("a", 1);
  cluster.Node("b", 1);
  cluster.Pod("p", "nvidia.com/mig-3g.20gb").labels = {};
  PlanPolicy policy;
  policy.pools = {{.name = "pool", .selector = {}, .policy = {.mode = Mode::kRecommend}}};
  const Explanation told = Explained(cluster, "p", policy);
  ASSERT_EQ(told.steps.size(), 2U);
  EXPECT_TRUE(std::holds_alternative<Repartition>(told.steps[0].action.change));
  EXPECT_TRUE(std::holds_alternative<PlacePod>(told.steps[1].action.change));
  EXPECT_EQ(told.steps[0].pool, "pool");
  EXPECT_EQ(told.steps[0].mode, Mode::kRecommend);
  EXPECT_FALSE(told.waiting);
}

TEST(Explain, APodThatWasSentWaitsForTheScheduler) {
  testing::Cluster cluster;
  cluster.Node("n", 1);
  cluster.Pod("p", "nvidia.com/gpu").annotations = {
      {std::string(cluster::kNodesAnnotation), "n,m"}};
  cluster.Pod("q", "nvidia.com/gpu").annotations = {{std::string(cluster::kNodesAnnotation), "m"}};
  EXPECT_EQ(Explained(cluster, "p").state, Explanation::State::kSent);
  EXPECT_EQ(Explained(cluster, "p").node->name, "n");
  EXPECT_EQ(Explained(cluster, "q").node, nullptr) << "its node is gone";
}

TEST(Explain, WhatAsksForNoGpuOrHasEndedIsLeftAtThat) {
  testing::Cluster cluster;
  cluster.Node("n", 1);
  cluster.Pod("cpu", "nvidia.com/gpu", 0, "n").devices.clear();
  cluster.Pod("done", "nvidia.com/gpu", 1, "n").phase = cluster::PodPhase::kSucceeded;
  EXPECT_EQ(Explained(cluster, "cpu").state, Explanation::State::kNoGpu);
  EXPECT_EQ(Explained(cluster, "done").state, Explanation::State::kEnded);
  cluster.Pod("going", "nvidia.com/gpu").terminating = true;
  EXPECT_EQ(Explained(cluster, "going").state, Explanation::State::kEnded);
  EXPECT_THAT(Explained(cluster, "done").holds, IsEmpty());
}

// For every pod of random clusters: who waits has steps or a reason, never both; nodes add up; and
// the plan places it where the last step says.
TEST(ExplainLaw, AgreesWithThePlan) {
  const std::uint64_t rounds = base::kSanitized ? 3 : 25;
  for (std::uint64_t seed = 0; seed < rounds; ++seed) {
    const cluster::Snapshot snapshot = cluster::RandomSnapshot(seed);
    const PlanPolicy policy;
    const Plan plan = MakePlan(snapshot, policy);
    for (const cluster::Pod& pod : snapshot.pods) {
      const Explanation told = Explain(snapshot, policy, pod);
      std::int64_t nodes = told.open_nodes;
      for (const Obstacle& obstacle : told.obstacles) nodes += obstacle.nodes;
      EXPECT_EQ(nodes, told.gpu_nodes) << seed << " " << pod.name;
      if (told.state != Explanation::State::kWaits) continue;
      EXPECT_NE(told.steps.empty(), !told.waiting.has_value()) << seed << " " << pod.name;
      if (told.steps.empty()) continue;
      const Action& last = told.steps.back().action;
      EXPECT_EQ(last, plan.actions.at(static_cast<std::size_t>(last.id)));
      EXPECT_EQ(std::get<PlacePod>(last.change).pod, (PodName{pod.ns, pod.name}));
    }
  }
}

}  // namespace
}  // namespace tangram::plan

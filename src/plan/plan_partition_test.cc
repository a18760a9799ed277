// What the partition pass does.
#include <gmock/gmock.h>

#include "plan/plan.h"
#include "plan/plan_lines_testing.h"
#include "plan/plan_testing.h"

namespace tangram::plan {
namespace {

using testing::Checked;
using testing::Cluster;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using testing::Lines;
using testing::WaitsFor;

constexpr const char* kGpu = "nvidia.com/gpu";

TEST(Partition, OneCardIsCutForSevenPods) {
  Cluster c;
  c.Node("a", 2);
  c.Pod("held-0", kGpu, 1, "a");
  for (int i = 0; i < 7; ++i) c.Pod("s-" + std::to_string(i), "nvidia.com/mig-1g.5gb");
  const Plan plan = Checked(c.snapshot());
  const auto lines = Lines(plan);
  ASSERT_EQ(lines.size(), 8U);
  EXPECT_EQ(lines[0], "cut a/1: 1g.5gb@0 1g.5gb@1 1g.5gb@2 1g.5gb@3 1g.5gb@4 1g.5gb@5 1g.5gb@6");
  ASSERT_EQ(plan.certificates.size(), 1U);
  EXPECT_EQ(plan.certificates[0].value, 1);
  EXPECT_EQ(plan.certificates[0].bound, 1);
  EXPECT_EQ(plan.actions[1].needs, std::vector<int>{0});
}

TEST(Partition, AnInstanceIsMadeBesideHeldOnes) {
  Cluster c;
  Cluster::Cut(c.Node("a", 1), 0, {{"3g.20gb", 0}});
  c.Pod("held-0", "nvidia.com/mig-3g.20gb", 1, "a");
  c.Pod("small-0", "nvidia.com/mig-1g.5gb");
  const Plan plan = Checked(c.snapshot());
  // At 6, where no 2g.10gb could stand.
  EXPECT_THAT(Lines(plan), ElementsAre("cut a/0: 3g.20gb@0 1g.5gb@6", "place small-0 on a"));
  PlanPolicy manager;
  manager.defaults.mig = MigBackend::kMigManager;
  manager.most_new_nodes = 0;
  EXPECT_THAT(Lines(Checked(c.snapshot(), manager)), IsEmpty()) << "it wipes whole cards";
}

TEST(Partition, SeveralInstancesOfOnePodAreOnOneNode) {
  Cluster c;
  c.Node("a", 1);
  c.Node("b", 2);
  c.Pod("held-0", kGpu, 1, "b");
  c.Pod("pair-0", "nvidia.com/mig-4g.20gb", 2);
  PlanPolicy policy;
  policy.most_new_nodes = 0;
  EXPECT_THAT(Lines(Checked(c.snapshot(), policy)), ElementsAre("give back a"))
      << "neither node has two free cards";
  c.snapshot().pods.erase(c.snapshot().pods.begin());
  EXPECT_THAT(
      Lines(Checked(c.snapshot(), policy)),
      ElementsAre("cut b/0: 4g.20gb@0", "cut b/1: 4g.20gb@0", "place pair-0 on b", "give back a"));
}

// Two cards, each held by a replica of a Deployment; a pod waits for a whole card's instance.
struct TwoHalves {
  TwoHalves() {
    for (const char* name : {"a", "b"}) {
      Cluster::Cut(c.Node(name, 1), 0, {{"3g.20gb", 0}});
      cluster::Pod& pod = c.Pod(std::string("web-") + name, "nvidia.com/mig-3g.20gb", 1, name);
      pod.labels = {{"app", "web"}};
      c.Seen(pod, 0, 1);
    }
    c.Pod("train-0", "nvidia.com/mig-7g.40gb");
    policy.most_new_nodes = 0;
    policy.defaults.moves = Moves::kReplicated;
    policy.on[static_cast<std::size_t>(Pass::kConsolidate)] = false;
  }
  Cluster c;
  PlanPolicy policy;
};

TEST(Partition, ARunningPodMovesForABetterLayout) {
  TwoHalves halves;
  const Plan plan = Checked(halves.c.snapshot(), halves.policy);
  EXPECT_THAT(Lines(plan), ElementsAre("cut b/0: 3g.20gb@0 3g.20gb@4", "move web-a from a to b",
                                       "cut a/0: 7g.40gb@0", "place train-0 on a"));
  EXPECT_EQ(plan.actions[1].needs, std::vector<int>{0});
  EXPECT_EQ(plan.actions[2].needs, std::vector<int>{1});
  EXPECT_THAT(plan.actions[3].needs, ::testing::Contains(2));
  EXPECT_EQ(plan.actions[1].disturbs.size(), 1U);
}

TEST(Partition, NobodyMovesWhoMayNot) {
  const auto waits = [](auto change) {
    TwoHalves halves;
    change(halves);
    return WaitsFor(Checked(halves.c.snapshot(), halves.policy), "train-0");
  };
  EXPECT_EQ(waits([](TwoHalves&) {}), "") << "it is served";
  EXPECT_EQ(waits([](TwoHalves& h) { h.policy.defaults.moves = Moves::kNone; }), "NoRoom");
  EXPECT_EQ(waits([](TwoHalves& h) { h.c.snapshot().usage.reset(); }), "NoRoom")
      << "nobody knows who is on which instance";
  EXPECT_EQ(waits([](TwoHalves& h) { h.policy.defaults.mig = MigBackend::kMigManager; }), "NoRoom");
  EXPECT_EQ(waits([](TwoHalves& h) {
              cluster::DisruptionBudget& budget = h.c.snapshot().budgets.emplace_back();
              budget.ns = "ns";
              budget.match_labels = {{"app", "web"}};
            }),
            "NoRoom");
  EXPECT_EQ(waits([](TwoHalves& h) {
              for (cluster::Node& node : h.c.snapshot().nodes) node.cpu = base::MilliCpu(1'500);
            }),
            "NoRoom")
      << "no node has the CPU for two of them";
}

TEST(Partition, WhereANodeIsTooFullOthersAreTried) {
  Cluster c;
  c.Node("a", 1).cpu = base::MilliCpu(2'500);
  c.Node("b", 1).cpu = base::MilliCpu(2'500);
  for (int i = 0; i < 4; ++i) c.Pod("s-" + std::to_string(i), "nvidia.com/mig-1g.5gb");
  const auto lines = Lines(Checked(c.snapshot()));
  EXPECT_EQ(std::count_if(lines.begin(), lines.end(),
                          [](const std::string& line) { return line.ends_with("on a"); }),
            2);
  EXPECT_EQ(std::count_if(lines.begin(), lines.end(),
                          [](const std::string& line) { return line.ends_with("on b"); }),
            2);
}

TEST(Partition, WhatNobodyHoldsBecomesWholeAgain) {
  Cluster c;
  cluster::Node& node = c.Node("a", 2);
  Cluster::Cut(node, 0, {{"7g.40gb", 0}});
  Cluster::Cut(node, 1, {{"1g.5gb", 0}, {"1g.5gb", 1}});
  c.Pod("train-0", kGpu, 2);
  EXPECT_THAT(Lines(Checked(c.snapshot())),
              ElementsAre("cut a/0:", "cut a/1:", "place train-0 on a"));
}

TEST(Partition, PodsThatMayNotBeThereAreNotPackedTogether) {
  Cluster c;
  c.Node("a", 1).labels = {{"zone", "1"}};
  c.Node("b", 1).labels = {{"zone", "2"}};
  c.Pod("one-0", "nvidia.com/mig-1g.5gb").node_selector = {{"zone", "1"}};
  c.Pod("two-0", "nvidia.com/mig-1g.5gb").node_selector = {{"zone", "2"}};
  EXPECT_THAT(Lines(Checked(c.snapshot())), ElementsAre("cut a/0: 1g.5gb@6", "cut b/0: 1g.5gb@6",
                                                        "place one-0 on a", "place two-0 on b"));
}

TEST(Partition, LeavesAloneWherePodsHoldMoreThanIsOffered) {
  Cluster c;
  cluster::Node& node = c.Node("a", 2);
  Cluster::Cut(node, 0, {{"1g.5gb", 0}});
  Cluster::Cut(node, 1, {{"1g.5gb", 0}});
  c.Pod("held-0", kGpu, 1, "a");
  c.Pod("new-0", kGpu);
  PlanPolicy policy;
  policy.most_new_nodes = 0;
  EXPECT_THAT(Lines(Checked(c.snapshot(), policy)), IsEmpty());
}

TEST(Partition, MakesNothingBesideSharedInstances) {
  Cluster c;
  cluster::Node& node = c.Node("a", 1);
  Cluster::Cut(node, 0, {{"3g.20gb", 0}});
  node.gpus[0].replicas = 2;
  node.devices = {{"nvidia.com/gpu", 0}, {"nvidia.com/mig-3g.20gb.shared", 2}};
  c.Pod("held-0", "nvidia.com/mig-3g.20gb.shared", 1, "a");
  c.Pod("new-0", "nvidia.com/mig-1g.5gb");
  PlanPolicy policy;
  policy.most_new_nodes = 0;
  EXPECT_THAT(Lines(Checked(c.snapshot(), policy)), IsEmpty());
}

}  // namespace
}  // namespace tangram::plan

// What plans do with shares, and with spot.
#include <gmock/gmock.h>

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

TEST(Share, FreeCardsAreSharedForPodsThatAskForAShare) {
  Cluster c;
  c.Node("a", 1);
  for (const char* name : {"dev-0", "dev-1", "dev-2", "dev-3"})
    c.Pod(name, "nvidia.com/gpu.shared");
  EXPECT_THAT(Lines(Checked(c.snapshot())),
              ElementsAre("share a 4", "place dev-0 on a", "place dev-1 on a", "place dev-2 on a",
                          "place dev-3 on a"));
}

TEST(Share, ACardThatIsHeldWholeIsNotShared) {
  Cluster c;
  c.Node("a", 2);
  c.Pod("held-0", kGpu, 1, "a");
  c.Pod("dev-0", "nvidia.com/gpu.shared");
  PlanPolicy policy;
  policy.most_new_nodes = 0;
  const Plan plan = Checked(c.snapshot(), policy);
  EXPECT_THAT(Lines(plan), IsEmpty());
  EXPECT_EQ(WaitsFor(plan, "dev-0"), "NoRoom");
  EXPECT_THAT(Lines(Checked(c.snapshot())),
              ElementsAre("add new-1 like a", "share new-1 2", "place dev-0 on new-1"));
}

TEST(Share, AsManySharesAsAreAskedFor) {
  Cluster c;
  c.Node("a", 2);
  for (int i = 0; i < 5; ++i) c.Pod("x-" + std::to_string(i), "nvidia.com/gpu.shared");
  EXPECT_EQ(Lines(Checked(c.snapshot())).front(), "share a 3");
}

TEST(Share, MemoryThatIsKnownNotToFitIsNotPutTogether) {
  Cluster c;
  c.Node("a", 1);
  for (int i = 0; i < 3; ++i) {
    c.Pod("x-" + std::to_string(i), "nvidia.com/gpu.shared").annotations = {
        {"tangram.dev/gpu-memory", "15Gi"}};
  }
  PlanPolicy policy;
  policy.most_new_nodes = 0;
  const Plan plan = Checked(c.snapshot(), policy);
  EXPECT_THAT(Lines(plan), ElementsAre("share a 2", "place x-0 on a", "place x-1 on a"));
  EXPECT_EQ(WaitsFor(plan, "x-2"), "NoRoom");
  ASSERT_TRUE(plan.actions[1].gpu_memory);
  EXPECT_EQ(*plan.actions[1].gpu_memory,
            (MemoryShare{base::MiB(40'960), base::MiB(20'480), false}));
}

TEST(Share, SaysWhatOfThoseWhoShareKeepsItOff) {
  Cluster c;
  Cluster::Share(c.Node("a", 1), 12);
  c.Pod("there-0", "nvidia.com/gpu.shared", 1, "a").annotations = {
      {"tangram.dev/gpu-memory", "30Gi"}};
  c.Pod("large-0", "nvidia.com/gpu.shared").annotations = {{"tangram.dev/gpu-memory", "15Gi"}};
  c.Pod("quick-0", "nvidia.com/gpu.shared").labels = {{"tangram.dev/latency", "Sensitive"}};
  PlanPolicy policy;
  policy.most_new_nodes = 0;
  const Plan plan = Checked(c.snapshot(), policy);
  ASSERT_EQ(plan.waiting.size(), 2U);
  EXPECT_EQ(WaitsFor(plan, "large-0"), "NoRoom");
  EXPECT_EQ(plan.waiting[0].why,
            "1 node has shares free, but a device has not the memory for all who would share it");
  EXPECT_EQ(plan.waiting[1].why,
            "1 node has shares free, but a latency to keep allows 7 shares of a device, and there "
            "are 12");
}

TEST(Share, BesideAPodWithALatencyToKeepThereAreFewerThanEight) {
  Cluster c;
  c.Node("a", 1);
  for (int i = 0; i < 9; ++i) c.Pod("x-" + std::to_string(i), "nvidia.com/gpu.shared");
  PlanPolicy policy;
  policy.defaults.most_replicas = 48;
  policy.most_new_nodes = 0;
  EXPECT_EQ(Lines(Checked(c.snapshot(), policy)).front(), "share a 9");
  c.snapshot().pods[0].labels = {{"tangram.dev/latency", "Sensitive"}};
  const auto lines = Lines(Checked(c.snapshot(), policy));
  ASSERT_EQ(lines.size(), 8U) << "seven are placed";
  EXPECT_EQ(lines.front(), "share a 7");
}

TEST(Share, IsolationIsNotTradedAway) {
  Cluster c;
  c.Node("a", 1);
  c.Pod("x-0", "nvidia.com/gpu.shared").labels = {{"tangram.dev/isolation", "Hardware"}};
  const Plan plan = Checked(c.snapshot());
  EXPECT_EQ(WaitsFor(plan, "x-0"), "Isolation");
}

TEST(Share, OneWorkloadGetsMpsWhereTheNodeIsReadyForIt) {
  Cluster c;
  c.Node("a", 1).labels = {{"nvidia.com/mps.capable", "true"}};
  for (int i = 0; i < 3; ++i) c.Pod("x-" + std::to_string(i), "nvidia.com/gpu.shared");
  const Plan plan = Checked(c.snapshot());
  EXPECT_EQ(std::get<Reshare>(plan.actions[0].change).sharing, cluster::Sharing::kMps);
  c.snapshot().pods[0].owner.name = "other";
  const Plan mixed = Checked(c.snapshot());
  EXPECT_EQ(std::get<Reshare>(mixed.actions[0].change).sharing, cluster::Sharing::kTimeSlicing);
}

TEST(Share, SevenInstancesOfFourShares) {
  Cluster c;
  cluster::Node& node = c.Node("a", 1);
  node.cpu = base::MilliCpu(64'000);
  for (int i = 10; i < 39; ++i) {
    c.Pod("x-" + std::to_string(i), "nvidia.com/mig-1g.5gb.shared").labels = {
        {"tangram.dev/workload", "development"}};
  }
  PlanPolicy policy;
  policy.most_new_nodes = 0;
  const Plan plan = Checked(c.snapshot(), policy);
  const auto lines = Lines(plan);
  ASSERT_EQ(lines.size(), 30U) << "28 of the 29";
  EXPECT_EQ(lines[0], "cut a/0: 1g.5gb@0 1g.5gb@1 1g.5gb@2 1g.5gb@3 1g.5gb@4 1g.5gb@5 1g.5gb@6");
  EXPECT_EQ(lines[1], "share a 4");
  EXPECT_EQ(std::get<Reshare>(plan.actions[1].change).profile, "1g.5gb");
  EXPECT_EQ(plan.actions[1].needs, std::vector<int>{0});
}

TEST(Share, SharesAreAddedUnderRunningPods) {
  Cluster c;
  Cluster::Share(c.Node("a", 1), 2);
  c.Pod("dev-0", "nvidia.com/gpu.shared", 1, "a");
  c.Pod("dev-1", "nvidia.com/gpu.shared", 1, "a");
  c.Pod("dev-2", "nvidia.com/gpu.shared");
  EXPECT_THAT(Lines(Checked(c.snapshot())), ElementsAre("share a 3", "place dev-2 on a"));
}

// ---- memory pressure ----

// Node `a` of one card (40 GiB) in `replicas` shares, of which `pods` are held; together they used
// `gib` at most.
Cluster Pressed(int replicas, int pods, std::int64_t gib) {
  Cluster c;
  Cluster::Share(c.Node("a", 1), replicas);
  for (int i = 0; i < pods; ++i) {
    const cluster::Pod& pod = c.Pod("dev-" + std::to_string(i), "nvidia.com/gpu.shared", 1, "a");
    c.snapshot().nodes[0].gpus[0].holders.push_back({pod.ns, pod.name});
    c.Seen(pod, 0, 0).memory_max = base::MiB(1'024) * gib;
  }
  return c;
}

TEST(Relieve, SharesThatMemoryHasNoRoomForGo) {
  Cluster c = Pressed(6, 4, 36);
  const Plan plan = Checked(c.snapshot());
  EXPECT_THAT(Lines(plan), ElementsAre("share a 4"));
  EXPECT_EQ(plan.actions[0].pass, Pass::kShare);
  EXPECT_EQ(plan.actions[0].reason, "36.0 of 40.0 GiB are used, and one more would not fit");
  EXPECT_THAT(plan.actions[0].disturbs, IsEmpty());
}

TEST(Relieve, WhereOneMoreFitsNothingGoes) {
  EXPECT_THAT(Lines(Checked(Pressed(4, 2, 25).snapshot())), IsEmpty()) << "though two would not";
  PlanPolicy policy;
  policy.defaults.give_back = false;
  EXPECT_THAT(Lines(Checked(Pressed(4, 0, 0).snapshot(), policy)), IsEmpty());
}

TEST(Relieve, NoFewerThanPodsHold) {
  EXPECT_THAT(Lines(Checked(Pressed(4, 3, 39).snapshot())), ElementsAre("share a 3"));
  EXPECT_THAT(Lines(Checked(Pressed(4, 4, 39).snapshot())), IsEmpty());
}

TEST(Relieve, NoFewerThanTwo) {
  EXPECT_THAT(Lines(Checked(Pressed(4, 1, 39).snapshot())), ElementsAre("share a 2"))
      << "what is not shared has another name";
  EXPECT_THAT(Lines(Checked(Pressed(2, 1, 39).snapshot())), IsEmpty());
}

TEST(Relieve, OnlyWhereItMay) {
  const auto lines = [](auto change) {
    Cluster c = Pressed(4, 2, 32);
    PlanPolicy policy;
    change(c, policy);
    return Lines(Checked(c.snapshot(), policy));
  };
  EXPECT_THAT(lines([](Cluster&, PlanPolicy& policy) {
                policy.defaults.sharing = cluster::Sharing::kNone;
              }),
              IsEmpty());
  EXPECT_THAT(lines([](Cluster&, PlanPolicy& policy) { policy.defaults.mode = Mode::kObserve; }),
              IsEmpty());
  EXPECT_THAT(lines([](Cluster& c, PlanPolicy&) {
                c.snapshot().nodes[0].gpus[0].sharing = cluster::Sharing::kMps;
              }),
              IsEmpty())
      << "its daemon would restart";
  EXPECT_THAT(lines([](Cluster& c, PlanPolicy&) { c.snapshot().usage.reset(); }), IsEmpty());
}

// Where nobody says which device each pod holds, all might be on one.
TEST(Relieve, AsFarAsItIsKnownWhoHoldsWhat) {
  Cluster c;
  Cluster::Share(c.Node("a", 2), 4);
  for (int i = 0; i < 3; ++i) {
    const cluster::Pod& pod = c.Pod("dev-" + std::to_string(i), "nvidia.com/gpu.shared", 1, "a");
    c.Seen(pod, 0, 0).memory_max = base::MiB(1'024) * 39;
  }
  EXPECT_THAT(Lines(Checked(c.snapshot())), ElementsAre("share a 3"));
}

TEST(Relieve, ANodeThatThePlanChangesWaitsForTheNext) {
  Cluster c = Pressed(4, 2, 32);
  c.Pod("comes-0", "nvidia.com/gpu.shared");
  EXPECT_THAT(Lines(Checked(c.snapshot())), ElementsAre("place comes-0 on a"));
}

TEST(Scale, SpotOnlyForPodsThatSayThatTheyMayBeInterrupted) {
  Cluster c;
  c.Node("a", 1).price->spot_rate = base::MicroUsdPerHour(400'000);
  c.Pod("held-0", kGpu, 1, "a");
  c.Pod("x-0", kGpu).labels = {{"tangram.dev/interruptible", "true"}};
  c.Pod("y-0", kGpu);
  const Plan plan = Checked(c.snapshot());
  ASSERT_EQ(plan.actions.size(), 4U);
  EXPECT_EQ(std::get<AddNode>(plan.actions[0].change).capacity, cluster::CapacityType::kSpot);
  EXPECT_EQ(plan.actions[0].rate_after, base::MicroUsdPerHour(400'000));
  EXPECT_EQ(std::get<AddNode>(plan.actions[2].change).capacity, cluster::CapacityType::kUnknown);
  PlanPolicy never;
  never.defaults.spot = false;
  EXPECT_EQ(Checked(c.snapshot(), never).actions[0].rate_after, base::MicroUsdPerHour(1'000'000));
}

}  // namespace
}  // namespace tangram::plan

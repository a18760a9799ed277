// What the ready pass does: instances that pools keep free.
#include <gmock/gmock.h>

#include "plan/plan.h"
#include "plan/plan_lines_testing.h"
#include "plan/plan_testing.h"

namespace tangram::plan {
namespace {

using namespace std::chrono_literals;
using testing::Checked;
using testing::Cluster;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using testing::Lines;

constexpr const char* kGpu = "nvidia.com/gpu";

// One pool of every node; nodes are not given back, but where a test says so.
PlanPolicy Keeping(std::vector<ReadyInstances> ready) {
  PlanPolicy policy;
  Pool& pool = policy.pools.emplace_back();
  pool.name = "all";
  pool.policy.give_back = false;
  pool.ready = std::move(ready);
  return policy;
}

TEST(Ready, InstancesAreMadeForNobodyYet) {
  Cluster c;
  c.Node("a", 1);
  const Plan plan = Checked(c.snapshot(), Keeping({{"2g.10gb", 2}}));
  EXPECT_THAT(Lines(plan), ElementsAre("cut a/0: 2g.10gb@0 2g.10gb@2"));
  EXPECT_EQ(plan.actions[0].pass, Pass::kReady);
  EXPECT_EQ(plan.actions[0].reason, "kept ready for new pods");
  EXPECT_THAT(plan.actions[0].disturbs, IsEmpty());
  EXPECT_THAT(plan.certificates, IsEmpty());
}

TEST(Ready, WhatIsFreeCounts) {
  Cluster c;
  Cluster::Cut(c.Node("a", 2), 0, {{"2g.10gb", 0}, {"2g.10gb", 2}});
  EXPECT_THAT(Lines(Checked(c.snapshot(), Keeping({{"2g.10gb", 2}}))), IsEmpty());
  c.Pod("held-0", "nvidia.com/mig-2g.10gb", 1, "a");
  EXPECT_THAT(Lines(Checked(c.snapshot(), Keeping({{"2g.10gb", 2}}))),
              ElementsAre("cut a/0: 2g.10gb@0 2g.10gb@2 2g.10gb@4"));
}

TEST(Ready, WhoWaitsComesFirst) {
  Cluster c;
  c.Node("a", 1);
  for (const char* name : {"s-0", "s-1", "s-2"}) c.Pod(name, "nvidia.com/mig-2g.10gb");
  const Plan plan = Checked(c.snapshot(), Keeping({{"2g.10gb", 1}}));
  EXPECT_THAT(Lines(plan), ElementsAre("cut a/0: 2g.10gb@0 2g.10gb@2 2g.10gb@4", "place s-0 on a",
                                       "place s-1 on a", "place s-2 on a"));
  ASSERT_EQ(plan.certificates.size(), 2U);
  EXPECT_EQ(plan.certificates[1].what, "instances that GpuPool all should keep ready");
  EXPECT_EQ(plan.certificates[1].value, 1);
  EXPECT_EQ(plan.certificates[1].bound, 1) << "and no plan could do better";
}

TEST(Ready, EarlierEntriesComeFirst) {
  Cluster c;
  c.Node("a", 1);
  EXPECT_THAT(Lines(Checked(c.snapshot(), Keeping({{"4g.20gb", 1}, {"3g.20gb", 2}}))),
              ElementsAre("cut a/0: 4g.20gb@0 3g.20gb@4"));
  EXPECT_THAT(Lines(Checked(c.snapshot(), Keeping({{"3g.20gb", 2}, {"4g.20gb", 1}}))),
              ElementsAre("cut a/0: 3g.20gb@0 3g.20gb@4"));
}

TEST(Ready, NobodyMovesForThem) {
  Cluster c;
  for (const char* name : {"a", "b"}) {
    Cluster::Cut(c.Node(name, 1), 0, {{"3g.20gb", 0}});
    cluster::Pod& pod = c.Pod(std::string("web-") + name, "nvidia.com/mig-3g.20gb", 1, name);
    c.Seen(pod, 0, 1);
  }
  PlanPolicy policy = Keeping({{"7g.40gb", 1}});
  policy.pools[0].policy.moves = Moves::kControlled;
  policy.on[static_cast<std::size_t>(Pass::kConsolidate)] = false;
  EXPECT_THAT(Lines(Checked(c.snapshot(), policy)), IsEmpty());
}

TEST(Ready, OnlyOnNodesOfThePool) {
  Cluster c;
  c.Node("a", 4).labels = {{"team", "x"}};
  c.Node("b", 1).labels = {{"team", "y"}};
  PlanPolicy policy = Keeping({{"3g.20gb", 3}});
  policy.defaults.give_back = false;
  policy.pools[0].selector = {{"team", "y"}};
  EXPECT_THAT(Lines(Checked(c.snapshot(), policy)), ElementsAre("cut b/0: 3g.20gb@0 3g.20gb@4"));
}

TEST(Ready, WhateverTaintKeepsOthersOff) {
  Cluster c;
  c.Node("a", 1).taints = {{"nvidia.com/gpu", "present", "NoSchedule"}};
  EXPECT_THAT(Lines(Checked(c.snapshot(), Keeping({{"3g.20gb", 1}}))),
              ElementsAre("cut a/0: 3g.20gb@4"));
}

TEST(Ready, AsThePolicyLetsLayoutsChange) {
  const auto lines = [](auto change) {
    Cluster c;
    c.Node("a", 1);
    c.Node("b", 2);
    c.Pod("held-0", kGpu, 1, "b");
    PlanPolicy policy = Keeping({{"7g.40gb", 3}});
    change(policy.pools[0]);
    return Lines(Checked(c.snapshot(), policy));
  };
  EXPECT_THAT(lines([](Pool&) {}), ElementsAre("cut a/0: 7g.40gb@0", "cut b/1: 7g.40gb@0"));
  EXPECT_THAT(lines([](Pool& pool) { pool.policy.mode = Mode::kObserve; }), IsEmpty());
  EXPECT_THAT(lines([](Pool& pool) { pool.policy.mig = MigBackend::kNone; }), IsEmpty());
  EXPECT_THAT(lines([](Pool& pool) { pool.policy.mig = MigBackend::kMigManager; }),
              ElementsAre("cut a/0: 7g.40gb@0"))
      << "a pod runs on the other";
  EXPECT_THAT(lines([](Pool& pool) { pool.policy.profiles = {"1g.5gb"}; }), IsEmpty());
  EXPECT_EQ(lines([](Pool& pool) { pool.most_recut_nodes = 1; }).size(), 1U);
}

TEST(Ready, OnlyInItsHours) {
  Cluster c;  // at noon
  c.Node("a", 1);
  const auto lines = [&](std::chrono::minutes start) {
    return Lines(Checked(c.snapshot(), Keeping({{.profile = "7g.40gb",
                                                 .hours = {{.start = start, .duration = 1h}}}})));
  };
  EXPECT_THAT(lines(12h), ElementsAre("cut a/0: 7g.40gb@0"));
  EXPECT_THAT(lines(13h), IsEmpty());
}

TEST(Ready, EmptyNodesThatHoldThemStay) {
  Cluster c;
  for (const char* name : {"a", "b"}) {
    Cluster::Cut(c.Node(name, 1), 0, {{"3g.20gb", 0}, {"3g.20gb", 4}});
  }
  PlanPolicy policy = Keeping({{"3g.20gb", 2}});
  policy.pools[0].policy.give_back = true;
  EXPECT_THAT(Lines(Checked(c.snapshot(), policy)), ElementsAre("give back b"));
  policy.pools[0].ready[0].free = 3;
  EXPECT_THAT(Lines(Checked(c.snapshot(), policy)), IsEmpty());
  policy.pools[0].ready.clear();
  EXPECT_THAT(Lines(Checked(c.snapshot(), policy)), ElementsAre("give back a", "give back b"));
}

// Pods would be moved off a node that stays for what is kept there.
TEST(Ready, NodesThatHoldThemAreNotEmptied) {
  Cluster c;
  for (const char* name : {"a", "b"}) {
    Cluster::Cut(c.Node(name, 1), 0, {{"3g.20gb", 0}, {"2g.10gb", 4}});
    cluster::Pod& pod = c.Pod(std::string("web-") + name, "nvidia.com/mig-2g.10gb", 1, name);
    pod.ready = true;
  }
  Cluster::Cut(c.Node("c", 1), 0, {{"2g.10gb", 0}, {"2g.10gb", 2}, {"3g.20gb", 4}});
  c.Pod("stays-0", "nvidia.com/mig-3g.20gb", 1, "c");
  PlanPolicy policy = Keeping({});
  policy.pools[0].policy.give_back = true;
  policy.pools[0].policy.moves = Moves::kControlled;
  EXPECT_THAT(Lines(Checked(c.snapshot(), policy)),
              ElementsAre("move web-a from a to c", "move web-b from b to c", "give back a",
                          "give back b"));
  policy.pools[0].ready = {{.profile = "3g.20gb", .free = 1}};
  EXPECT_THAT(Lines(Checked(c.snapshot(), policy)),
              ElementsAre("move web-b from b to c", "give back b"));
}

// Where it is not known where instances stand, what the node says it has free counts.
TEST(Ready, WhatNobodyKnowsWhereItStandsCountsToo) {
  Cluster c;
  cluster::Node& node = c.Node("a", 1);
  Cluster::Cut(node, 0, {{"3g.20gb", 0}, {"3g.20gb", 4}});
  for (cluster::Instance& one : node.gpus[0].instances) one.start.reset();
  PlanPolicy policy = Keeping({{"3g.20gb", 2}});
  policy.pools[0].policy.give_back = true;
  EXPECT_THAT(Lines(Checked(c.snapshot(), policy)), IsEmpty());
}

}  // namespace
}  // namespace tangram::plan

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

// ---- what is expected ----

// What pool `all` wanted of a profile: `peak` of each hour of some weeks up to the snapshot.
template <class Peak>
void Wanted(Cluster& c, const std::string& profile, int weeks, Peak peak) {
  cluster::Snapshot& snapshot = c.snapshot();
  const auto from = snapshot.taken_at - std::chrono::weeks(weeks);
  cluster::Demand& row = snapshot.demand.emplace_back(cluster::Demand{"all", profile, from, {}});
  for (Hour hour = HourOf(from); hour < HourOf(snapshot.taken_at); ++hour) {
    row.peaks.push_back(peak(hour));
  }
}

PlanPolicy Expecting(base::Milliseconds ahead = 30min) {
  PlanPolicy policy = Keeping({});
  policy.pools[0].forecast = {.ahead = ahead};
  return policy;
}

// At the hour that begins at 13:00; it is noon.
std::int64_t AtOne(Hour hour, std::int64_t count) { return hour % 24 == 13 ? count : 0; }

TEST(Expected, InstancesAreMadeBeforeTheirHour) {
  Cluster c;
  c.Node("a", 2);
  Wanted(c, "3g.20gb", 8, [](Hour hour) { return AtOne(hour, 3); });
  EXPECT_THAT(Lines(Checked(c.snapshot(), Expecting(30min))), IsEmpty()) << "too early";
  const Plan plan = Checked(c.snapshot(), Expecting(60min));
  EXPECT_THAT(Lines(plan), ElementsAre("cut a/0: 3g.20gb@0 3g.20gb@4", "cut a/1: 3g.20gb@4"));
  EXPECT_EQ(plan.actions[0].pass, Pass::kReady);
  EXPECT_EQ(plan.actions[0].reason, "3 of 3g.20gb expected until 2026-11-21T13:00:00Z (88 % sure)");
}

TEST(Expected, WhatPodsHoldAlreadyCounts) {
  Cluster c;
  Cluster::Cut(c.Node("a", 2), 0, {{"3g.20gb", 0}, {"3g.20gb", 4}});
  Wanted(c, "3g.20gb", 8, [](Hour) { return 3; });
  c.Pod("held-0", "nvidia.com/mig-3g.20gb", 1, "a");
  c.Pod("comes-0", "nvidia.com/mig-3g.20gb");
  EXPECT_THAT(Lines(Checked(c.snapshot(), Expecting())),
              ElementsAre("place comes-0 on a", "cut a/1: 3g.20gb@4"));
}

TEST(Expected, BeyondWhatIsKeptAnyway) {
  Cluster c;
  c.Node("a", 4);
  Wanted(c, "7g.40gb", 8, [](Hour) { return 3; });
  PlanPolicy policy = Expecting();
  policy.pools[0].ready = {{.profile = "7g.40gb", .free = 2}};
  EXPECT_EQ(Lines(Checked(c.snapshot(), policy)).size(), 3U) << "not 5";
}

TEST(Expected, NoMoreThanThePromiseAsksFor) {
  Cluster c;
  c.Node("a", 8);
  int week = 0;
  Wanted(c, "7g.40gb", 8, [&](Hour hour) -> std::int64_t {
    if (hour % (7 * 24) != HourOf(c.snapshot().taken_at) % (7 * 24)) return 0;
    return week++ % 4 == 0 ? 6 : 2;  // two of eight weeks
  });
  PlanPolicy policy = Expecting();
  EXPECT_EQ(Lines(Checked(c.snapshot(), policy)).size(), 6U);
  policy.pools[0].forecast->promise = base::PartsPerMillion(600'000);
  EXPECT_EQ(Lines(Checked(c.snapshot(), policy)).size(), 2U);
}

TEST(Expected, OfThisPoolAlone) {
  Cluster c;
  c.Node("a", 1);
  Wanted(c, "7g.40gb", 8, [](Hour) { return 1; });
  c.snapshot().demand.begin()->pool = "another";
  EXPECT_THAT(Lines(Checked(c.snapshot(), Expecting())), IsEmpty());
}

TEST(Expected, NeverMoreThanThePoolCouldHold) {
  Cluster c;
  c.Node("a", 1);
  Wanted(c, "3g.20gb", 1, [](Hour) { return 1'000'000'000'000; });
  PlanPolicy policy = Expecting();
  const Plan plan = Checked(c.snapshot(), policy);
  EXPECT_THAT(Lines(plan), ElementsAre("cut a/0: 3g.20gb@0 3g.20gb@4"));
  EXPECT_THAT(plan.certificates, IsEmpty()) << "and none is missing";
  policy.pools[0].policy.profiles = {"1g.5gb"};
  EXPECT_THAT(Lines(Checked(c.snapshot(), policy)), IsEmpty());
}

TEST(Expected, NothingIsKnownOfProfilesThatNobodyHas) {
  Cluster c;
  c.Node("a", 1);
  Wanted(c, "9g.99gb", 8, [](Hour) { return 5; });
  EXPECT_THAT(Lines(Checked(c.snapshot(), Expecting())), IsEmpty());
}

}  // namespace
}  // namespace tangram::plan

// Stories of pools: what is done to a node goes by the policy of the pool that selects it.
#include "plan/policy.h"

#include <gmock/gmock.h>

#include <algorithm>

#include "plan/plan_testing.h"
#include "plan/validate.h"

namespace tangram::plan {
namespace {

using ::testing::AllOf;
using testing::Cluster;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr const char* kGpu = "nvidia.com/gpu";
constexpr const char* kShare = "nvidia.com/gpu.shared";

// Two nodes of each pool, "a-0", "a-1", "b-0", "b-1".
Cluster TwoPools(int gpus) {
  Cluster c;
  for (const char* name : {"a-0", "a-1", "b-0", "b-1"}) {
    cluster::Node& node = c.Node(name, gpus);
    node.labels = {{"pool", std::string(1, name[0])}};
    node.pool = std::string(1, name[0]);
  }
  return c;
}

Pool PoolNamed(const std::string& name) {
  return {.name = name, .selector = {{"pool", name}}, .policy = {}};
}

Plan Checked(Cluster& c, const PlanPolicy& policy) {
  cluster::Normalize(c.snapshot());
  EXPECT_TRUE(CheckPools(policy, c.snapshot()));
  Plan plan = MakePlan(c.snapshot(), policy);
  EXPECT_THAT(Validate(plan, c.snapshot(), policy), IsEmpty());
  return plan;
}

template <class Kind>
std::vector<Kind> All(const Plan& plan) {
  std::vector<Kind> found;
  for (const Action& action : plan.actions) {
    if (const auto* change = std::get_if<Kind>(&action.change)) found.push_back(*change);
  }
  return found;
}

TEST(Pools, ObservedNodesOnlyGetPodsThatFitNow) {
  Cluster c = TwoPools(1);
  c.Pod("fits-0", kGpu, 1);
  c.Pod("shares-0", kShare, 1);
  c.Pod("slices-0", "nvidia.com/mig-1g.5gb", 1);
  c.Pod("there-0", kGpu, 1, "b-0");
  PlanPolicy policy;
  policy.defaults.moves = Moves::kControlled;
  for (const char* name : {"a", "b"}) {
    policy.pools.push_back(PoolNamed(name));
    policy.pools.back().policy = policy.defaults;
    policy.pools.back().policy.mode = Mode::kObserve;
  }
  const Plan plan = Checked(c, policy);
  ASSERT_EQ(plan.actions.size(), 1U);
  EXPECT_EQ(All<PlacePod>(plan).front().pod.name, "fits-0");
  ASSERT_EQ(plan.waiting.size(), 2U);
  EXPECT_EQ(plan.waiting[0].reason, WaitReason::kNotAllowed);
  EXPECT_THAT(plan.waiting[0].why, HasSubstr("sharing cards in GpuPool a, b"));
  EXPECT_THAT(plan.waiting[1].why, HasSubstr("cutting cards in GpuPool a, b"));
}

TEST(Pools, NothingMovesToAnObservedNode) {
  Cluster c = TwoPools(2);
  for (const char* node : {"a-0", "a-1", "b-0"}) {
    c.Pod(std::string("web-") + node, kGpu, 1, node).owner = {"Deployment", "web"};
  }
  PlanPolicy policy;
  policy.defaults.moves = Moves::kReplicated;
  EXPECT_EQ(All<MovePod>(Checked(c, policy)).size(), 1U) << "b-0 has one free card for a-0's pod";
  policy.pools = {PoolNamed("a"), PoolNamed("b")};
  policy.pools[0].policy.moves = Moves::kReplicated;
  policy.pools[1].policy.mode = Mode::kObserve;
  const auto moves = All<MovePod>(Checked(c, policy));
  ASSERT_EQ(moves.size(), 1U);
  EXPECT_EQ(moves.front().to, "a-1");
}

TEST(Pools, CardsAreCutWhereTheProfileIsAllowed) {
  Cluster c = TwoPools(1);
  c.Pod("x-0", "nvidia.com/mig-3g.20gb", 1);
  PlanPolicy policy;
  policy.pools = {PoolNamed("a"), PoolNamed("b")};
  policy.pools[0].policy.profiles = {"1g.5gb", "2g.10gb"};
  policy.pools[1].policy.profiles = {"3g.20gb"};
  EXPECT_EQ(All<Repartition>(Checked(c, policy)).front().node, "b-0");
  policy.pools[1].policy.profiles = {"7g.40gb"};
  const Plan plan = Checked(c, policy);
  EXPECT_THAT(All<Repartition>(plan), IsEmpty());
  EXPECT_THAT(plan.waiting.front().why, HasSubstr("cutting cards in GpuPool a, b"));
}

TEST(Pools, LayoutsChangeOnNoMoreNodesThanAllowed) {
  Cluster c = TwoPools(1);
  for (int i = 0; i < 4; ++i) c.Pod("x-" + std::to_string(i), "nvidia.com/mig-7g.40gb", 1);
  PlanPolicy policy;
  policy.pools = {PoolNamed("a"), PoolNamed("b")};
  policy.pools[0].most_recut_nodes = 1;
  const auto cuts = All<Repartition>(Checked(c, policy));
  EXPECT_EQ(cuts.size(), 3U) << "one in a, two in b";
  policy.pools[0].most_recut_nodes = 0;
  policy.pools[1].policy.mig = MigBackend::kNone;
  EXPECT_THAT(All<Repartition>(Checked(c, policy)), IsEmpty());
}

TEST(Pools, CardsAreSharedInTheirWay) {
  Cluster c = TwoPools(1);
  c.Pod("x-0", kShare, 1);
  PlanPolicy policy;
  policy.pools = {PoolNamed("a"), PoolNamed("b")};
  policy.pools[0].policy.sharing = cluster::Sharing::kNone;
  policy.pools[1].policy.sharing = cluster::Sharing::kMps;
  policy.pools[1].policy.most_replicas = 8;
  EXPECT_EQ(All<Reshare>(Checked(c, policy)).front(),
            (Reshare{"b-0", cluster::Sharing::kMps, 1, 2}));
}

TEST(Pools, SharedNodesAreNotSharedInAnotherWay) {
  Cluster c;
  cluster::Node& node = c.Node("a-0", 1);
  node.labels = {{"pool", "a"}};
  Cluster::Share(node, 2);
  for (int i = 0; i < 3; ++i) c.Pod("x-" + std::to_string(i), kShare, 1);
  PlanPolicy policy;
  policy.most_new_nodes = 0;
  policy.pools = {PoolNamed("a")};
  EXPECT_EQ(All<Reshare>(Checked(c, policy)).size(), 1U);
  policy.pools[0].policy.sharing = cluster::Sharing::kMps;
  EXPECT_THAT(All<Reshare>(Checked(c, policy)), IsEmpty());
}

TEST(Pools, NodesComeAndGoWithinTheirBounds) {
  Cluster c = TwoPools(1);
  c.Pod("there-0", kGpu, 1, "b-0");
  c.Pod("there-1", kGpu, 1, "b-1");
  PlanPolicy policy;
  policy.pools = {PoolNamed("a"), PoolNamed("b")};
  EXPECT_EQ(All<GiveBack>(Checked(c, policy)).size(), 2U);
  policy.pools[0].least_nodes = 1;
  EXPECT_EQ(All<GiveBack>(Checked(c, policy)), std::vector{GiveBack{"a-0"}});
  policy.pools[0].policy.give_back = false;
  EXPECT_THAT(All<GiveBack>(Checked(c, policy)), IsEmpty());

  for (int i = 0; i < 6; ++i) {
    c.Pod("new-" + std::to_string(i), kGpu, 1).node_selector = {{"pool", "b"}};
  }
  EXPECT_EQ(All<AddNode>(Checked(c, policy)).size(), 6U);
  policy.pools[1].most_new_nodes = 3;
  EXPECT_EQ(All<AddNode>(Checked(c, policy)).size(), 3U);
  policy.pools[1].most_nodes = 4;
  EXPECT_EQ(All<AddNode>(Checked(c, policy)).size(), 2U) << "two are there";
  policy.pools[1].policy.mode = Mode::kObserve;
  EXPECT_THAT(All<AddNode>(Checked(c, policy)), IsEmpty());
}

TEST(Pools, APoolThatMayNotShrinkIsNotEmptied) {
  Cluster c = TwoPools(2);
  c.Pod("web-0", kGpu, 1, "a-0");
  c.Pod("web-1", kGpu, 1, "a-1");
  PlanPolicy policy;
  policy.pools = {PoolNamed("a")};
  policy.pools[0].policy.moves = Moves::kReplicated;
  EXPECT_EQ(All<MovePod>(Checked(c, policy)).size(), 1U);
  policy.pools[0].least_nodes = 2;
  EXPECT_THAT(All<MovePod>(Checked(c, policy)), IsEmpty());
}

TEST(Pools, NoTwoSelectTheSameNode) {
  Cluster c = TwoPools(1);
  cluster::Normalize(c.snapshot());
  PlanPolicy policy;
  policy.pools = {PoolNamed("a"), PoolNamed("b")};
  EXPECT_TRUE(CheckPools(policy, c.snapshot()));
  policy.pools.push_back({.name = "all", .selector = {}, .policy = {}});
  const auto checked = CheckPools(policy, c.snapshot());
  ASSERT_FALSE(checked);
  EXPECT_THAT(checked.error().message,
              AllOf(HasSubstr("GpuPool a and GpuPool all both select node a-0")));
}

// Plans of one policy, held against another.
TEST(Pools, ValidationSeesWhatAPoolRulesOut) {
  Cluster c = TwoPools(1);
  c.Pod("share-0", kShare, 1).node_selector = {{"pool", "a"}};
  c.Pod("slice-0", "nvidia.com/mig-1g.5gb", 1).node_selector = {{"pool", "a"}};
  c.Pod("there-0", kGpu, 1, "b-0");
  for (int i = 0; i < 3; ++i) {
    c.Pod("big-" + std::to_string(i), kGpu, 1).node_selector = {{"pool", "b"}};
  }
  PlanPolicy policy;
  policy.pools = {PoolNamed("a"), PoolNamed("b")};
  const Plan plan = Checked(c, policy);
  const auto wrong = [&](auto change) {
    PlanPolicy other = policy;
    change(other.pools[0], other.pools[1]);
    std::string all;
    for (const std::string& what : Validate(plan, c.snapshot(), other)) all += what + "\n";
    return all;
  };
  EXPECT_EQ(wrong([](Pool&, Pool&) {}), "");
  const auto says = [](const char* what) { return HasSubstr(what); };
  EXPECT_THAT(wrong([](Pool& a, Pool&) { a.policy.mode = Mode::kObserve; }),
              says("GpuPool a only observes a-0"));
  EXPECT_THAT(wrong([](Pool& a, Pool&) { a.policy.mig = MigBackend::kNone; }),
              says("GpuPool a cuts no card"));
  EXPECT_THAT(wrong([](Pool& a, Pool&) { a.policy.profiles = {"2g.10gb"}; }),
              says("GpuPool a makes no 1g.5gb"));
  EXPECT_THAT(wrong([](Pool& a, Pool&) { a.most_recut_nodes = 0; }),
              says("the layout of more than 0 nodes of GpuPool a"));
  EXPECT_THAT(wrong([](Pool& a, Pool&) { a.policy.most_replicas = 1; }),
              says("it makes 2 shares of a card; GpuPool a allows 1"));
  EXPECT_THAT(wrong([](Pool& a, Pool&) { a.policy.sharing = cluster::Sharing::kMps; }),
              says("GpuPool a shares cards in another way"));
  EXPECT_THAT(wrong([](Pool&, Pool& b) { b.most_new_nodes = 1; }),
              says("more nodes than GpuPool b adds"));
  EXPECT_THAT(wrong([](Pool&, Pool& b) { b.most_nodes = 3; }),
              says("GpuPool b has 4 nodes then, more than 3"));
}

TEST(Pools, ValidationSeesWhatMayNotMoveOrGo) {
  Cluster c = TwoPools(2);
  c.Pod("web-0", kGpu, 1, "a-0");
  c.Pod("web-1", kGpu, 1, "a-1");
  PlanPolicy policy;
  policy.pools = {PoolNamed("a"), PoolNamed("b")};
  policy.pools[0].policy.moves = Moves::kReplicated;
  const Plan plan = Checked(c, policy);
  const auto wrong = [&](auto change) {
    PlanPolicy other = policy;
    change(other.pools[0], other.pools[1]);
    std::string all;
    for (const std::string& what : Validate(plan, c.snapshot(), other)) all += what + "\n";
    return all;
  };
  EXPECT_THAT(wrong([](Pool& a, Pool&) { a.policy.moves = Moves::kNone; }),
              HasSubstr("GpuPool a moves no pod"));
  EXPECT_THAT(wrong([](Pool&, Pool& b) { b.policy.give_back = false; }),
              HasSubstr("GpuPool b gives back no node"));
  EXPECT_THAT(wrong([](Pool&, Pool& b) { b.least_nodes = 1; }),
              HasSubstr("GpuPool b has fewer than 1 nodes then"));
  EXPECT_THAT(wrong([](Pool&, Pool& b) { b.policy.keep_empty = 1; }),
              HasSubstr("0 empty nodes are kept, of 1"));
}

}  // namespace
}  // namespace tangram::plan

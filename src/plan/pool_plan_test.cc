// Plans of single pools.
#include "plan/pool_plan.h"

#include <gmock/gmock.h>

#include <algorithm>
#include <map>

#include "base/sanitized_testing.h"
#include "cluster/testing/random_snapshot.h"
#include "plan/plan_lines_testing.h"
#include "plan/plan_testing.h"

namespace tangram::plan {
namespace {

using testing::Checked;
using testing::Cluster;
using ::testing::ElementsAre;
using testing::Lines;

Pool PoolFor(const std::string& name, Mode mode) {
  Pool pool{.name = name, .selector = {{"team", name}}, .policy = {}};
  pool.policy.mode = mode;
  return pool;
}

PlanPolicy TwoPools() {
  PlanPolicy policy;
  policy.pools = {PoolFor("blue", Mode::kRecommend), PoolFor("red", Mode::kAuto)};
  return policy;
}

TEST(PoolPlan, TouchesNoNodeOfOthers) {
  Cluster cluster;
  cluster.Node("b", 1).labels = {{"team", "blue"}};
  cluster.Node("nobody", 1);
  cluster.Node("r", 1).labels = {{"team", "red"}};
  const auto plan_of = [&](const char* pool) {
    return Lines(Checked(cluster.snapshot(), OnlyPool(TwoPools(), pool)));
  };
  EXPECT_THAT(plan_of("blue"), ElementsAre("give back b"));
  EXPECT_THAT(plan_of("red"), ElementsAre("give back r"));
  EXPECT_THAT(plan_of("green"), ElementsAre());
}

TEST(PoolPlan, PlacingIsLeftOutAndTheRestKeepsItsOrder) {
  Cluster cluster;
  cluster.Node("b", 1).labels = {{"team", "blue"}};
  cluster.Node("b-empty", 1).labels = {{"team", "blue"}};
  cluster.Pod("p", "nvidia.com/mig-3g.20gb");
  const Plan whole = Checked(cluster.snapshot(), OnlyPool(TwoPools(), "blue"));
  ASSERT_EQ(whole.actions.size(), 3U);
  const Plan proposed = WithoutGates(whole, Gates::kPlace);
  EXPECT_THAT(Lines(proposed), ElementsAre("cut b/0: 3g.20gb@4", "give back b-empty"));
  EXPECT_EQ(proposed.actions.back().id, 1);
  EXPECT_EQ(proposed.after, whole.after);
}

TEST(PoolPlan, ADigestIsOfWhatChangesAndNotOfWhatItSaves) {
  Plan plan;
  plan.actions = {{.id = 0, .pass = Pass::kScale, .change = GiveBack{"n"}}};
  const std::string digest = DigestOf(plan);
  EXPECT_EQ(digest.size(), 16U);
  Plan dearer = plan;
  dearer.actions[0].reason = "no pod is left on it";
  dearer.actions[0].rate_before = base::MicroUsdPerHour(7);
  dearer.after.waiting = 3;
  EXPECT_EQ(DigestOf(dearer), digest);
  Plan other = plan;
  other.actions[0].change = GiveBack{"m"};
  EXPECT_NE(DigestOf(other), digest);
  other.actions[0].change = AddNode{.node = "n", .like = "n"};
  EXPECT_NE(DigestOf(other), digest);
  // Names cannot run into each other.
  Plan ab = plan;
  ab.actions[0].change = MovePod{{"a", "b"}, "c", "d"};
  Plan abc = plan;
  abc.actions[0].change = MovePod{{"a", "bc"}, "", "d"};
  EXPECT_NE(DigestOf(ab), DigestOf(abc));
}

// The node whose policy says whether the action may be done.
std::string NodeChanged(const Change& change) {
  return std::visit(
      [](const auto& of) -> std::string {
        using Of = std::decay_t<decltype(of)>;
        if constexpr (std::is_same_v<Of, AddNode>) {
          return of.like;
        } else if constexpr (std::is_same_v<Of, MovePod> || std::is_same_v<Of, ResizePod>) {
          return of.from;
        } else {
          return of.node;
        }
      },
      change);
}

// For random clusters in two halves: the plan of a half is valid, and all it changes is there.
TEST(PoolPlanLaw, StaysWithinItsPool) {
  const std::uint64_t rounds = base::kSanitized ? 10 : 60;
  std::int64_t actions = 0;
  for (std::uint64_t seed = 0; seed < rounds; ++seed) {
    cluster::Snapshot snapshot = cluster::RandomSnapshot(seed, {.nodes = 12, .pods = 12});
    std::map<std::string, std::string> team_of;
    for (std::size_t n = 0; n < snapshot.nodes.size(); ++n) {
      cluster::Node& node = snapshot.nodes[n];
      std::erase_if(node.labels, [](const auto& label) { return label.first == "team"; });
      node.labels.emplace_back("team", n % 2 == 0 ? "blue" : "red");
      std::sort(node.labels.begin(), node.labels.end());
      team_of[node.name] = n % 2 == 0 ? "blue" : "red";
    }
    PlanPolicy policy = TwoPools();
    for (Pool& pool : policy.pools) {
      pool.policy.moves = Moves::kControlled;
      pool.policy.stop_idle = pool.policy.resize = pool.policy.preempt = true;
    }
    const Plan proposed = WithoutGates(Checked(snapshot, OnlyPool(policy, "blue")), Gates::kPlace);
    for (std::size_t i = 0; i < proposed.actions.size(); ++i) {
      const Action& action = proposed.actions[i];
      EXPECT_EQ(action.id, static_cast<int>(i));
      for (const int need : action.needs) EXPECT_LT(need, action.id) << seed;
      EXPECT_EQ(team_of[NodeChanged(action.change)], "blue") << seed << " action " << i;
    }
    actions += static_cast<std::int64_t>(proposed.actions.size());
  }
  EXPECT_GT(actions, 0) << "else the law is about nothing";
}

}  // namespace
}  // namespace tangram::plan

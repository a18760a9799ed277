// Stories of what stands on the cards before a plan and after it.
#include "plan/cards.h"

#include <gmock/gmock.h>

#include "plan/plan_testing.h"

namespace tangram::plan {
namespace {

using testing::Cluster;
using ::testing::IsEmpty;

std::vector<NodeChange> Changes(Cluster& c, const PlanPolicy& policy = {}) {
  cluster::Normalize(c.snapshot());
  return ChangesOf(MakePlan(c.snapshot(), policy), c.snapshot());
}

TEST(ChangesOf, ACutCardShowsItsInstancesAndWhoGetsThem) {
  Cluster c;
  c.Node("a", 2);
  c.Pod("there-0", "nvidia.com/gpu", 1, "a");
  c.Pod("new-0", "nvidia.com/mig-3g.20gb", 1);
  const auto changes = Changes(c);
  ASSERT_EQ(changes.size(), 1U);
  const NodeChange& node = changes.front();
  EXPECT_FALSE(node.exact) << "nobody says which card there-0 holds";
  ASSERT_EQ(node.cards.size(), 2U);
  EXPECT_EQ(node.cards[0].before, node.cards[0].after);
  EXPECT_EQ(node.cards[0].after.front().pod, (PodName{"ns", "there-0"}));
  EXPECT_EQ(node.cards[1].before.front(), CardSeat());
  ASSERT_EQ(node.cards[1].after.size(), 1U);
  const CardSeat& seat = node.cards[1].after.front();
  EXPECT_EQ(seat.profile, "3g.20gb");
  EXPECT_EQ(seat.memory_slices, 4);
  EXPECT_EQ(seat.pod, (PodName{"ns", "new-0"}));
}

TEST(ChangesOf, NodesThatComeAndGo) {
  Cluster c;
  c.Node("a", 1);
  cluster::Node& b = c.Node("b", 1);
  b.labels = {{"zone", "b"}};
  b.zone = "b";
  c.Pod("there-0", "nvidia.com/gpu", 1, "b");
  c.Pod("new-0", "nvidia.com/gpu", 1).node_selector = {{"zone", "b"}};
  const auto changes = Changes(c);
  ASSERT_EQ(changes.size(), 2U) << "b is as it was";
  EXPECT_TRUE(changes[0].given_back);
  EXPECT_THAT(changes[0].cards[0].after, IsEmpty());
  EXPECT_TRUE(changes[1].added);
  EXPECT_EQ(changes[1].name, "new-1");
  EXPECT_THAT(changes[1].cards[0].before, IsEmpty());
  EXPECT_EQ(changes[1].cards[0].after.front().pod, (PodName{"ns", "new-0"}));
}

TEST(ChangesOf, ASharedCardHasAShareForEach) {
  Cluster c;
  c.Node("a", 1);
  for (int i = 0; i < 3; ++i) c.Pod("x-" + std::to_string(i), "nvidia.com/gpu.shared", 1);
  const auto changes = Changes(c);
  ASSERT_EQ(changes.size(), 1U);
  const auto& after = changes[0].cards[0].after;
  ASSERT_EQ(after.size(), 3U);
  EXPECT_EQ(std::count_if(after.begin(), after.end(), [](const auto& seat) { return seat.pod; }),
            3);
  EXPECT_EQ(after[2].replica, 2);
}

TEST(ChangesOf, APodThatMovesLeavesItsSeat) {
  Cluster c;
  c.Node("a", 2);
  c.Node("b", 2);
  c.Pod("web-0", "nvidia.com/gpu", 1, "a");
  c.Pod("web-1", "nvidia.com/gpu", 1, "b");
  PlanPolicy policy;
  policy.defaults.moves = Moves::kReplicated;
  const auto changes = Changes(c, policy);
  ASSERT_EQ(changes.size(), 2U);
  EXPECT_TRUE(changes[0].given_back);
  EXPECT_EQ(changes[1].cards[0].after.front().pod, (PodName{"ns", "web-1"}));
  EXPECT_EQ(changes[1].cards[1].after.front().pod, (PodName{"ns", "web-0"}));
}

}  // namespace
}  // namespace tangram::plan

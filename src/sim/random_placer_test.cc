#include "sim/random_placer.h"

#include <gtest/gtest.h>

#include <map>

#include "plan/place/node_state_testing.h"

namespace tangram::sim {
namespace {

using plan::GpuSet;
using plan::NodeState;
using plan::Placement;
using plan::Shape;
using plan::testing::MakeNode;
using plan::testing::MakeShape;

TEST(RandomPlacer, DrawsNodesAndGpusEvenly) {
  std::map<std::pair<std::size_t, GpuSet>, int> drawn;
  const Shape half = MakeShape(1, 1, 500);
  for (std::uint64_t seed = 0; seed < 4000; ++seed) {
    RandomPlacer placer({MakeNode(8, 2), MakeNode(8, 0), MakeNode(8, 2)}, seed);
    const auto placement = placer.Place(half);
    ASSERT_TRUE(placement);
    ++drawn[{placement->node, placement->gpus}];
  }
  ASSERT_EQ(drawn.size(), 4U);  // two GPUs on each of two nodes
  for (const auto& [where, times] : drawn) EXPECT_NEAR(times, 1000, 110);  // 4 sd
}

TEST(RandomPlacer, CountsWhatItPlaced) {
  RandomPlacer placer({MakeNode(8, 2), MakeNode(8, 1)}, 1);
  const Shape whole = MakeShape(1, 1);
  for (int i = 0; i < 3; ++i) EXPECT_TRUE(placer.Place(whole));
  EXPECT_EQ(placer.Place(whole), std::nullopt);
  EXPECT_EQ(placer.Place(MakeShape(1, 1, 1)), std::nullopt);
  EXPECT_TRUE(placer.Place(MakeShape(1, 0)));
  EXPECT_EQ(FreeMilli(placer.nodes()[0]) + FreeMilli(placer.nodes()[1]), 0);
}

TEST(RandomPlacer, DependsOnTheSeedAlone) {
  const std::vector<NodeState> nodes(50, MakeNode(8, 4));
  const auto places = [&](std::uint64_t seed) {
    RandomPlacer placer(nodes, seed);
    std::vector<std::optional<Placement>> placements;
    for (int i = 0; i < 100; ++i) placements.push_back(placer.Place(MakeShape(1, 1, 300)));
    return placements;
  };
  EXPECT_EQ(places(4), places(4));
  EXPECT_NE(places(4), places(5));
}

}  // namespace
}  // namespace tangram::sim

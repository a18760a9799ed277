#include "plan/place/node_value.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "plan/place/node_state_testing.h"

namespace tangram::plan {
namespace {

using testing::MakeNode;
using testing::MakeShape;

// The node's knapsack: every way to place requests, one after the other.
double Best(const NodeState& node, std::span<const PricedShape> shapes) {
  double best = 0;
  for (std::size_t s = 0; s < shapes.size(); ++s) {
    const Shape& shape = shapes[s].shape;
    if (!Fits(node, shape)) continue;
    const auto rest = shapes.subspan(s);  // in the order of the list, so each set is seen once
    for (std::size_t gpu = 0; gpu < (shape.is_share() ? node.gpus : 1U); ++gpu) {
      if (shape.is_share() && node.free[gpu] < shape.share.value()) continue;
      const GpuSet gpus =
          shape.is_share() ? static_cast<GpuSet>(1U << gpu) : FirstIdle(node, shape.gpus);
      best = std::max(best, shapes[s].worth + Best(After(node, shape, gpus), rest));
    }
  }
  return best;
}

std::vector<PricedShape> RandomPrices(std::mt19937& random) {
  std::vector<PricedShape> shapes;
  for (int i = 0; i < 4; ++i) {
    const int gpus = std::vector{0, 1, 1, 2}[random() % 4];
    const int share = gpus == 1 && random() % 3 > 0 ? static_cast<int>(250 + random() % 600) : 1000;
    Shape shape = MakeShape(static_cast<int>(1 + random() % 4), gpus, share);
    if (random() % 5 == 0) shape.models = 0b10;
    shapes.push_back({shape, 1, 0.01 * static_cast<double>(random() % 150)});
    if (gpus == 0) shapes.back().worth = 0;
  }
  return shapes;
}

NodeState RandomNode(std::mt19937& random, int cores) {
  NodeState node = MakeNode(cores, static_cast<int>(random() % 3));
  for (std::size_t gpu = 0; gpu < node.gpus; ++gpu) {
    node.free[gpu] = static_cast<std::int16_t>(random() % 2 ? 1000 : random() % 1000);
  }
  return node;
}

TEST(NodeValueLaw, IsNotLessThanTheKnapsack) {
  for (unsigned seed = 0; seed < 300; ++seed) {
    std::mt19937 random(seed);
    const auto shapes = RandomPrices(random);
    const NodeState node = RandomNode(random, static_cast<int>(random() % 12));
    EXPECT_GE(NodeValue(shapes, 1).Of(node), Best(node, shapes) - 2e-4) << seed;
  }
}

TEST(NodeValueLaw, EqualsTheKnapsackWhereCpuIsPlenty) {
  for (unsigned seed = 0; seed < 300; ++seed) {
    std::mt19937 random(seed);
    const auto shapes = RandomPrices(random);
    const NodeState node = RandomNode(random, 60);
    EXPECT_NEAR(NodeValue(shapes, 1).Of(node), Best(node, shapes), 2e-4) << seed;
  }
}

TEST(NodeValue, LosesWithItsCpu) {
  const std::vector<PricedShape> shapes = {{MakeShape(4, 1), 1, 1.0}};
  const NodeValue value(shapes, 1);
  EXPECT_NEAR(value.Of(MakeNode(64, 8)), 8, 1e-3);
  EXPECT_LT(value.Of(MakeNode(16, 8)), 5);
  EXPECT_EQ(value.Of(MakeNode(0, 8)), 0);
}

TEST(NodeValue, KnowsTheModel) {
  Shape shape = MakeShape(1, 1);
  shape.models = ModelSet{1} << 63U;
  const std::vector<PricedShape> shapes = {{shape, 1, 1.0}};
  const NodeValue value(shapes, kMostModels);
  EXPECT_EQ(value.Of(MakeNode(64, 1, 62)), 0);
  EXPECT_NEAR(value.Of(MakeNode(64, 1, 63)), 1, 1e-4);
}

TEST(NodeValue, HoldsWhateverIsAsked) {
  NodeState huge = MakeNode(1'000'000, 16);
  for (std::size_t gpu = 0; gpu < 8; ++gpu) huge.free[gpu] = 999;
  const std::vector<PricedShape> dear = {{MakeShape(1, 1, 1), 1, 1e6}, {MakeShape(1, 1), 1, 1e9}};
  EXPECT_GT(NodeValue(dear, 1).Of(huge), 1000);
  EXPECT_EQ(NodeValue({}, 1).Of(huge), 0);
}

}  // namespace
}  // namespace tangram::plan

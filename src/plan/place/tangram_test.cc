#include <gtest/gtest.h>

#include "plan/place/node_state_testing.h"
#include "plan/place/placer.h"

namespace tangram::plan {
namespace {

using testing::MakeNode;
using testing::MakeShape;

// The ranks that requests go to, in turn; -1 for none.
std::vector<int> Ranks(const std::vector<NodeState>& nodes, const std::vector<Shape>& typical,
                       const std::vector<Shape>& asked) {
  const auto policy = MakeTangram(nodes, typical);
  Placer placer(nodes, *policy);
  std::vector<int> ranks;
  for (const Shape& shape : asked) {
    const auto placement = placer.Place(placer.Intern(shape));
    ranks.push_back(placement ? static_cast<int>(placement->node) : -1);
  }
  return ranks;
}

using Ints = std::vector<int>;

TEST(Tangram, FillsAHoleBeforeItOpensAGpu) {
  const Shape large = MakeShape(1, 1, 700);
  const Shape small = MakeShape(1, 1, 300);
  const std::vector<NodeState> nodes(3, MakeNode(96, 1));
  EXPECT_EQ(Ranks(nodes, {large, large, small}, {large, small, large, small}), (Ints{0, 0, 1, 1}));
}

TEST(Tangram, KeepsTheModelThatOthersHaveToHave) {
  const Shape any = MakeShape(1, 1);
  Shape old = any;
  old.models = 0b01;
  const std::vector<NodeState> nodes = {MakeNode(96, 1, 0), MakeNode(96, 1, 1)};
  EXPECT_EQ(Ranks(nodes, {any, old}, {any, old}), (Ints{1, 0}));
}

TEST(Tangram, KeepsTheNodeThatALargeRequestNeeds) {
  const Shape one = MakeShape(1, 1);
  const Shape eight = MakeShape(8, 8);
  std::vector<NodeState> nodes = {MakeNode(96, 8)};
  nodes.resize(5, MakeNode(24, 2));
  EXPECT_EQ(Ranks(nodes, {one, one, one, one, eight}, {one, one, one, eight}), (Ints{1, 1, 2, 0}));
}

// Either loses room for one request of four with its next GPU, the idle one room for eight besides.
TEST(Tangram, BreaksUpAHalfEmptyNodeBeforeAnIdleOne) {
  const Shape one = MakeShape(1, 1);
  const Shape four = MakeShape(1, 4);
  const Shape eight = MakeShape(1, 8);
  const std::vector<NodeState> nodes(2, MakeNode(96, 8));
  std::vector<Shape> typical(60, one);
  typical.insert(typical.end(), 4, four);
  typical.push_back(eight);
  EXPECT_EQ(Ranks(nodes, typical, {four, one, eight}), (Ints{0, 0, 1}));
}

TEST(Tangram, PlacesWhateverFitsOnWhateverCluster) {
  const Shape whole = MakeShape(1, 1);
  const Shape cpu = MakeShape(1, 0);
  EXPECT_EQ(Ranks({}, {whole}, {whole, cpu}), (Ints{-1, -1}));
  EXPECT_EQ(Ranks({MakeNode(8, 0)}, {whole}, {whole, cpu}), (Ints{-1, 0}));
  EXPECT_EQ(Ranks({MakeNode(8, 1)}, {}, {whole, cpu}), (Ints{0, 0}));
  EXPECT_EQ(Ranks({MakeNode(8, 1)}, {cpu}, {whole, cpu}), (Ints{0, 0}));
  EXPECT_EQ(Ranks({MakeNode(8, 16, 63)}, {whole}, {MakeShape(1, 16), whole}), (Ints{0, -1}));
  // A shape that was not among the typical ones, of a share that is no whole number of their steps.
  EXPECT_EQ(Ranks({MakeNode(8, 1)}, {MakeShape(1, 1, 500)}, {MakeShape(1, 1, 7)}), (Ints{0}));
  EXPECT_EQ(Ranks({MakeNode(8, 1)}, {MakeShape(1, 17)}, {MakeShape(1, 17), whole}), (Ints{-1, 0}));
}

}  // namespace
}  // namespace tangram::plan

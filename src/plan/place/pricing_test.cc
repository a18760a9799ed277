#include "plan/place/pricing.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "plan/place/node_state_testing.h"

namespace tangram::plan {
namespace {

using testing::MakeNode;
using testing::MakeShape;
using testing::RandomNodes;
using testing::RandomRequests;

std::vector<Shape> Times(std::vector<std::pair<int, Shape>> counts) {
  std::vector<Shape> requests;
  for (const auto& [times, shape] : counts) {
    requests.insert(requests.end(), static_cast<std::size_t>(times), shape);
  }
  return requests;
}

struct BoundCase {
  const char* name;
  std::vector<NodeState> nodes;
  std::vector<Shape> requests;
  double bound = 0;
};

// Worked by hand.
class BoundTest : public ::testing::TestWithParam<BoundCase> {};

TEST_P(BoundTest, IsTheOptimum) {
  EXPECT_NEAR(AllocationBound(GetParam().nodes, GetParam().requests), GetParam().bound, 1e-6);
}

const std::vector<NodeState> kTen(10, MakeNode(96, 1));

INSTANTIATE_TEST_SUITE_P(
    Programs, BoundTest,
    ::testing::ValuesIn(std::vector<BoundCase>{
        {"NoNodes", {}, {MakeShape(1, 1)}, 0},
        {"NoGpus", {MakeNode(8, 0)}, {MakeShape(1, 1), MakeShape(1, 0)}, 0},
        {"NoRequests", kTen, {}, 0},
        {"OnlyCpu", kTen, {MakeShape(1, 0)}, 0},
        {"NoMoreThanIsAskedFor", kTen, Times({{3, MakeShape(1, 1)}}), 0.3},
        {"OneLargeShareAGpu", kTen, Times({{20, MakeShape(1, 1, 600)}}), 0.6},
        {"HolesAreFilled", kTen, Times({{10, MakeShape(1, 1, 600)}, {10, MakeShape(1, 1, 400)}}),
         1},
        // Three of 333 go on one, though they are no round number.
        {"AThirdEach", kTen, Times({{30, MakeShape(1, 1, 333)}}), 0.999},
        {"AThousandthEach", {MakeNode(96, 1)}, Times({{9, MakeShape(0, 1, 1)}}), 0.009},
        // The shares could be stopped to leave whole GPUs, but one that fits is not refused: both
        // kinds are accepted to half the time, on a GPU each.
        {"TheSmallerIsAcceptedAsLong", kTen,
         Times({{10, MakeShape(1, 1, 810)}, {10, MakeShape(1, 1)}}), 0.905},
        // 96 cores a node hold two requests of 48.
        {"CpuRunsOut", {MakeNode(96, 4)}, Times({{4, MakeShape(48, 1)}}), 0.5},
        {"NoNodeHasTheCpu", {MakeNode(8, 1)}, Times({{4, MakeShape(9, 1)}}), 0},
        {"NoNodeHasTheGpus", {MakeNode(96, 8)}, Times({{4, MakeShape(1, 17)}}), 0},
        {"SixteenGpus", {MakeNode(96, 16)}, Times({{1, MakeShape(1, 16)}}), 1},
        {"OneRequestOfTwoOnOne", {MakeNode(96, 1)}, Times({{4, MakeShape(1, 2)}}), 0},
    }),
    [](const auto& bound) { return std::string(bound.param.name); });

double WorthOf(const std::vector<PricedShape>& prices, const Shape& shape) {
  const auto found = std::find_if(prices.begin(), prices.end(),
                                  [&](const PricedShape& price) { return price.shape == shape; });
  return found == prices.end() ? -1 : found->worth;
}

TEST(PriceRequests, AShareAloneIsWorthWhatItHolds) {
  const auto prices = PriceRequests(kTen, Times({{5, MakeShape(1, 1, 600)}}));
  ASSERT_EQ(prices.size(), 1U);
  EXPECT_NEAR(prices[0].worth, 0.6, 1e-6);
  EXPECT_NEAR(prices[0].expected, 10 / 0.6, 1e-6);  // as many GPUs as there are
}

TEST(PriceRequests, NothingIsLostByFillingAHoleThatStaysOpen) {
  const Shape large = MakeShape(1, 1, 700);
  const Shape small = MakeShape(1, 1, 300);
  const auto prices = PriceRequests(kTen, Times({{10, large}, {5, small}}));
  EXPECT_NEAR(WorthOf(prices, large), 0.7, 1e-6);
  EXPECT_NEAR(WorthOf(prices, small), 0, 1e-6);
}

TEST(PriceRequests, WhatNoNodeHostsHasNoPriceAndChangesNone) {
  const Shape hosted = MakeShape(1, 1);
  Shape elsewhere = MakeShape(1, 1);
  elsewhere.models = ModelSet{1} << 63U;
  const auto prices = PriceRequests(
      kTen,
      Times({{1, hosted}, {9, elsewhere}, {9, MakeShape(1, 17)}, {9, MakeShape(1'000'000, 0)}}));
  ASSERT_EQ(prices.size(), 1U);
  EXPECT_NEAR(WorthOf(prices, hosted), 1, 1e-6);
}

TEST(PriceRequests, NoGpusOrNoRequestForAnyGivesNone) {
  EXPECT_TRUE(PriceRequests({}, Times({{3, MakeShape(1, 1)}})).empty());
  EXPECT_TRUE(PriceRequests(std::vector{MakeNode(8, 0)}, Times({{3, MakeShape(1, 1)}})).empty());
  EXPECT_TRUE(PriceRequests(kTen, {}).empty());
  EXPECT_TRUE(PriceRequests(kTen, Times({{3, MakeShape(1, 0)}})).empty());
}

TEST(PriceRequests, TheLastOf64Models) {
  const std::vector<NodeState> nodes(4, MakeNode(96, 2, 63));
  Shape shape = MakeShape(1, 1);
  shape.models = ModelSet{1} << 63U;
  EXPECT_NEAR(WorthOf(PriceRequests(nodes, Times({{3, shape}})), shape), 1, 1e-6);
}

TEST(PriceRequests, TheMostFrequentOfManyKinds) {
  std::vector<Shape> requests;
  for (int i = 0; i < 500; ++i) requests.push_back(MakeShape(i, 1, 600));
  for (int i = 0; i < 2; ++i) requests.push_back(MakeShape(0, 1, 999));
  const std::vector<NodeState> one = {MakeNode(1000, 1)};
  const auto prices = PriceRequests(one, requests);
  EXPECT_EQ(prices.size(), 400U);
  EXPECT_GE(WorthOf(prices, MakeShape(0, 1, 999)), 0);
  // Those left out count as placed.
  EXPECT_EQ(AllocationBound(one, requests), 1);
}

TEST(PriceRequests, ManyKindsOfNodeArePooled) {
  std::vector<NodeState> nodes;
  for (int i = 0; i < 150; ++i) nodes.push_back(MakeNode(8 + i, 1));
  const Shape shape = MakeShape(8, 1);
  EXPECT_NEAR(AllocationBound(nodes, Times({{300, shape}})), 1, 1e-6);
  EXPECT_NEAR(WorthOf(PriceRequests(nodes, Times({{300, shape}})), shape), 1, 1e-6);
}

TEST(PricingLaw, BoundsAndPrices) {
  for (unsigned seed = 0; seed < 20; ++seed) {
    std::mt19937 random(seed);
    auto nodes = RandomNodes(random);
    const auto requests = RandomRequests(random);
    for (const PricedShape& price : PriceRequests(nodes, requests)) EXPECT_GE(price.worth, 0);

    const auto most = [&] {
      double gpus = 0;
      for (const NodeState& node : nodes) gpus += node.gpus;
      return AllocationBound(nodes, requests) * gpus;
    };
    double asked = 0;
    for (const Shape& request : requests) {
      asked += static_cast<double>(request.share.value()) / 1000 * request.gpus;
    }
    const double before = most();
    EXPECT_GE(before, 0);
    EXPECT_LE(before, asked + 1e-6);
    nodes.push_back(MakeNode(96, 8, 1));
    EXPECT_GE(most(), before - 1e-3) << "another node lowers nothing, seed " << seed;
  }
}

TEST(PricingLaw, TheOrderOfNodesAndRequestsIsOfNoConsequence) {
  std::mt19937 random(5);
  auto nodes = RandomNodes(random);
  auto requests = RandomRequests(random);
  const auto prices = PriceRequests(nodes, requests);
  std::shuffle(nodes.begin(), nodes.end(), random);
  std::shuffle(requests.begin(), requests.end(), random);
  const auto again = PriceRequests(nodes, requests);
  ASSERT_EQ(again.size(), prices.size());
  for (std::size_t i = 0; i < prices.size(); ++i) {
    EXPECT_EQ(again[i].shape, prices[i].shape);
    EXPECT_EQ(again[i].worth, prices[i].worth);
  }
}

}  // namespace
}  // namespace tangram::plan

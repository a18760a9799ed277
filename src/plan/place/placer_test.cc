#include "plan/place/placer.h"

#include <gtest/gtest.h>

#include <random>
#include <string>

#include "base/sanitized_testing.h"
#include "plan/place/node_state_testing.h"

namespace tangram::plan {
namespace {

using testing::MakeNode;
using testing::MakeShape;
using testing::RandomNodes;
using testing::RandomRequests;

TEST(Fits, LooksAtEveryResource) {
  const NodeState node = MakeNode(8, 2, 3);
  EXPECT_TRUE(Fits(node, MakeShape(8, 2)));
  EXPECT_FALSE(Fits(node, MakeShape(9, 0)));
  EXPECT_FALSE(Fits(node, MakeShape(1, 3)));
  Shape shape = MakeShape(1, 1);
  shape.models = 1U << 2U;
  EXPECT_FALSE(Fits(node, shape));
  shape.models = 1U << 3U;
  EXPECT_TRUE(Fits(node, shape));
  shape.memory = base::MiB(64 * 1024 + 1);
  EXPECT_FALSE(Fits(node, shape));
  Shape elsewhere = MakeShape(1, 0);
  elsewhere.models = 1U << 2U;
  EXPECT_FALSE(Fits(node, elsewhere));  // without GPUs too
}

TEST(Fits, AWholeGpuNeedsAnIdleOne) {
  NodeState node = MakeNode(8, 2);
  node = After(node, MakeShape(1, 1, 300), 0b01);
  EXPECT_TRUE(Fits(node, MakeShape(1, 1)));
  EXPECT_FALSE(Fits(node, MakeShape(1, 2)));
  EXPECT_TRUE(Fits(node, MakeShape(1, 1, 700)));
  EXPECT_EQ(TightestGpu(node, base::MilliGpu(700)), 0b01);
  EXPECT_EQ(TightestGpu(node, base::MilliGpu(701)), 0b10);
  EXPECT_EQ(FirstIdle(node, 1), 0b10);
}

TEST(FragmentOf, CountsWhatATypicalRequestCannotUse) {
  const std::vector<TypicalShape> typical = {{MakeShape(4, 1, 500), 0.5}, {MakeShape(4, 1), 0.5}};
  NodeState node = MakeNode(8, 2);
  EXPECT_DOUBLE_EQ(FragmentOf(node, typical), 0);
  node = After(node, MakeShape(1, 1, 700), 0b01);
  // 300 left on the first card: too little for both; 1000 on the second.
  EXPECT_DOUBLE_EQ(FragmentOf(node, typical), 300);
  node = After(node, MakeShape(4, 0), 0);
  EXPECT_DOUBLE_EQ(FragmentOf(node, typical), 1300);  // no CPU for any of them
}

TEST(FindTypicalShapes, MostFrequentUntilNineteenOfTwenty) {
  std::vector<Shape> requests(90, MakeShape(4, 1));
  requests.insert(requests.end(), 6, MakeShape(8, 1));
  requests.insert(requests.end(), 4, MakeShape(2, 0));
  const auto typical = FindTypicalShapes(requests);
  ASSERT_EQ(typical.size(), 2U);
  EXPECT_EQ(typical[0].shape.cpu, base::MilliCpu(4000));
  EXPECT_NEAR(typical[0].popularity, 90.0 / 96, 1e-12);
  EXPECT_TRUE(FindTypicalShapes({}).empty());
}

TEST(Placer, TakesTheLowestRankOfEqualNodes) {
  const auto policy = MakeBestFit();
  Placer placer({MakeNode(8, 1), MakeNode(8, 1), MakeNode(8, 1)}, *policy);
  const auto whole = placer.Intern(MakeShape(1, 1));
  EXPECT_EQ(placer.Place(whole), (Placement{0, 1}));
  EXPECT_EQ(placer.Place(whole), (Placement{1, 1}));
  EXPECT_EQ(placer.Place(whole), (Placement{2, 1}));
  EXPECT_EQ(placer.Place(whole), std::nullopt);
  EXPECT_EQ(placer.classes(), 1U);
}

TEST(Placer, EqualShapesShareAnId) {
  const auto policy = MakeBestFit();
  Placer placer({MakeNode(8, 1)}, *policy);
  EXPECT_EQ(placer.Intern(MakeShape(1, 1)), placer.Intern(MakeShape(1, 1)));
  EXPECT_NE(placer.Intern(MakeShape(1, 1)), placer.Intern(MakeShape(2, 1)));
}

// What a Placer must equal: every node looked at, every time.
std::optional<Placement> PlaceByScan(std::vector<NodeState>& nodes, const Policy& policy,
                                     const Shape& shape) {
  std::optional<Placement> best;
  std::int64_t best_score = 0;
  for (std::size_t rank = 0; rank < nodes.size(); ++rank) {
    if (!Fits(nodes[rank], shape)) continue;
    const Choice choice = policy.Choose(nodes[rank], shape);
    if (best && choice.score <= best_score) continue;
    best = Placement{rank, choice.gpus};
    best_score = choice.score;
  }
  if (best) nodes[best->node] = After(nodes[best->node], shape, best->gpus);
  return best;
}

TEST(PlacerLaw, EqualsAScanOfEveryNode) {
  for (unsigned seed = 0; seed < (base::kSanitized ? 3U : 30U); ++seed) {
    std::mt19937 random(seed);
    const auto nodes = RandomNodes(random);
    const auto requests = RandomRequests(random);
    std::vector<std::unique_ptr<Policy>> policies;
    policies.push_back(MakeTangram(nodes, requests));
    policies.push_back(MakeFgd(FindTypicalShapes(requests)));
    policies.push_back(MakeBestFit());
    policies.push_back(MakeDotProduct());
    policies.push_back(MakeGpuPacking());
    policies.push_back(MakeGpuClustering());
    for (const auto& policy : policies) {
      Placer placer(nodes, *policy);
      std::vector<NodeState> scanned = nodes;
      for (const Shape& request : requests) {
        ASSERT_EQ(placer.Place(placer.Intern(request)), PlaceByScan(scanned, *policy, request))
            << policy->name() << " seed " << seed;
      }
      EXPECT_EQ(placer.nodes(), scanned);
    }
  }
}

// Nodes, and what is on them, counted the slow way.
class Scanned {
 public:
  explicit Scanned(std::vector<NodeState> nodes)
      : empty_(nodes), nodes_(std::move(nodes)), open_(nodes_.size(), true) {}

  struct Held {
    Shape shape;
    Placement at;
  };

  std::optional<Placement> Place(const Policy& policy, const Shape& shape) {
    std::vector<NodeState> seen = nodes_;
    for (std::size_t i = 0; i < seen.size(); ++i) {
      if (!open_[i]) seen[i].cpu = base::MilliCpu(-1);
    }
    const auto placement = PlaceByScan(seen, policy, shape);
    if (placement) Hold(shape, *placement);
    return placement;
  }
  void Hold(const Shape& shape, const Placement& at) {
    held_.push_back({shape, at});
    Recount(at.node);
  }
  Held Release(std::size_t which) {
    const Held gone = held_[which];
    held_.erase(held_.begin() + static_cast<std::ptrdiff_t>(which));
    Recount(gone.at.node);
    return gone;
  }
  void SetOpen(std::size_t node, bool open) { open_[node] = open; }
  const std::vector<NodeState>& nodes() const { return nodes_; }
  std::size_t held() const { return held_.size(); }

 private:
  void Recount(std::size_t node) {
    nodes_[node] = empty_[node];
    for (const auto& [shape, at] : held_) {
      if (at.node == node) nodes_[node] = After(nodes_[node], shape, at.gpus);
    }
  }

  std::vector<NodeState> empty_;
  std::vector<NodeState> nodes_;
  std::vector<bool> open_;
  std::vector<Held> held_;
};

// Places, holds, releases, closes and opens at random.
void ComeAndGo(const Policy& policy, std::mt19937& random, const std::vector<NodeState>& nodes,
               const std::vector<Shape>& requests) {
  Placer placer(nodes, policy);
  Scanned scanned(nodes);
  for (const Shape& request : requests) {
    const auto node = random() % nodes.size();
    switch (random() % 8) {
      case 0:
        placer.Close(node);
        scanned.SetOpen(node, false);
        break;
      case 1:
        placer.Open(node);
        scanned.SetOpen(node, true);
        break;
      case 2:
        if (const Placement at{node, FirstIdle(placer.nodes()[node], request.gpus)};
            !request.is_share() && Fits(placer.nodes()[node], request)) {
          placer.Hold(placer.Intern(request), at);
          scanned.Hold(request, at);
        }
        break;
      case 3:
      case 4:
        if (scanned.held() > 0) {
          const auto gone = scanned.Release(random() % scanned.held());
          placer.Release(placer.Intern(gone.shape), gone.at);
        }
        break;
      default:
        ASSERT_EQ(placer.Place(placer.Intern(request)), scanned.Place(policy, request));
    }
    ASSERT_EQ(placer.nodes(), scanned.nodes());
  }
}

TEST(PlacerLaw, EqualsAScanWhileRequestsAndNodesComeAndGo) {
  for (unsigned seed = 0; seed < (base::kSanitized ? 2U : 12U); ++seed) {
    std::mt19937 random(seed);
    const auto nodes = RandomNodes(random);
    auto requests = RandomRequests(random);
    std::vector<std::unique_ptr<Policy>> policies;
    policies.push_back(MakeTangram(nodes, requests));
    policies.push_back(MakeFgd(FindTypicalShapes(requests)));
    policies.push_back(MakeGpuPacking());
    policies.push_back(MakeGpuClustering());
    for (int i = 0; i < 2; ++i) requests.insert(requests.end(), requests.begin(), requests.end());
    for (const auto& policy : policies) {
      ComeAndGo(*policy, random, nodes, requests);
      ASSERT_FALSE(::testing::Test::HasFailure()) << policy->name() << " seed " << seed;
    }
  }
}

TEST(Placer, KindsLeaveWithTheLastOfThem) {
  const auto policy = MakeGpuClustering();
  Placer placer({MakeNode(8, 4)}, *policy);
  const auto half = placer.Intern(MakeShape(1, 1, 500));
  const auto first = placer.Place(half);
  const auto second = placer.Place(half);
  const auto pair = placer.Place(placer.Intern(MakeShape(1, 2)));
  ASSERT_TRUE(first && second && pair);
  EXPECT_EQ(placer.nodes()[0].kinds, 0b101U);
  placer.Release(half, *first);
  EXPECT_EQ(placer.nodes()[0].kinds, 0b101U);
  placer.Release(half, *second);
  EXPECT_EQ(placer.nodes()[0].kinds, 0b100U);
}

TEST(PolicyLaw, ScoreDoesNotDependOnTheOrderOfGpus) {
  std::mt19937 random(7);
  const auto requests = RandomRequests(random);
  const std::vector<NodeState> nodes(3, MakeNode(96, 8));
  std::vector<std::unique_ptr<Policy>> policies;
  policies.push_back(MakeFgd(FindTypicalShapes(requests)));
  policies.push_back(MakeTangram(nodes, requests));
  for (const auto& policy : policies) {
    for (int i = 0; i < 300; ++i) {
      NodeState node = MakeNode(96, 8);
      for (std::size_t gpu = 0; gpu < 8; ++gpu) {
        node.free[gpu] = static_cast<std::int16_t>(random() % 3 * 400 + 200);
      }
      const Shape& shape = requests[static_cast<std::size_t>(i)];
      if (!Fits(node, shape)) continue;
      EXPECT_EQ(policy->Choose(node, shape).score, policy->Choose(Canonical(node), shape).score);
    }
  }
}

// Fits and FragmentOf, word for word as FGD defines them.
TEST(FragmentOfLaw, EqualsTheDefinition) {
  std::mt19937 random(3);
  for (int i = 0; i < 2000; ++i) {
    NodeState node = MakeNode(8, static_cast<int>(random() % 17));
    for (std::size_t gpu = 0; gpu < node.gpus; ++gpu) {
      node.free[gpu] = static_cast<std::int16_t>(random() % 11 * 100);
    }
    const int gpus = static_cast<int>(1 + random() % 3);
    const Shape shape =
        MakeShape(4, gpus, gpus == 1 ? static_cast<int>(1 + random() % 1000) : 1000);
    int fitting = 0;
    int too_full = 0;
    for (int gpu = 0; gpu < node.gpus; ++gpu) {
      const int free = node.free[static_cast<std::size_t>(gpu)];
      (free >= shape.share.value() ? fitting : too_full) += free >= shape.share.value() ? 1 : free;
    }
    EXPECT_EQ(Fits(node, shape), fitting >= gpus);
    const auto want = fitting >= gpus ? too_full : static_cast<int>(FreeMilli(node));
    EXPECT_EQ(FragmentOf(node, std::vector<TypicalShape>{{shape, 1.0}}), want);
  }
}

}  // namespace
}  // namespace tangram::plan

#include "sim/replay_with_moves.h"

#include <gtest/gtest.h>

#include <random>

#include "base/sanitized_testing.h"
#include "sim/trace_shapes.h"

namespace tangram::sim {
namespace {

OpenbNode MakeNode(std::string name, int gpus, int cores) {
  return {.name = std::move(name),
          .cpu = base::MilliCpu(1000) * cores,
          .memory = base::MiB(393'216),
          .gpus = gpus,
          .model = "T4"};
}

OpenbTask MakeTask(int gpus, int share, int cores = 1) {
  OpenbTask task;
  task.cpu = base::MilliCpu(1000) * cores;
  task.gpus = gpus;
  task.share = base::MilliGpu(share);
  return task;
}

TEST(ReplayWithMoves, TwoHalvesOnTwoCardsBecomeOne) {
  // Cores keep them apart: the first fills node a, so the second goes to b.
  OpenbTrace trace{{MakeNode("a", 1, 4), MakeNode("b", 1, 8)},
                   {MakeTask(1, 500, 3), MakeTask(1, 500, 4), MakeTask(1, 1000, 1)}};
  const auto result = ReplayWithMoves(trace, {.replay = {.policy = "best-fit"}});
  ASSERT_TRUE(result);
  EXPECT_EQ(result->moves, 1);
  EXPECT_EQ(result->admitted, 1);
  EXPECT_EQ(result->placed, 3);
  EXPECT_EQ(result->allocated, base::MilliGpu(2000));
  const auto none = ReplayWithMoves(trace, {.replay = {.policy = "best-fit"}, .most_moves = 0});
  EXPECT_EQ(none->placed, 2);
  EXPECT_FALSE(ReplayWithMoves(trace, {.replay = {.policy = "none"}}));
}

TEST(ReplayWithMovesLaw, EveryPlacementFitsAndTheSumsAreRight) {
  std::mt19937 random(7);
  const auto below = [&](int n) { return static_cast<int>(random() % static_cast<unsigned>(n)); };
  std::int64_t moves = 0;
  const int rounds = base::kSanitized ? 10 : 60;
  for (int round = 0; round < rounds; ++round) {
    OpenbTrace trace;
    for (int n = 0; n < 6; ++n)
      trace.nodes.push_back(MakeNode(std::to_string(n), 1 + below(4), 24));
    for (int t = 0; t < 60; ++t) {
      const bool share = below(3) > 0;
      trace.tasks.push_back(share ? MakeTask(1, 100 * (1 + below(9)), 1 + below(4))
                                  : MakeTask(below(4), 1000, 1 + below(6)));
    }
    const auto result = ReplayWithMoves(trace, {.replay = {.policy = "random", .seed = 3}});
    ASSERT_TRUE(result);
    const auto cluster = ClusterOf(trace, {});
    std::vector<plan::NodeState> nodes = cluster->nodes;
    base::MilliGpu held;
    for (std::size_t t = 0; t < trace.tasks.size(); ++t) {
      if (!result->placements[t]) continue;
      const auto& [node, gpus] = *result->placements[t];
      nodes[node] = plan::After(nodes[node], cluster->arriving[t], gpus);
      held += cluster->arriving[t].share * cluster->arriving[t].gpus;
    }
    for (const plan::NodeState& node : nodes) {
      ASSERT_GE(node.cpu.value(), 0);
      for (const std::int16_t free : node.free) ASSERT_GE(free, 0);
    }
    EXPECT_EQ(held, result->allocated);
    moves += result->moves;
  }
  EXPECT_GT(moves, rounds / 4);
}

}  // namespace
}  // namespace tangram::sim

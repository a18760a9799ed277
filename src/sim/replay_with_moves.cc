#include "sim/replay_with_moves.h"

#include <algorithm>
#include <bit>
#include <memory>
#include <tuple>
#include <utility>

#include "sim/placing.h"
#include "sim/trace_shapes.h"

namespace tangram::sim {
namespace {

using plan::NodeState;
using plan::Placement;
using plan::Shape;
using Task = std::size_t;

class Admission {
 public:
  Admission(const Cluster& cluster, Placing& placing)
      : cluster_(cluster),
        placing_(placing),
        placements_(cluster.arriving.size()),
        on_(cluster.nodes.size()) {}

  bool Place(Task task) {
    const auto now = placing_.Place(cluster_.arriving[task]);
    if (now) Settle(task, *now);
    return now.has_value();
  }

  // The moves that it took, at most so many; nothing: it found no room.
  std::optional<std::int64_t> PlaceByMoves(Task task, std::int64_t most_moves) {
    const Shape& shape = cluster_.arriving[task];
    using Candidate = std::tuple<std::size_t, std::size_t, std::vector<Task>>;  // moves, node, who
    std::vector<Candidate> candidates;
    for (std::size_t n = 0; n < on_.size(); ++n) {
      const auto who = WhoMakesRoom(n, shape, most_moves);
      if (who) candidates.emplace_back(who->size(), n, *who);
    }
    std::sort(candidates.begin(), candidates.end());
    for (const auto& [moves, node, who] : candidates) {
      if (Exchange(task, node, who)) return static_cast<std::int64_t>(moves);
    }
    return std::nullopt;
  }

  std::vector<std::optional<Placement>> placements() && { return std::move(placements_); }

 private:
  void Settle(Task task, const Placement& at) {
    placements_[task] = at;
    on_[at.node].push_back(task);
  }

  // The smallest few whose leaving lets the shape fit, as far as a greedy choice finds them.
  std::optional<std::vector<Task>> WhoMakesRoom(std::size_t n, const Shape& shape,
                                                std::int64_t most_moves) const {
    const NodeState& empty = cluster_.nodes[n];
    if (!plan::Fits(empty, shape)) return std::nullopt;
    NodeState node = placing_.nodes()[n];
    std::vector<Task> who;
    while (!plan::Fits(node, shape)) {
      const auto next = NextToLeave(n, node, shape, who);
      if (!next || static_cast<std::int64_t>(who.size()) == most_moves) return std::nullopt;
      node = plan::Before(node, cluster_.arriving[*next], placements_[*next]->gpus);
      who.push_back(*next);
    }
    return who;
  }

  // Who brings the shape nearest to fitting; of those the one that holds least.
  std::optional<Task> NextToLeave(std::size_t n, const NodeState& node, const Shape& shape,
                                  const std::vector<Task>& gone) const {
    std::optional<Task> best;
    std::tuple<std::int64_t, std::int64_t, std::int64_t, Task> best_rank;
    for (const Task task : on_[n]) {
      if (std::find(gone.begin(), gone.end(), task) != gone.end()) continue;
      const Shape& leaving = cluster_.arriving[task];
      const NodeState without = plan::Before(node, leaving, placements_[task]->gpus);
      const std::tuple rank(Missing(without, shape), leaving.share.value() * leaving.gpus,
                            leaving.cpu.value(), task);
      if (!best || rank < best_rank)
        std::tie(best, best_rank) = std::pair(std::optional(task), rank);
    }
    return best;
  }

  // Of GPU first, then of CPU: each in thousandths of what is asked, summed.
  static std::int64_t Missing(const NodeState& node, const Shape& shape) {
    const std::int64_t cpu = std::max<std::int64_t>(0, (shape.cpu - node.cpu).value());
    std::vector<std::int64_t> free(node.free.begin(), node.free.begin() + node.gpus);
    std::sort(free.rbegin(), free.rend());
    std::int64_t gpu = 0;
    for (int g = 0; g < shape.gpus; ++g) {
      gpu += std::max<std::int64_t>(0, shape.share.value() - free[static_cast<std::size_t>(g)]);
    }
    const std::int64_t asked_gpu = std::max<std::int64_t>(1, shape.share.value() * shape.gpus);
    const std::int64_t asked_cpu = std::max<std::int64_t>(1, shape.cpu.value());
    return 1000 * gpu / asked_gpu + 1000 * cpu / asked_cpu;
  }

  // The task takes the place of those that leave; all of them find another, or nothing changes.
  bool Exchange(Task task, std::size_t node, const std::vector<Task>& who) {
    const Shape& shape = cluster_.arriving[task];
    for (const Task one : who) placing_.Release(cluster_.arriving[one], *placements_[one]);
    const NodeState& freed = placing_.nodes()[node];
    const plan::GpuSet gpus = shape.is_share() ? plan::TightestGpu(freed, shape.share)
                                               : plan::FirstIdle(freed, shape.gpus);
    const Placement at{node, gpus};
    placing_.Hold(shape, at);
    std::vector<Placement> found;
    for (const Task one : who) {
      const auto place = placing_.Place(cluster_.arriving[one]);
      if (!place) break;
      found.push_back(*place);
    }
    if (found.size() == who.size()) {
      for (std::size_t i = 0; i < who.size(); ++i) {
        std::erase(on_[node], who[i]);
        Settle(who[i], found[i]);
      }
      Settle(task, at);
      return true;
    }
    for (std::size_t i = 0; i < found.size(); ++i) {
      placing_.Release(cluster_.arriving[who[i]], found[i]);
    }
    placing_.Release(shape, at);
    for (const Task one : who) placing_.Hold(cluster_.arriving[one], *placements_[one]);
    return false;
  }

  const Cluster& cluster_;
  Placing& placing_;
  std::vector<std::optional<Placement>> placements_;  // by task
  std::vector<std::vector<Task>> on_;                 // by node
};

}  // namespace

base::Result<MovesResult> ReplayWithMoves(const OpenbTrace& trace, const MovesOptions& options) {
  const auto cluster = ClusterOf(trace, options.replay.typical_from);
  if (!cluster) return tl::unexpected(cluster.error());
  const auto placing =
      MakePlacing(cluster->nodes, {options.replay.policy, cluster->typical, options.replay.seed});
  if (placing == nullptr) return NoSuchPolicy(options.replay.policy);
  MovesResult result;
  for (const NodeState& node : cluster->nodes) result.capacity += plan::kWholeGpu * node.gpus;
  Admission admission(*cluster, *placing);
  for (Task task = 0; task < cluster->arriving.size(); ++task) {
    const Shape& shape = cluster->arriving[task];
    bool placed = admission.Place(task);
    const auto left =
        std::min<std::int64_t>(options.most_a_request, options.most_moves - result.moves);
    if (!placed && shape.gpus > 0 && left > 0) {
      const auto moves = admission.PlaceByMoves(task, left);
      placed = moves.has_value();
      result.admitted += placed ? 1 : 0;
      result.moves += moves.value_or(0);
    }
    if (!placed) continue;
    ++result.placed;
    result.allocated += shape.share * shape.gpus;
  }
  result.placements = std::move(admission).placements();
  return result;
}

}  // namespace tangram::sim

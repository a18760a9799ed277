#include "sim/replay.h"

#include <algorithm>
#include <numeric>
#include <random>
#include <span>
#include <utility>

#include "plan/place/pricing.h"
#include "sim/placing.h"
#include "sim/trace_shapes.h"

namespace tangram::sim {
namespace {

using base::PartsPerMillion;
using plan::NodeState;
using plan::Shape;
using plan::TypicalShape;

// One run: what arrives, where it was placed, is counted.
class Run {
 public:
  Run(std::string_view policy, std::vector<NodeState> nodes, std::span<const TypicalShape> typical)
      : nodes_(std::move(nodes)), typical_(typical) {
    result_.policy = policy;
    for (const NodeState& node : nodes_) {
      result_.capacity += plan::kWholeGpu * node.gpus;
      fragments_.push_back(plan::FragmentOf(node, typical_));
    }
  }

  // `gpus` as asked for, where the shape's number is cut off.
  void Count(const Shape& shape, int gpus, const std::optional<plan::Placement>& placement) {
    const base::MilliGpu asked = shape.share * gpus;
    arrived_ += asked;
    result_.placements.push_back(placement);
    if (placement) {
      ++result_.placed;
      result_.allocated += asked;
      NodeState& node = nodes_[placement->node];
      node = plan::After(node, shape, placement->gpus);
      fragments_[placement->node] = plan::FragmentOf(node, typical_);
    } else {
      ++result_.failed;
      if (gpus > 0 && !result_.first_reject) result_.first_reject = OfCapacity(arrived_);
    }
    AddPoint();
  }

  ReplayResult Finish() && {
    result_.fragmented = Fragmented();
    return std::move(result_);
  }

 private:
  PartsPerMillion OfCapacity(base::MilliGpu gpus) const {
    return base::Ratio(gpus.value(), result_.capacity.value());
  }

  // Of what is free.
  PartsPerMillion Fragmented() const {
    const double fragment = std::accumulate(fragments_.begin(), fragments_.end(), 0.0);
    const auto free = static_cast<double>((result_.capacity - result_.allocated).value());
    return PartsPerMillion(free > 0 ? static_cast<std::int64_t>(1e6 * fragment / free) : 0);
  }

  void AddPoint() {
    constexpr std::int64_t kStep = 10'000;
    const PartsPerMillion arrived = OfCapacity(arrived_);
    if (arrived.value() / kStep < next_point_) return;
    next_point_ = arrived.value() / kStep + 1;
    result_.curve.push_back({arrived, OfCapacity(result_.allocated), Fragmented()});
  }

  std::vector<NodeState> nodes_;
  std::span<const TypicalShape> typical_;
  std::vector<double> fragments_;  // of each node
  ReplayResult result_;
  base::MilliGpu arrived_;
  std::int64_t next_point_ = 1;
};

}  // namespace

base::Result<ReplayResult> ReplayTrace(const OpenbTrace& trace, const ReplayOptions& options) {
  const auto cluster = ClusterOf(trace, options.typical_from);
  if (!cluster) return tl::unexpected(cluster.error());
  const auto placing =
      MakePlacing(cluster->nodes, {options.policy, cluster->typical, options.seed});
  if (placing == nullptr) return NoSuchPolicy(options.policy);
  const auto typical = plan::FindTypicalShapes(cluster->typical);
  Run run(options.policy, cluster->nodes, typical);
  for (std::size_t i = 0; i < cluster->arriving.size(); ++i) {
    const Shape& shape = cluster->arriving[i];
    run.Count(shape, trace.tasks[i].gpus, placing->Place(shape));
  }
  return std::move(run).Finish();
}

base::Result<base::PartsPerMillion> BoundOf(const OpenbTrace& trace) {
  const auto cluster = ClusterOf(trace, {});
  if (!cluster) return tl::unexpected(cluster.error());
  const double bound = plan::AllocationBound(cluster->nodes, cluster->arriving);
  return PartsPerMillion(static_cast<std::int64_t>(bound * 1e6));
}

std::vector<OpenbTask> Shuffled(std::vector<OpenbTask> tasks, std::uint64_t seed) {
  std::mt19937_64 random(seed);
  for (std::size_t left = tasks.size(); left > 1; --left) {
    // std::shuffle and the distributions differ between libraries; this does not.
    const auto at = static_cast<std::size_t>(random() % left);
    std::swap(tasks[left - 1], tasks[at]);
  }
  return tasks;
}

}  // namespace tangram::sim

#include "sim/replay.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <memory>
#include <numeric>
#include <random>
#include <span>
#include <unordered_map>
#include <utility>

#include "plan/place/pricing.h"
#include "sim/random_placer.h"

namespace tangram::sim {
namespace {

using base::PartsPerMillion;
using plan::NodeState;
using plan::Shape;
using plan::TypicalShape;

using Nodes = std::span<const NodeState>;
using Shapes = std::span<const Shape>;
// Of the empty nodes, and of requests that stand for what is asked.
using MakePolicy = std::unique_ptr<plan::Policy> (*)(Nodes, Shapes);

constexpr std::array<std::pair<std::string_view, MakePolicy>, 6> kPolicies = {{
    {"tangram", plan::MakeTangram},
    {"fgd", [](Nodes, Shapes s) { return plan::MakeFgd(plan::FindTypicalShapes(s)); }},
    {"best-fit", [](Nodes, Shapes) { return plan::MakeBestFit(); }},
    {"dot-product", [](Nodes, Shapes) { return plan::MakeDotProduct(); }},
    {"gpu-packing", [](Nodes, Shapes) { return plan::MakeGpuPacking(); }},
    {"gpu-clustering", [](Nodes, Shapes) { return plan::MakeGpuClustering(); }},
}};

constexpr std::string_view kRandom = "random";  // not a Policy: random_placer.h

// Models by number, in order of appearance.
class Models {
 public:
  base::Result<std::uint8_t> Number(const std::string& name) {
    const auto [known, fresh] = numbers_.try_emplace(name, numbers_.size());
    if (known->second >= plan::kMostModels) {
      return base::Fail(base::ErrorCode::kInvalid,
                        fmt::format("model {}: there are more than {} models; a replay takes that "
                                    "many",
                                    name, plan::kMostModels));
    }
    return static_cast<std::uint8_t>(known->second);
  }

 private:
  std::unordered_map<std::string, std::size_t> numbers_;
};

base::Result<NodeState> StateOf(const OpenbNode& node, Models& models) {
  if (node.gpus > plan::kMostGpusPerNode) {
    return base::Fail(base::ErrorCode::kInvalid,
                      fmt::format("node {}: found {} GPUs; a replay takes nodes of at most {}",
                                  node.name, node.gpus, plan::kMostGpusPerNode));
  }
  const auto model = models.Number(node.model);
  if (!model) return tl::unexpected(model.error());
  NodeState state;
  state.cpu = node.cpu;
  state.memory = node.memory;
  state.model = *model;
  state.gpus = static_cast<std::uint8_t>(node.gpus);
  std::fill_n(state.free.begin(), node.gpus, static_cast<std::int16_t>(plan::kWholeGpu.value()));
  return state;
}

base::Result<Shape> ShapeOf(const OpenbTask& task, Models& models) {
  Shape shape;
  shape.cpu = task.cpu;
  shape.memory = task.memory;
  // More than any node has: it fits nowhere, as it should.
  shape.gpus = std::min(task.gpus, plan::kMostGpusPerNode + 1);
  if (task.gpus > 0) shape.share = task.share;
  if (!task.models.empty()) shape.models = 0;
  for (const std::string& name : task.models) {
    const auto model = models.Number(name);
    if (!model) return tl::unexpected(model.error());
    shape.models |= plan::ModelSet{1} << *model;
  }
  return shape;
}

base::Result<std::vector<Shape>> ShapesOf(std::span<const OpenbTask> tasks, Models& models) {
  std::vector<Shape> shapes;
  shapes.reserve(tasks.size());
  for (const OpenbTask& task : tasks) {
    const auto shape = ShapeOf(task, models);
    if (!shape) return base::Wrap(shape.error(), "task " + task.name);
    shapes.push_back(*shape);
  }
  return shapes;
}

struct Cluster {
  std::vector<NodeState> nodes;
  std::vector<Shape> arriving;
  std::vector<Shape> typical;  // that stand for what is asked
};

base::Result<Cluster> ClusterOf(const OpenbTrace& trace, std::span<const OpenbTask> typical_from) {
  Models models;
  Cluster cluster;
  for (const OpenbNode& node : trace.nodes) {
    const auto state = StateOf(node, models);
    if (!state) return tl::unexpected(state.error());
    cluster.nodes.push_back(*state);
  }
  auto arriving = ShapesOf(trace.tasks, models);
  if (!arriving) return tl::unexpected(arriving.error());
  cluster.arriving = *std::move(arriving);
  auto typical = ShapesOf(typical_from, models);
  if (!typical) return tl::unexpected(typical.error());
  cluster.typical = typical_from.empty() ? cluster.arriving : *std::move(typical);
  return cluster;
}

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

template <class Place>
ReplayResult Replay(const OpenbTrace& trace, const Cluster& cluster, std::string_view policy,
                    Place place) {
  const auto typical = plan::FindTypicalShapes(cluster.typical);
  Run run(policy, cluster.nodes, typical);
  for (std::size_t i = 0; i < cluster.arriving.size(); ++i) {
    const Shape& shape = cluster.arriving[i];
    run.Count(shape, trace.tasks[i].gpus, place(shape));
  }
  return std::move(run).Finish();
}

}  // namespace

std::vector<std::string_view> PolicyNames() {
  std::vector<std::string_view> names;
  for (const auto& [name, make] : kPolicies) names.push_back(name);
  names.push_back(kRandom);
  return names;
}

base::Result<ReplayResult> ReplayTrace(const OpenbTrace& trace, const ReplayOptions& options) {
  const auto make = std::find_if(kPolicies.begin(), kPolicies.end(),
                                 [&](const auto& known) { return known.first == options.policy; });
  if (make == kPolicies.end() && options.policy != kRandom) {
    return base::Fail(base::ErrorCode::kInvalid,
                      fmt::format("there is no policy {}; the policies are {}", options.policy,
                                  fmt::join(PolicyNames(), ", ")));
  }
  const auto cluster = ClusterOf(trace, options.typical_from);
  if (!cluster) return tl::unexpected(cluster.error());
  if (make == kPolicies.end()) {
    RandomPlacer placer(cluster->nodes, options.seed);
    return Replay(trace, *cluster, kRandom,
                  [&](const Shape& shape) { return placer.Place(shape); });
  }
  const auto policy = make->second(cluster->nodes, cluster->typical);
  plan::Placer placer(cluster->nodes, *policy);
  return Replay(trace, *cluster, policy->name(),
                [&](const Shape& shape) { return placer.Place(placer.Intern(shape)); });
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

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

namespace tangram::sim {
namespace {

using base::PartsPerMillion;
using plan::NodeState;
using plan::Shape;
using plan::TypicalShape;

using MakePolicy = std::unique_ptr<plan::Policy> (*)(const std::vector<TypicalShape>&);

constexpr std::array<std::pair<std::string_view, MakePolicy>, 5> kPolicies = {{
    {"fgd", [](const std::vector<TypicalShape>& typical) { return plan::MakeFgd(typical); }},
    {"best-fit", [](const std::vector<TypicalShape>&) { return plan::MakeBestFit(); }},
    {"dot-product", [](const std::vector<TypicalShape>&) { return plan::MakeDotProduct(); }},
    {"gpu-packing", [](const std::vector<TypicalShape>&) { return plan::MakeGpuPacking(); }},
    {"gpu-clustering", [](const std::vector<TypicalShape>&) { return plan::MakeGpuClustering(); }},
}};

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

// One run: what arrives is offered to the placer and counted.
class Run {
 public:
  Run(std::vector<NodeState> nodes, const plan::Policy& policy,
      std::span<const TypicalShape> typical)
      : placer_(std::move(nodes), policy), typical_(typical) {
    result_.policy = policy.name();
    for (const NodeState& node : placer_.nodes()) {
      result_.capacity += plan::kWholeGpu * node.gpus;
      fragments_.push_back(plan::FragmentOf(node, typical_));
    }
  }

  void Offer(const Shape& shape, int gpus) {
    const base::MilliGpu asked = shape.share * gpus;
    arrived_ += asked;
    const auto placement = placer_.Place(placer_.Intern(shape));
    result_.placements.push_back(placement);
    if (placement) {
      ++result_.placed;
      result_.allocated += asked;
      fragments_[placement->node] = plan::FragmentOf(placer_.nodes()[placement->node], typical_);
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

  plan::Placer placer_;
  std::span<const TypicalShape> typical_;
  std::vector<double> fragments_;  // of each node
  ReplayResult result_;
  base::MilliGpu arrived_;
  std::int64_t next_point_ = 1;
};

}  // namespace

std::vector<std::string_view> PolicyNames() {
  std::vector<std::string_view> names;
  for (const auto& [name, make] : kPolicies) names.push_back(name);
  return names;
}

base::Result<ReplayResult> ReplayTrace(const OpenbTrace& trace, const ReplayOptions& options) {
  const auto make = std::find_if(kPolicies.begin(), kPolicies.end(),
                                 [&](const auto& known) { return known.first == options.policy; });
  if (make == kPolicies.end()) {
    return base::Fail(base::ErrorCode::kInvalid,
                      fmt::format("there is no policy {}; the policies are {}", options.policy,
                                  fmt::join(PolicyNames(), ", ")));
  }
  Models models;
  std::vector<NodeState> nodes;
  for (const OpenbNode& node : trace.nodes) {
    const auto state = StateOf(node, models);
    if (!state) return tl::unexpected(state.error());
    nodes.push_back(*state);
  }
  const auto shapes = ShapesOf(trace.tasks, models);
  if (!shapes) return tl::unexpected(shapes.error());
  const bool own = options.typical_from.empty();
  const auto typical_shapes = own ? shapes : ShapesOf(options.typical_from, models);
  if (!typical_shapes) return tl::unexpected(typical_shapes.error());
  const auto typical = plan::FindTypicalShapes(*typical_shapes);
  const auto policy = make->second(typical);
  Run run(std::move(nodes), *policy, typical);
  for (std::size_t i = 0; i < shapes->size(); ++i) {
    run.Offer((*shapes)[i], trace.tasks[i].gpus);
  }
  return std::move(run).Finish();
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

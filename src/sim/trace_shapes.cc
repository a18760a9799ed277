#include "sim/trace_shapes.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdint>
#include <string>
#include <unordered_map>
#include <utility>

namespace tangram::sim {
namespace {

using plan::NodeState;
using plan::Shape;

// Models by number, in order of appearance.
class Models {
 public:
  base::Result<std::uint8_t> Number(const std::string& name) {
    const auto [known, fresh] = numbers_.try_emplace(name, numbers_.size());
    if (known->second >= plan::kMostModels) {
      return base::Fail(base::ErrorCode::kInvalid,
                        fmt::format("model {}: there are more than {} models; a run takes that "
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
                      fmt::format("node {}: found {} GPUs; a run takes nodes of at most {}",
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

}  // namespace

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

}  // namespace tangram::sim

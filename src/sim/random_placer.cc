#include "sim/random_placer.h"

namespace tangram::sim {

using plan::GpuSet;
using plan::NodeState;
using plan::Placement;
using plan::Shape;

RandomPlacer::RandomPlacer(std::vector<NodeState> nodes, std::uint64_t seed)
    : nodes_(std::move(nodes)), open_(nodes_.size(), true), random_(seed) {}

std::optional<Placement> RandomPlacer::Place(const Shape& shape) {
  std::optional<std::size_t> drawn;
  std::uint64_t fitting = 0;
  // Each replaces the one before with chance 1 in those seen (reservoir sampling). The remainder of
  // a 64-bit number, and no distribution of the library: those differ between libraries.
  for (std::size_t rank = 0; rank < nodes_.size(); ++rank) {
    if (open_[rank] && Fits(nodes_[rank], shape) && random_() % ++fitting == 0) drawn = rank;
  }
  if (!drawn) return std::nullopt;
  const NodeState& node = nodes_[*drawn];
  const GpuSet gpus = shape.is_share() ? DrawGpu(node, shape) : FirstIdle(node, shape.gpus);
  const Placement placement{*drawn, gpus};
  Hold(shape, placement);
  return placement;
}

void RandomPlacer::Hold(const Shape& shape, const Placement& at) {
  nodes_[at.node] = After(nodes_[at.node], shape, at.gpus);
}

void RandomPlacer::Release(const Shape& shape, const Placement& at) {
  nodes_[at.node] = Before(nodes_[at.node], shape, at.gpus);
}

GpuSet RandomPlacer::DrawGpu(const NodeState& node, const Shape& share) {
  GpuSet drawn = 0;
  std::uint64_t fitting = 0;
  for (std::size_t i = 0; i < node.gpus; ++i) {
    if (node.free[i] < share.share.value() || random_() % ++fitting != 0) continue;
    drawn = static_cast<GpuSet>(1U << i);
  }
  return drawn;
}

}  // namespace tangram::sim

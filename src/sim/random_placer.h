// Random placement, the baseline that knows nothing: what a policy is worth shows beside it.
//
// Not a Policy: a policy is stateless and scores equal nodes as one, while here every node counts.
// One thread.
#pragma once

#include <cstdint>
#include <optional>
#include <random>
#include <vector>

#include "plan/place/node_state.h"
#include "plan/place/placer.h"

namespace tangram::sim {

class RandomPlacer {
 public:
  // The choices depend on the nodes, the requests and `seed` alone, on every machine.
  RandomPlacer(std::vector<plan::NodeState> nodes, std::uint64_t seed);

  // A node drawn evenly from those that have room; for a share a GPU drawn evenly from those of the
  // node that hold it, for whole GPUs the first idle ones. Looks at every node.
  std::optional<plan::Placement> Place(const plan::Shape& shape);

  // As plan::Placer.
  void Hold(const plan::Shape& shape, const plan::Placement& at);
  void Release(const plan::Shape& shape, const plan::Placement& at);
  void Close(std::size_t node) { open_[node] = false; }
  void Open(std::size_t node) { open_[node] = true; }

  const std::vector<plan::NodeState>& nodes() const { return nodes_; }

 private:
  plan::GpuSet DrawGpu(const plan::NodeState& node, const plan::Shape& share);

  std::vector<plan::NodeState> nodes_;  // `kinds` are not kept: no draw looks at them
  std::vector<bool> open_;
  std::mt19937_64 random_;
};

}  // namespace tangram::sim

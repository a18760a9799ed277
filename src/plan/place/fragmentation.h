// FGD's measure of fragmentation: how much of a node's free GPU the typical requests cannot use.
//
// Weng et al., "Beware of Fragmentation: Scheduling GPU-Sharing Workloads with Fragmentation
// Gradient Descent", USENIX ATC 2023. A request that does not fit counts all that is free; one that
// fits counts the GPUs that are too full for it; one without GPUs counts all that is free. Memory
// is not looked at. The sums are formed in the order of the published simulator, since its scores
// are truncated to whole numbers and hang on the last bit (compile without fused multiply-add).
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "plan/place/node_state.h"

namespace tangram::plan {

struct TypicalShape {
  Shape shape;
  double popularity = 0;  // of all requests; they sum to 1
};

// The shapes that make up 95 % of the requests, most frequent first, scaled to sum to 1; memory is
// left out. Ties: more CPU, then more of a GPU, then more GPUs first.
std::vector<TypicalShape> FindTypicalShapes(std::span<const Shape> requests);

// Expected thousandths of a GPU on the node that a typical request cannot use.
double FragmentOf(const NodeState& node, std::span<const TypicalShape> typical);

}  // namespace tangram::plan

// The GPUs of a node for a request, by a score of the policy.
#pragma once

#include <algorithm>
#include <limits>

#include "plan/place/policy.h"

namespace tangram::plan {

// `score_of(GpuSet)`: higher is better, and equal for GPUs of which as much is left. Whole GPUs are
// the first idle ones; a share gets the first of the best. The request fits.
template <class ScoreOf>
Choice BestChoice(const NodeState& node, const Shape& shape, const ScoreOf& score_of) {
  if (!shape.is_share()) {
    const GpuSet gpus = FirstIdle(node, shape.gpus);
    return {score_of(gpus), gpus};
  }
  Choice best{std::numeric_limits<std::int64_t>::min(), 0};
  for (std::size_t i = 0; i < node.gpus; ++i) {
    const auto gpu = node.free.begin() + static_cast<std::ptrdiff_t>(i);
    const bool twin_before = std::find(node.free.begin(), gpu, *gpu) != gpu;
    if (*gpu < shape.share.value() || twin_before) continue;
    const auto set = static_cast<GpuSet>(1U << i);
    const std::int64_t score = score_of(set);
    if (score > best.score) best = {score, set};
  }
  return best;
}

}  // namespace tangram::plan

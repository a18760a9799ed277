// A trace as placement sees it: free amounts, and shapes of requests.
#pragma once

#include <span>
#include <vector>

#include "base/result.h"
#include "plan/place/node_state.h"
#include "sim/openb_trace.h"

namespace tangram::sim {

struct Cluster {
  std::vector<plan::NodeState> nodes;  // empty, as listed
  std::vector<plan::Shape> arriving;   // by task
  std::vector<plan::Shape> typical;    // that stand for what is asked
};

// `typical_from` empty: the tasks of the trace. Fails on a node with more GPUs than
// plan::kMostGpusPerNode, and on more than plan::kMostModels models.
base::Result<Cluster> ClusterOf(const OpenbTrace& trace, std::span<const OpenbTask> typical_from);

}  // namespace tangram::sim

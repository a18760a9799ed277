// Replays a list of requests on a list of nodes, one after the other, by a placement policy: the
// experiment of the FGD paper (USENIX ATC 2023). Each request is tried once, in order, and stays.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/units.h"
#include "plan/place/placer.h"
#include "sim/openb_trace.h"

namespace tangram::sim {

struct ReplayOptions {
  std::string policy = "tangram";  // one of PolicyNames() (placing.h)
  // The requests that stand for what is asked: FGD's measure looks at their most frequent shapes,
  // tangram's prices at all of them. Empty: the replayed ones.
  std::vector<OpenbTask> typical_from{};
  std::uint64_t seed = 1;  // of the policy random
};

// What had been placed, and how fragmented what was free, once so much had arrived.
struct ReplayPoint {
  base::PartsPerMillion arrived;     // GPUs asked for so far, of all GPUs
  base::PartsPerMillion allocated;   // of all GPUs
  base::PartsPerMillion fragmented;  // of the free GPUs, by FGD's measure
};

struct ReplayResult {
  std::string policy;
  std::int64_t placed = 0;
  std::int64_t failed = 0;
  base::MilliGpu capacity;
  base::MilliGpu allocated;
  base::PartsPerMillion fragmented;                   // of what is free at the end
  std::optional<base::PartsPerMillion> first_reject;  // arrived when a request with GPUs failed
  std::vector<ReplayPoint> curve;  // where what arrived passes a hundredth of the capacity
  std::vector<std::optional<plan::Placement>> placements;  // by task; node = place in the list
};

// Nodes in order of their rank, which breaks ties; tasks in order of arrival. Fails on an unknown
// policy, a node with more GPUs than plan::kMostGpusPerNode, more than plan::kMostModels models.
base::Result<ReplayResult> ReplayTrace(const OpenbTrace& trace, const ReplayOptions& options);

// The share of all GPUs that no policy is expected to hold more of, over random orders of the tasks
// (plan/place/pricing.h). Fails as ReplayTrace does.
base::Result<base::PartsPerMillion> BoundOf(const OpenbTrace& trace);

// The same tasks in an order that depends on `seed` alone.
std::vector<OpenbTask> Shuffled(std::vector<OpenbTask> tasks, std::uint64_t seed);

}  // namespace tangram::sim

// A cluster as the start of a scenario: its nodes, what runs there, and what waits.
#pragma once

#include <cstdint>
#include <optional>

#include "base/result.h"
#include "cluster/snapshot.h"
#include "sim/scenario_builder.h"

namespace tangram::sim {

struct SnapshotStart {
  Milliseconds boot{};
  std::optional<Milliseconds> idle_after{};  // nodes come and go; absent: all of them stay on
};

// What of the snapshot the scenario does not have.
struct SnapshotLeftOut {
  std::int64_t nodes = 0;  // with GPUs, that are not ready, cordoned, or have too many of them
  std::int64_t cards = 0;  // whose layout is not known to be legal: they are held as they are
  std::int64_t pods = 0;   // with GPUs by claims, in several forms, or more than the node has
};

// Adds the nodes with GPUs, and on them the pods that hold them and the CPU of the others; pods
// that wait for a GPU arrive at 0. None of them ends. Which card a pod holds is as FindHoldings()
// says. A pod that waits may run on spot nodes; the cluster does not say how often those are
// interrupted. Fails as ScenarioBuilder::AddGroup does.
base::Result<SnapshotLeftOut> AddSnapshot(const cluster::Snapshot& snapshot,
                                          const SnapshotStart& start, ScenarioBuilder& builder);

}  // namespace tangram::sim

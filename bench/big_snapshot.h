// A made-up but believable large cluster, for benchmarks of the whole program.
//
// Deterministic: equal options give equal snapshots on every machine. Nodes are of seven kinds
// (whole cards, MIG mixed and single, time-slicing, MPS; three clouds; some spot), pods belong to
// teams and owners, most of what is held is hardly used, as measured in real clusters.
#pragma once

#include <cstdint>

#include "cluster/snapshot.h"

namespace tangram::bench {

enum class WithUsage { kNo, kYes };

struct BigOptions {
  int nodes = 10'000;
  int gpus_per_node = 8;
  int pods = 200'000;
  int waiting = 0;  // more pods, which wait for whole cards and may run on any node
  std::uint64_t seed = 1;
  WithUsage usage = WithUsage::kNo;
};

// Normalised, with prices of the bundled table.
cluster::Snapshot MakeBigSnapshot(const BigOptions& options);

}  // namespace tangram::bench

// The GpuPools of a live cluster.
#pragma once

#include <vector>

#include "base/result.h"
#include "kube/config.h"
#include "plan/policy.h"

namespace tangram::adapter {

// By name; none where the cluster has no GpuPools. What a pool leaves out is as in `defaults`.
// Blocks. kDenied: they may not be read; kInvalid: one contradicts itself, and the message says
// which.
base::Result<std::vector<plan::Pool>> ReadPools(const kube::ConfigSources& cluster,
                                                const plan::NodePolicy& defaults);

}  // namespace tangram::adapter

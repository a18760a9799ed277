// kueue.x-k8s.io ClusterQueue and LocalQueue, v1beta1 and v1beta2.
#pragma once

#include <simdjson.h>

#include "base/result.h"
#include "cluster/policy_objects.h"

namespace tangram::adapter {

// Resources that are counted (GPUs, MIG devices, names of DRA device classes); cpu, memory and
// other native ones are left out, since they are not whole numbers of one unit.
base::Result<cluster::Queue> DecodeClusterQueue(simdjson::ondemand::object object);
base::Result<cluster::LocalQueue> DecodeLocalQueue(simdjson::ondemand::object object);

}  // namespace tangram::adapter

// What the GPU Operator's ClusterPolicy says of the ConfigMaps that its parts read.
//
// Source: gpu-operator v25, api/nvidia/v1: spec.migManager.config.name and
// spec.devicePlugin.config.name, both of the operator's own namespace; where there is no name, the
// operator makes a ConfigMap of its own.
#pragma once

#include <string_view>

#include "adapter/live/hardware_writes.h"
#include "control/operations.h"

namespace tangram::adapter {

// Of a list of ClusterPolicies, as the API server has it (JSON). Nothing is unseen where there is
// no ClusterPolicy, where it cannot be read, or where we write nothing.
control::Unseen UnseenBy(std::string_view cluster_policies, const MigLayoutsIn& layouts,
                         const SharingConfigsIn& sharing);

}  // namespace tangram::adapter

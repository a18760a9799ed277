// The kubelet's answers to PodResources.List and GetAllocatableResources, decoded from protobuf's
// wire format.
//
// Field numbers: k8s.io/kubelet v0.36.1, pkg/apis/podresources/v1/api.proto. Five nested messages
// of texts: reading them takes less than the library would, which doubles the time that every
// command takes to start (docs/dependencies.md).
#pragma once

#include <string_view>
#include <vector>

#include "agent/pod_resources.h"
#include "base/result.h"

namespace tangram::agent {

// NVIDIA's devices. kInvalid: it is no such message. Pure; any input is safe.
base::Result<PodDevices> DecodePodResources(std::string_view bytes);
base::Result<std::vector<PluginDevices>> DecodeAllocatable(std::string_view bytes);

}  // namespace tangram::agent

// What a pod asks for, as the scheduler counts it.
#pragma once

#include <vector>

#include "adapter/amounts.h"

namespace tangram::adapter {

struct ContainerRequest {
  Amounts amounts;        // requests; limits where a request is absent, as the API server fills in
  bool restarts = false;  // an init container with restartPolicy Always: a sidecar
};

struct PodRequests {
  std::vector<ContainerRequest> init{};  // in order
  std::vector<ContainerRequest> containers{};
  Amounts pod_level{};  // spec.resources; what it names wins for cpu and memory
  Amounts overhead{};
};

// max(containers + sidecars, each init container + the sidecars before it), then the pod level,
// plus overhead. As k8s.io/component-helpers resource.PodRequests does, without the figures of a
// resize under way.
Amounts TotalOf(const PodRequests& requests, Fault& fault);

// Reads `requests` and `limits` of a container's or pod's resources.
Amounts ReadResources(Json resources);
// Reads a list of containers. Only name-free fields are read: never env, args or commands.
std::vector<ContainerRequest> ReadContainers(Json list);

}  // namespace tangram::adapter

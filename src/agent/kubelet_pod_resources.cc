#include "agent/kubelet_pod_resources.h"

#include <utility>

#include "agent/kubelet_wire.h"

namespace tangram::agent {

KubeletPodResources::KubeletPodResources(std::string socket, base::Milliseconds timeout)
    : client_({.socket = std::move(socket), .timeout = timeout}) {}

base::Result<PodDevices> KubeletPodResources::List() {
  const auto answer = client_.Call("/v1.PodResourcesLister/List", "");
  if (!answer) return tl::unexpected(answer.error());
  auto devices = DecodePodResources(*answer);
  if (!devices) return base::Wrap(devices.error(), "the kubelet's PodResources");
  return devices;
}

base::Result<std::vector<PluginDevices>> KubeletPodResources::Offered() {
  const auto answer = client_.Call("/v1.PodResourcesLister/GetAllocatableResources", "");
  if (!answer) return tl::unexpected(answer.error());
  auto devices = DecodeAllocatable(*answer);
  if (!devices) return base::Wrap(devices.error(), "the kubelet's PodResources");
  return devices;
}

}  // namespace tangram::agent

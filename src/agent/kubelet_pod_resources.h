// The kubelet behind the port, over its unix socket.
#pragma once

#include <string>

#include "agent/pod_resources.h"
#include "base/clock.h"
#include "net/grpc.h"

namespace tangram::agent {

inline constexpr const char* kPodResourcesSocket = "/var/lib/kubelet/pod-resources/kubelet.sock";

// A kubelet that was restarted is connected to anew. Not thread-safe.
class KubeletPodResources final : public PodResources {
 public:
  explicit KubeletPodResources(std::string socket, base::Milliseconds timeout);

  base::Result<PodDevices> List() override;
  base::Result<std::vector<PluginDevices>> Offered() override;

 private:
  net::GrpcClient client_;
};

}  // namespace tangram::agent

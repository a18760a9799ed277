// The port through which the agent learns which pod holds which device.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"

namespace tangram::agent {

struct PodRef {
  std::string ns;
  std::string pod;
  std::string container;
  auto operator<=>(const PodRef&) const = default;
};

// Devices of one container, as the kubelet knows them.
struct PluginDevices {
  PodRef pod;
  std::string resource;          // "nvidia.com/gpu"
  std::vector<std::string> ids;  // "GPU-…", "MIG-…", "GPU-…::3"
  bool operator==(const PluginDevices&) const = default;
};

// One device of a claim.
struct ClaimedDevice {
  PodRef pod;
  std::string claim;   // its name
  std::string driver;  // "gpu.nvidia.com"
  std::string device;  // "gpu-0", "gpu-0-mig-1g18gb-19-0"; empty: the kubelet does not tell
  std::vector<std::string> cdi;
  bool operator==(const ClaimedDevice&) const = default;
};

struct PodDevices {
  std::vector<PluginDevices> plugin;
  std::vector<ClaimedDevice> claimed;
  bool operator==(const PodDevices&) const = default;
};

// Blocks, with an end to it.
class PodResources {
 public:
  virtual ~PodResources() = default;
  // NVIDIA's devices alone. kUnavailable: the kubelet does not answer, or makes no sense.
  virtual base::Result<PodDevices> List() = 0;
  // All that plugins gave to the kubelet to hand out; of no pod. Errors as of List.
  virtual base::Result<std::vector<PluginDevices>> Offered() = 0;
};

}  // namespace tangram::agent

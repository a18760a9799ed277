// The devices of NVIDIA's DRA driver, node by node.
#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

#include "adapter/decode_dra.h"
#include "cluster/pod.h"
#include "cluster/snapshot.h"

namespace tangram::adapter {

inline constexpr std::string_view kNvidiaDriver = "gpu.nvidia.com";

struct NodeDevices {
  std::vector<SliceDevice> devices;
  std::set<std::string> allocated;  // names of devices that a claim holds
};

struct DraPools {
  std::map<std::string, NodeDevices, std::less<>> by_node;
  std::vector<cluster::Gap> gaps;
};

// Takes each pool's highest generation, and that only once all its slices are there; a pool that is
// not whole, or names a device twice, is left out with a gap, as the scheduler leaves it out.
// Slices of other drivers, and those that are not of one node, are left out in silence.
DraPools ReadPools(const std::vector<Slice>& slices, const std::vector<cluster::Claim>& claims);

// "gpu-0" and "gpu-0-mig-1g10gb-19-0", as the driver names devices; absent parts are -1 or empty.
struct DeviceName {
  int card = -1;
  std::string profile;  // "1g10gb"
  int profile_id = -1;
  int start = -1;
};
DeviceName ParseDeviceName(std::string_view name);

}  // namespace tangram::adapter

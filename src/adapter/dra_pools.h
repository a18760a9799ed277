// The devices of NVIDIA's DRA driver, node by node.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/units.h"
#include "cluster/device.h"
#include "cluster/pod.h"
#include "cluster/snapshot.h"

namespace tangram::adapter {

// What NVIDIA's driver says of a device (dra-driver-nvidia-gpu), and is looked at here.
struct SliceDevice {
  std::string name;          // "gpu-0", "gpu-0-mig-1g10gb-19-0"
  std::string type;          // "gpu", "mig"
  std::string uuid;          // of the card, or of a MIG device that is there
  std::string parent_uuid;   // of a MIG device's card
  std::string product_name;  // "NVIDIA A100-SXM4-40GB"
  std::string profile;       // "1g.10gb"
  std::optional<base::MiB> memory;
  bool operator==(const SliceDevice&) const = default;
};
SliceDevice ReadNvidiaDevice(const cluster::Device& device);

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
DraPools ReadPools(const cluster::List<cluster::ResourceSlice>& slices,
                   const cluster::List<cluster::Claim>& claims);

// "gpu-0" and "gpu-0-mig-1g10gb-19-0", as the driver names devices; absent parts are -1 or empty.
struct DeviceName {
  int card = -1;
  std::string profile;  // "1g10gb"
  int profile_id = -1;
  int start = -1;
};
DeviceName ParseDeviceName(std::string_view name);

}  // namespace tangram::adapter

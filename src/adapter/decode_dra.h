// resource.k8s.io ResourceClaim and ResourceSlice: v1, and the older v1beta2 and v1beta1 forms.
#pragma once

#include <simdjson.h>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/units.h"
#include "cluster/pod.h"

namespace tangram::adapter {

base::Result<cluster::Claim> DecodeClaim(simdjson::ondemand::object object);

// The attributes that NVIDIA's driver publishes (dra-driver-nvidia-gpu); others are left out.
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

struct Slice {
  std::string name;
  std::string driver;
  std::string node;  // spec.nodeName; empty where the slice is for other nodes too
  std::string pool;
  std::int64_t generation = 0;
  std::int64_t pool_slices = 0;  // resourceSliceCount
  std::vector<SliceDevice> devices;
  bool operator==(const Slice&) const = default;
};

// Unprefixed attribute names take the driver's domain, so "uuid" and "gpu.nvidia.com/uuid" are one.
base::Result<Slice> DecodeSlice(simdjson::ondemand::object object);

}  // namespace tangram::adapter

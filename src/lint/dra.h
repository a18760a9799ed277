// Where the parts of DRA objects are: claims, templates of claims, device classes.
#pragma once

#include <string_view>
#include <vector>

#include "lint/objects.h"

namespace tangram::lint {

inline constexpr std::string_view kDraGroup = "resource.k8s.io/";
inline constexpr std::string_view kNvidiaDriver = "gpu.nvidia.com";

bool IsDra(const Object& object);  // ResourceClaim, ResourceClaimTemplate, DeviceClass of the group

// One entry of devices.requests.
struct DeviceRequest {
  const Value* node = nullptr;
  Path path;
};
std::vector<DeviceRequest> RequestsOf(const Object& object);

// One CEL expression, and the class whose own selectors are tried before it.
struct Selector {
  const Value* expression = nullptr;
  Path path;
  std::string_view device_class;  // "" in a DeviceClass itself
};
std::vector<Selector> SelectorsOf(const Object& object);

}  // namespace tangram::lint

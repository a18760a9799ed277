// resource.k8s.io ResourceClaim, ResourceSlice and DeviceClass: v1, and the older v1beta2 and
// v1beta1 forms.
#pragma once

#include <simdjson.h>

#include <string>
#include <vector>

#include "adapter/json.h"
#include "base/result.h"
#include "cluster/device.h"
#include "cluster/pod.h"

namespace tangram::adapter {

base::Result<cluster::Claim> DecodeClaim(simdjson::ondemand::object object);

// Attributes of kinds that are not known, and lists, are kept as lists: there, and no more.
base::Result<cluster::ResourceSlice> DecodeSlice(simdjson::ondemand::object object);

base::Result<cluster::DeviceClass> DecodeDeviceClass(simdjson::ondemand::object object);

// {"cel": {"expression": ...}} of classes and of requests.
std::vector<std::string> ReadDeviceSelectors(Json list);

}  // namespace tangram::adapter

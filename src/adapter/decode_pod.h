// core/v1 Pod.
#pragma once

#include <simdjson.h>

#include "base/result.h"
#include "cluster/pod.h"

namespace tangram::adapter {

// Fails, naming pod and field, where a field that is read has another type than the API's. Reads no
// env, args, command, volume or probe of a container, and no annotation outside the allow list.
base::Result<cluster::Pod> DecodePod(simdjson::ondemand::object object);

}  // namespace tangram::adapter

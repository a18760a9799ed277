// core/v1 Pod.
#pragma once

#include <simdjson.h>

#include <string>

#include "base/result.h"
#include "cluster/pod.h"

namespace tangram::adapter {

// Fails, naming pod and field, where a field that is read has another type than the API's. Reads no
// env, args, command, volume or probe of a container, and no annotation outside the allow list.
base::Result<cluster::Pod> DecodePod(simdjson::ondemand::object object);
// The same of a pod that is about to be made: it may have no name yet.
base::Result<cluster::Pod> DecodeNewPod(simdjson::ondemand::object object);

// A pod, and what has to be sent again when it is given a node.
struct LivePod {
  cluster::Pod pod;
  // Of a pod behind our scheduling gate: spec.affinity.nodeAffinity as it stands, JSON; else empty.
  std::string node_affinity;
};
base::Result<LivePod> DecodeLivePod(simdjson::ondemand::object& object);

}  // namespace tangram::adapter

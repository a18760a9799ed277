// The one write that sends a pod to its node and takes our gate off.
#pragma once

#include <string>

#include "base/result.h"
#include "control/actuator.h"

namespace tangram::adapter {

// Who leads, on what the leader writes (docs/high-availability.md).
inline constexpr const char* kFenceAnnotation = "tangram.dev/fence";

// A strategic merge patch, conditional on uid and resourceVersion. Facts of the API server that
// it rests on (Kubernetes 1.36.1, observed):
//   - `$patch: delete` removes our gate by its name and leaves those of others;
//   - the terms of required node affinity are one list, which is replaced: the pod's own terms are
//     sent again, each with our condition added, since a term may only be narrowed;
//   - an empty term selects no node and would select ours: it stays empty.
// One node is named by the field metadata.name, which takes no more than one; several by the label
// kubernetes.io/hostname, with a preference for the first. `fence`: the leader's, empty for none.
// kInvalid: the affinity that the model keeps is no JSON object.
base::Result<std::string> LiftPatch(const control::LiftGate& lift, const std::string& fence);

}  // namespace tangram::adapter

// The GpuClass object, in a file or as the API server returns it -> the class (docs/classes.md).
#pragma once

#include <string_view>
#include <vector>

#include "base/result.h"
#include "cluster/gpu_class.h"

namespace tangram::objects {

inline constexpr std::string_view kGpuClassKind = "GpuClass";

// The classes of a YAML or JSON text: one or several documents, and lists of objects as kubectl
// writes them. By name; names are unique. What a class leaves out is as in GpuClass{}. It takes
// exactly what the API server takes by deploy/crds; only unknown fields, which the API server drops
// with a warning, are refused. Error kInvalid names the line, the object and the field, what was
// found and what to write. So are fallbacks refused that lead back to their class; one that is not
// in the text may be in the cluster.
base::Result<std::vector<cluster::GpuClass>> ReadGpuClasses(std::string_view text);

}  // namespace tangram::objects

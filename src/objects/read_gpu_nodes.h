// The GpuNode object, as the agent and the control plane write it -> cluster::GpuNode.
#pragma once

#include <string_view>
#include <vector>

#include "base/result.h"
#include "cluster/gpu_node.h"

namespace tangram::objects {

inline constexpr std::string_view kGpuNodeKind = "GpuNode";

// The GpuNodes of a YAML or JSON text, by name, as ReadPools reads pools. Error kInvalid: it names
// line, object, field, what was found and what to write.
base::Result<std::vector<cluster::GpuNode>> ReadGpuNodes(std::string_view text);

}  // namespace tangram::objects

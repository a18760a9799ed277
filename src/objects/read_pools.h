// The file form of the GpuPool object -> the pools of a plan's policy (docs/pools.md).
#pragma once

#include <string_view>
#include <vector>

#include "base/result.h"
#include "plan/policy.h"

namespace tangram::objects {

inline constexpr std::string_view kPoolKind = "GpuPool";

// The pools of a YAML or JSON text: one or several documents, and lists of objects as kubectl
// writes them. By name; names are unique. What a pool leaves out is as in `defaults`, except the
// mode, which each states. Error kInvalid names the line, the object and the field, what was found
// and what to write; whatever contradicts itself is an error. Whether two pools select the same
// node only a snapshot tells (plan::CheckPools).
base::Result<std::vector<plan::Pool>> ReadPools(std::string_view text,
                                                const plan::NodePolicy& defaults);

}  // namespace tangram::objects

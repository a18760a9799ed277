// Where the fallbacks of a class lead.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "cluster/gpu_class.h"

namespace tangram::cluster {

// A shortest way by fallbacks from the class of that name back to itself, both ends included: {"a",
// "b", "a"}; empty where there is none. Of equally short ways the one that earlier fallbacks take.
// Fallbacks that are no class of the list lead nowhere. O(classes x fallbacks, by name).
std::vector<std::string> FallbackCycle(const std::vector<GpuClass>& classes, std::string_view name);

}  // namespace tangram::cluster

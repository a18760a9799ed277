// Pods that start together or not at all.
#pragma once

#include <string_view>
#include <vector>

#include "cluster/pod.h"

namespace tangram::plan {

inline constexpr std::string_view kGangLabel = "tangram.dev/gang";

using Gang = std::vector<const cluster::Pod*>;

// The pods in groups: those of one namespace with equal gang labels together, every other pod
// alone. Groups stand where their first pod stands.
std::vector<Gang> GangsOf(const std::vector<const cluster::Pod*>& pods);

bool IsInGang(const cluster::Pod& pod);

}  // namespace tangram::plan

// Pods that start together or not at all.
#pragma once

#include <string_view>
#include <utility>
#include <vector>

#include "cluster/pod.h"
#include "plan/place/topology.h"

namespace tangram::plan {

inline constexpr std::string_view kGangLabel = "tangram.dev/gang";

using Gang = std::vector<const cluster::Pod*>;

// The pods in groups: those of one namespace with equal gang labels together, every other pod
// alone. Groups stand where their first pod stands.
std::vector<Gang> GangsOf(const std::vector<const cluster::Pod*>& pods);

bool IsInGang(const cluster::Pod& pod);

// Namespace and label; views into the pod.
using GangKey = std::pair<std::string_view, std::string_view>;
GangKey GangKeyOf(const cluster::Pod& pod);

// How near its pods want to be (place/topology.h), as far as they say so.
std::vector<TopologyWishes> WishesOfGang(const Gang& gang);
// Whether one of them has to be in one domain with the others.
bool IsBound(const Gang& gang);

}  // namespace tangram::plan

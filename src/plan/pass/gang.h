// Pods that start together or not at all.
#pragma once

#include <string_view>
#include <utility>
#include <vector>

#include "cluster/gang.h"
#include "plan/place/topology.h"

namespace tangram::plan {

using Gang = std::vector<const cluster::Pod*>;

// The pods in groups: those of one namespace and one gang together, every other pod alone. Groups
// stand where their first pod stands.
std::vector<Gang> GangsOf(const std::vector<const cluster::Pod*>& pods,
                          const cluster::GangBook& book);

// By what the pod itself says: also where its PodGroup lets each pod go by itself.
bool IsInGang(const cluster::Pod& pod);

// Namespace and name; views into the pod. An empty name: it is in no gang.
using GangKey = std::pair<std::string_view, std::string_view>;
GangKey GangKeyOf(const cluster::Pod& pod);

// How near its pods want to be (place/topology.h), as far as they say so.
std::vector<TopologyWishes> WishesOfGang(const Gang& gang);
// Whether one of them has to be in one domain with the others.
bool IsBound(const Gang& gang);

}  // namespace tangram::plan

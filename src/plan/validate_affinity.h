// Whether pods are near and far from others as they say; a part of plan/validate.h.
#pragma once

#include <set>
#include <string>
#include <vector>

#include "cluster/snapshot.h"

namespace tangram::plan {

// A node and the pods on it.
struct Occupied {
  const cluster::Node* node = nullptr;
  const std::vector<const cluster::Pod*>* pods = nullptr;
};

// What keeps the pod off `on`, one of `nodes`, while the others are where they are: required pod
// affinity, anti-affinity of either side, or spread. Empty: nothing. The pod itself is on none.
// Looks at every pod, each time.
std::string WhyApart(const std::vector<Occupied>& nodes, const cluster::Snapshot& snapshot,
                     const cluster::Node& on, const cluster::Pod& pod);

}  // namespace tangram::plan

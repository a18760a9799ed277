// What a cluster can do beside what its nodes offer.
#pragma once

#include <map>
#include <string>

#include "cluster/snapshot.h"

namespace tangram::plan::classes {

struct Abilities {
  bool claims = true;           // resource.k8s.io/v1 is served
  bool first_available = true;  // prioritised lists: Kubernetes 1.34 and later
  // Extended resources that a DeviceClass backs (spec.extendedResourceName), by name; the class
  // selects whole cards. Asking for one reaches nodes of both worlds.
  std::map<std::string, std::string, std::less<>> extended{};
  // Nodes of other kinds than those that are there may come: an autoscaler. Then no class is
  // refused for its size, unless no GPU that is known could meet it.
  bool nodes_may_come = false;
};

// What the snapshot says of it; whether nodes may come is for the caller to know. A class is tried
// on one device of each type (attribute `type` of NVIDIA's driver), not on all of them.
Abilities AbilitiesOf(const cluster::Snapshot& snapshot);

}  // namespace tangram::plan::classes

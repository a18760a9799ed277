// What DCGM's series say of the cards themselves: their UUIDs and their MIG instances. Pure.
#pragma once

#include <vector>

#include "cluster/snapshot.h"

namespace tangram::adapter {

// Sets the UUIDs and observed layouts of `nodes`, and in `devices` the index of cards whose UUID
// the cluster names. Gaps say what does not agree.
std::vector<cluster::Gap> Observe(std::vector<cluster::DeviceUsage>& devices,
                                  cluster::List<cluster::Node>& nodes);

}  // namespace tangram::adapter

// What must hold between the values of a snapshot, beyond the form of each.
#pragma once

#include <optional>

#include "cluster/fault.h"
#include "cluster/snapshot.h"

namespace tangram::cluster {

// The first thing that is wrong: a name that is there twice, a card's index that is there twice on
// its node, a window that ends before it starts. Indexes in the answer count as in `snapshot`.
std::optional<Fault> Check(const Snapshot& snapshot);

}  // namespace tangram::cluster

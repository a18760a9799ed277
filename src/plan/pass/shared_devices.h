// The devices of a node that pods share, or may share, and who is on them.
#pragma once

#include <string>
#include <vector>

#include "plan/pass/world.h"
#include "plan/share/sharing.h"

namespace tangram::plan {

// The devices of the kind on the node, how they are shared now, and who runs on them. No devices:
// it has none, or they are shared in more ways than one.
SharedDevices DevicesOf(const NodeRoom& node, const ResourceKind& kind);

// The pods that the plan puts onto devices of the kind, beside those that run there.
std::vector<Sharer> ComingTo(const NodeRoom& node, const ResourceKind& kind);

// Whether the devices that the pod asks for have the memory that it says it needs, as far as both
// are known.
bool HasGpuMemory(const NodeRoom& node, const cluster::Pod& pod);

// Whether the node hands out devices of the kind several times.
bool AreShared(const NodeRoom& node, const ResourceKind& kind);

// Why the pod may not get what it asks for beside those who share it: it does not let others share,
// what is known of memory does not fit, or a latency suffers. Empty: it may, or nothing is shared.
std::string WhyNotShared(const NodeRoom& node, const cluster::Pod& pod);
bool SharesWell(const NodeRoom& node, const cluster::Pod& pod);

}  // namespace tangram::plan

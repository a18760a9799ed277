// Whether a pod may run on a node: what the scheduler's filters of node name, selector, taints and
// readiness say. Room is not looked at, nor affinity beyond the node selector, which the snapshot
// does not hold.
#pragma once

#include "cluster/node.h"
#include "cluster/pod.h"

namespace tangram::cluster {

// The first entry of the pod's node selector that the node's labels do not meet; nullptr: all met.
const Labels::value_type* UnmetSelector(const Node& node, const Pod& pod);

// The first taint that keeps the pod off the node (NoSchedule, NoExecute) and is not tolerated;
// nullptr: none.
const Taint* UntoleratedTaint(const Node& node, const Pod& pod);

// Ready, not cordoned, selector met, taints tolerated.
bool Admits(const Node& node, const Pod& pod);

}  // namespace tangram::cluster

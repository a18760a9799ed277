// Whether a pod may run on a node: what the scheduler's filters of node selector, required node
// affinity, taints and readiness say. Room is not looked at, nor where other pods run.
#pragma once

#include "cluster/node.h"
#include "cluster/pod.h"

namespace tangram::cluster {

// The first entry of the pod's node selector that the node's labels do not meet; nullptr: all met.
const Labels::value_type* UnmetSelector(const Node& node, const Pod& pod);

// Whether one of the terms holds for the node; false where there is none.
bool MeetsOneOf(const Node& node, const std::vector<NodeTerm>& terms);

// Whether one of the terms of the required node affinity holds; true where there is none.
bool MeetsAffinity(const Node& node, const Pod& pod);

// The weights of the preferred node affinity that hold, summed.
int PreferenceFor(const Node& node, const Pod& pod);

// The first taint that keeps the pod off the node (NoSchedule, NoExecute) and is not tolerated;
// nullptr: none.
const Taint* UntoleratedTaint(const Node& node, const Pod& pod);

// Ready, not cordoned, selector and affinity met, taints tolerated.
bool Admits(const Node& node, const Pod& pod);

}  // namespace tangram::cluster

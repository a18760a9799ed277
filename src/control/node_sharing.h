// How the devices of a node are really shared, against how they are to be.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "cluster/snapshot.h"
#include "control/node_layout.h"
#include "plan/operation.h"

namespace tangram::control {

// The label by which the device plugin is told of its configuration.
inline constexpr std::string_view kPluginConfig = "nvidia.com/device-plugin.config";

// What differs, for a person; empty: nothing does. Both what feature discovery says and what the
// kubelet offers to pods have to agree, as in node_layout.h.
std::string DifferenceOf(const cluster::Node& node, const plan::Resharing& reshare, Side side);

// Pods on the node that hold such devices and are in the way; empty: none is.
std::vector<const cluster::Pod*> PodsInTheWay(const cluster::Node& node,
                                              const plan::Resharing& reshare,
                                              const cluster::Snapshot& snapshot);

// How they are shared now.
cluster::Sharing SharingOf(const cluster::Node& node, const std::string& profile);

}  // namespace tangram::control

// DCGM's records put to the nodes, cards and instances of a snapshot. Pure.
#pragma once

#include <string>

#include "cluster/snapshot.h"
#include "telemetry/dcgm.h"

namespace tangram::adapter {

// The snapshot with `usage` set from what DCGM recorded.
//
// A record finds its node by the UUID of a card that the cluster names, else by the node that the
// series names (its name, or kubernetes.io/hostname, with or without domain), else by where its pod
// runs. One that finds none keeps an empty node and is counted in a gap: the node is gone. Cards
// whose UUID is not known get it from the card of their index. Instances that DCGM shows replace
// layouts that were inferred, where their profiles are those that the node has now; a window may
// reach back before a change of layout.
//
// Ratios come as parts per million, rounded toward zero by telemetry/, and stay so.
cluster::Snapshot JoinUsage(cluster::Snapshot snapshot, const telemetry::DcgmUsage& dcgm,
                            const std::string& source);

}  // namespace tangram::adapter

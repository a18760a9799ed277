// What our agents report of nodes' cards, for the cluster's picture of them.
#pragma once

#include <simdjson.h>

#include "adapter/node_gpus.h"
#include "base/result.h"
#include "cluster/gpu_node.h"

namespace tangram::adapter {

base::Result<cluster::GpuNode> DecodeGpuNode(simdjson::ondemand::object& object);

// Puts the cards of the report in place of those that were spread from the node's counts: their
// UUIDs, where each instance stands, and which pods hold what. Only where both agree on how many
// instances there are of each profile: right behind a cut the node's labels are out of date, and an
// agent that was taken off leaves a report that nobody renews. What DRA publishes of a card stays.
void AddReport(const cluster::Node& node, const cluster::GpuNode& report, NodeGpus& read);

}  // namespace tangram::adapter

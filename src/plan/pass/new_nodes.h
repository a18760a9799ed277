// Nodes that are not there yet.
#pragma once

#include <vector>

#include "plan/pass/world.h"

namespace tangram::plan {

// One node for each kind of node that the cluster has: what the provisioner can make again, as it
// is and, where the policy allows and spot costs less, as spot. Cheapest first; those without a
// price last.
std::vector<NodeRoom> Templates(const World& world);

// Whether the pool may have one node more, as far as the pool says.
bool MayGrow(const World& world, const Pool* pool);

// Empty, like the template; it is not in the world yet.
NodeRoom NewNode(World& world, const NodeRoom& like);

// Puts it into the world, under a name that no node has.
void AddNamed(World& world, NodeRoom fresh);

// The node is in the world.
void SayAdded(World& world, NodeRoom& node, Pass pass);

// Adds nodes whose cards are shared for the pods of the demand that ask for a share of a card:
// those that cost least for each pod they serve.
void AddSharedNodes(World& world, Pass pass);

}  // namespace tangram::plan

// Whether an operation on a node can begin, and what it is to do, from what an approved plan asks
// for and what the node has now.
//
// Pure; everything is borrowed for the call.
#pragma once

#include <string>
#include <vector>

#include "base/clock.h"
#include "cluster/gpu_node.h"
#include "cluster/snapshot.h"
#include "plan/operation.h"
#include "plan/policy.h"
#include "plan/proposal.h"

namespace tangram::control {

// A node, and how it is changed.
struct NodeToChange {
  const cluster::Node& node;
  const cluster::GpuNode* report = nullptr;  // of our agent there; nullptr: there is none
  plan::MigBackend backend = plan::MigBackend::kMigManager;  // who cuts cards, of its pool
};

// Why that change of the node can never be made so, and what to do; empty: it can.
std::string WhyNever(const NodeToChange& at, const plan::Change& change);

// Why it cannot be made now; empty: it can. What the node says of itself has to be what the change
// begins with.
std::string WhyNotYet(const NodeToChange& at, const plan::Change& change, base::Time now);

// The operation for these actions of the plan, all of that node: either Repartitions or one
// Reshare. Pods that it may evict: those that the plan moves off the node, or that its actions
// disturb.
plan::NodeOperation OperationFor(const plan::Proposal& plan, const std::vector<int>& actions,
                                 const NodeToChange& at, const cluster::Snapshot& snapshot);

}  // namespace tangram::control

// The GPUs of a node, from what the cluster reports of them.
//
// In this order of trust: the ResourceSlices of NVIDIA's DRA driver, labels of feature discovery
// (and GKE's), allocatable resources. What they do not say is not made up: a layout that is only
// counted for the whole node is spread over its cards and marked inferred; where the counts fit no
// layout the instances are left out and a gap says so.
#pragma once

#include <string>
#include <vector>

#include "adapter/dra_pools.h"
#include "cluster/node.h"
#include "cluster/snapshot.h"

namespace tangram::adapter {

struct NodeGpus {
  cluster::MigStrategy strategy = cluster::MigStrategy::kNone;
  std::vector<cluster::Gpu> gpus;  // by index
  std::vector<cluster::Gap> gaps;
};

// `devices` may be null: DRA publishes nothing of this node.
NodeGpus GpusOf(const cluster::Node& node, const NodeDevices* devices);

// The cards that a node's devices of DRA make up.
NodeGpus GpusOfDevices(const std::string& node, const NodeDevices& devices);

// One card whose instances were seen on it.
struct ObservedLayout {
  int index = 0;                             // Gpu::index
  std::vector<cluster::Instance> instances;  // empty: seen as a whole card, MIG off
};

// Puts what was seen in place of what was inferred, and spreads the rest of the node's inferred
// instances over the cards that were not seen.
NodeGpus WithObserved(const cluster::Node& node, const std::vector<ObservedLayout>& observed);

}  // namespace tangram::adapter

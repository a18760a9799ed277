// Which nodes are near each other, by their labels, and how near a gang wants its pods.
//
// Levels, nearest first:
//   Host    the node itself
//   NVLink  nvidia.com/gpu.clique (GPU Feature Discovery); a node without one is its own
//   Rack    cloud.google.com/gce-topology-subblock, topology.k8s.aws/network-node-layer-3
//   Block   cloud.google.com/gce-topology-block, topology.k8s.aws/network-node-layer-2
//   Zone    topology.kubernetes.io/zone
// A pod says how far its gang may reach: by the label tangram.dev/topology one of these words, or
// by Kueue's annotation kueue.x-k8s.io/podset-required-topology the key of a label (a hostname or
// zone is that level). tangram.dev/topology-preferred and podset-preferred-topology say how far it
// should reach, if it can. A word or key that no node has is a domain that holds nothing.
//
// Which cards of one node are near each other (NUMA, PCIe) is known only by attributes of DRA
// devices, which a snapshot does not hold.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "cluster/snapshot.h"

namespace tangram::plan {

struct TopologyWishes {
  std::string_view required;   // a word or a label key; empty: none
  std::string_view preferred;  // likewise
  bool any() const { return !required.empty() || !preferred.empty(); }
};
TopologyWishes WishesOf(const cluster::Pod& pod);

// Of the node at that level: equal for nodes that are near each other; empty: the node does not
// say.
std::string DomainOf(const cluster::Node& node, std::string_view level);

// Likewise of a node that is to come, like `like`: only the host and the zone are known beforehand.
std::string DomainOfNew(const cluster::Node& like, std::string_view name, std::string_view level);

struct Domain {
  std::string name;
  std::vector<std::size_t> nodes;  // places in the list of nodes, ascending
};

// Where a gang may go, in groups that get wider: within a group all domains are as near, by name.
// Every domain lies within one domain of each of the required levels; the groups end with the
// widest that was asked for.
std::vector<std::vector<Domain>> DomainsFor(std::span<const cluster::Node* const> nodes,
                                            std::span<const TopologyWishes> wishes);

}  // namespace tangram::plan

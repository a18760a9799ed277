// Which nodes a pod may run on, by what it and the nodes say of each other; room is not looked at,
// nor what else runs there.
#pragma once

#include <string>
#include <unordered_map>
#include <vector>

#include "cluster/snapshot.h"

namespace tangram::plan {

struct Willing {
  // By place in the list of nodes. A node that is not ready or cordoned is willing: it may be
  // again.
  std::vector<bool> by_selector{};  // and required node affinity
  std::vector<std::size_t> all{};   // those whose taints it tolerates too, ascending
  std::vector<std::size_t> now{};   // of all, those that are ready and not cordoned
};

// Works it out once for pods that say the same: a cluster has few kinds of them, and many pods.
class WillingNodes {
 public:
  // Borrows the nodes.
  explicit WillingNodes(std::vector<const cluster::Node*> nodes) : nodes_(std::move(nodes)) {}

  // Valid until the next call.
  const Willing& For(const cluster::Pod& pod);

 private:
  std::vector<const cluster::Node*> nodes_;
  std::unordered_map<std::string, Willing> known_;  // by what the pod says
};

// All that a pod asks for and says about nodes, as text that equal pods have in common.
std::string WordsOf(const cluster::Pod& pod);

// Of it, what it says about nodes.
std::string WordsAboutNodes(const cluster::Pod& pod);

}  // namespace tangram::plan

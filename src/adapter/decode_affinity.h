// Selectors, affinity, topology spread and taints of core/v1.
#pragma once

#include <vector>

#include "adapter/json.h"
#include "cluster/affinity.h"
#include "cluster/node.h"

namespace tangram::adapter {

// LabelSelector. Expressions about labels that controllers make up (pod-template-hash) are left
// out, since those labels are not kept: all revisions of a workload count as one.
cluster::Selector ReadSelector(Json selector);

// NodeSelector: one of the terms has to hold.
std::vector<cluster::NodeTerm> ReadNodeSelector(Json selector);

// A taint, of a node or of a device; what is not there is empty.
cluster::Taint ReadTaint(Json taint);

// spec.affinity; into `affinity`'s nodes, preferred_nodes, pods and anti_pods. What is only
// preferred of other pods is not read.
void ReadAffinity(Json affinity, cluster::Affinity& into);

// spec.topologySpreadConstraints, of which those with ScheduleAnyway are left out.
struct ReadSpread {
  cluster::SpreadConstraint constraint;
  std::vector<std::string> label_keys;  // matchLabelKeys
};
std::vector<ReadSpread> ReadSpreads(Json list);

}  // namespace tangram::adapter

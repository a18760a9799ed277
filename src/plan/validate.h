// Whether a plan can be done, and is what it says: checked without knowing how it was made.
#pragma once

#include <string>
#include <vector>

#include "plan/plan.h"

namespace tangram::plan {

// What is wrong with the plan, a sentence each; empty: nothing. The actions are carried out in
// order on a copy of the counts of the snapshot, and after each must hold:
//   - it names nodes, cards and pods that are there, and needs only actions before it;
//   - no node has less than nothing of CPU, memory or a resource because of it;
//   - pods go only where selector, affinity and taints allow, and other pods (affinity of either
//     side, spread), once, and only pods that wait are placed;
//   - what pods hold on a card stays where it stands, and its layout is one that the model allows;
//   - claims get devices that are there, free, chosen by their selectors and within the counters
//     (validate_claims.h);
//   - only pods that may be moved are, within their disruption budgets;
//   - only pods that are less urgent than one that is placed are evicted, gangs whole;
//   - a node that is given back holds nothing but what every node runs.
// At the end each waiting pod is placed or has a reason, not both; a gang is placed whole or not at
// all; the sums are right; and no certificate claims less than its bound. And nothing is done that
// the policy rules out (validate_policy.h).
std::vector<std::string> Validate(const Plan& plan, const cluster::Snapshot& snapshot,
                                  const PlanPolicy& policy);

}  // namespace tangram::plan

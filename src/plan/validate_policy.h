// Whether a plan does only what its policy allows; the other half of plan/validate.h.
#pragma once

#include <string>
#include <vector>

#include "plan/plan.h"

namespace tangram::plan {

// What of the plan the policy rules out, a sentence each. For each node the policy of the pool that
// selects it holds, or the defaults:
//   - nothing is done to a node that is only observed, but that waiting pods are placed there;
//   - pods are moved, evicted, stopped and resized only where that is allowed;
//   - layouts change only by a backend that can change them there, to profiles that are allowed,
//     and on no more nodes of the pool than allowed;
//   - cards are shared only in the way and as far as allowed;
//   - no more nodes are added than allowed, nor given back.
std::vector<std::string> ValidatePolicy(const Plan& plan, const cluster::Snapshot& snapshot,
                                        const PlanPolicy& policy);

}  // namespace tangram::plan

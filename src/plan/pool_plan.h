// The plan of one pool: what a GpuPlan proposes and one person approves.
//
// It is made under a policy in which every other node is only observed, so that it holds whatever
// becomes of the plans of other pools. Pods that wait are counted as placed, and their placing is
// left out at the end: scheduling gates do that by themselves (docs/placement.md).
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "plan/plan.h"

namespace tangram::plan {

// nullptr: the policy has no pool of that name.
const Pool* PoolNamed(const PlanPolicy& policy, std::string_view name);

// The same policy, with hands off every node that is not of that pool.
PlanPolicy OnlyPool(PlanPolicy policy, std::string_view pool);

// Without the actions that happen at pods' scheduling gates, by themselves: placing those that
// wait, and in a pool of mode Auto making room for them. Also without what can only be done after
// those. Ids and needs are those of the actions that are left; sums and certificates stay.
enum class Gates { kPlace, kPlaceAndEvict };
Plan WithoutGates(Plan plan, Gates gates);

// The plan that is proposed for the pool, validated (validate.h): where something is wrong with it,
// it is neither shown nor proposed.
struct PoolPlan {
  Plan plan{};
  std::vector<std::string> wrong{};
};
PoolPlan MakePoolPlan(const cluster::Snapshot& snapshot, const PlanPolicy& policy,
                      std::string_view pool, const PassDone& done = {});

// What the actions change, and nothing of why or for how much: equal for plans of which one need
// not replace the other. 16 hex digits.
std::string DigestOf(const Plan& plan);

}  // namespace tangram::plan

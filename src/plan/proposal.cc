#include "plan/proposal.h"

#include <algorithm>
#include <utility>

#include "plan/pool_plan.h"

namespace tangram::plan {

bool IsOver(const Proposal& proposal) {
  const auto& conditions = proposal.conditions;
  return cluster::Holds(conditions, "Done") || cluster::Holds(conditions, "Failed") ||
         cluster::Holds(conditions, "Superseded");
}

bool WaitsForPeople(const Proposal& proposal) {
  const auto* executing = cluster::ConditionOf(proposal.conditions, "Executing");
  return executing != nullptr && executing->holds && executing->reason == "WaitsForPeople";
}

std::string ProposalName(std::string pool, const Plan& plan) {
  constexpr std::size_t kLongestPool = 200;  // of the 253 letters of a name
  pool = pool.substr(0, kLongestPool);
  while (pool.ends_with('.') || pool.ends_with('-')) pool.pop_back();
  return pool + "-" + DigestOf(plan);
}

Proposal Propose(const std::string& pool, Plan plan, base::Time taken_at) {
  if (plan.actions.size() > kMostActions) plan.actions.resize(kMostActions);
  plan.waiting.clear();
  Proposal proposal{.name = ProposalName(pool, plan), .pool = pool, .taken_at = taken_at};
  proposal.plan = std::move(plan);
  return proposal;
}

}  // namespace tangram::plan

// A proposal as a person meets it, for the tests of what shows and approves it.
#pragma once

#include <utility>

#include "plan/proposal.h"

namespace tangram::plan::testing {

// Of pool "services": team/web-0 moves from b to a, and b is given back.
inline Proposal EmptiesOneNode(base::Time taken_at) {
  Plan plan;
  const PodName pod{"team", "web-0"};
  plan.actions = {{.id = 0,
                   .pass = Pass::kConsolidate,
                   .change = MovePod{pod, "b", "a"},
                   .reason = "empties b",
                   .disturbs = {pod}},
                  {.id = 1,
                   .pass = Pass::kScale,
                   .change = GiveBack{"b"},
                   .reason = "no pod is left on it",
                   .rate_before = base::MicroUsdPerHour(12'240'000),
                   .needs = {0}}};
  plan.before.nodes = 2;
  plan.before.gpus = 16;
  plan.before.held = plan.after.held = base::MilliGpu(4'000);
  plan.before.rate = base::MicroUsdPerHour(24'480'000);
  plan.after.nodes = 1;
  plan.after.gpus = 8;
  plan.after.rate = base::MicroUsdPerHour(12'240'000);
  return Propose("services", std::move(plan), taken_at);
}

}  // namespace tangram::plan::testing

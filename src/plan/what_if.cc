#include "plan/what_if.h"

#include <algorithm>
#include <chrono>
#include <set>
#include <utility>
#include <variant>

#include "cluster/named.h"
#include "plan/plan.h"
#include "plan/policy.h"

namespace tangram::plan {
namespace {

std::chrono::seconds TimeOf(const cluster::Node& node, const cluster::Usage& usage) {
  const base::Time from = std::max(usage.from, node.created_at);
  return std::chrono::duration_cast<std::chrono::seconds>(std::max(usage.to, from) - from);
}

PlanPolicy PolicyOf(WhatIfStep step) {
  PlanPolicy policy;
  policy.most_new_nodes = 0;
  policy.defaults.stop_idle = step >= WhatIfStep::kStopIdle;
  if (step >= WhatIfStep::kConsolidate) policy.defaults.moves = Moves::kControlled;
  policy.defaults.resize = step >= WhatIfStep::kResize;
  return policy;
}

WhatIfOutcome OutcomeOf(const cluster::Snapshot& snapshot, WhatIfStep step) {
  WhatIfOutcome outcome{.step = step};
  const Plan plan = MakePlan(snapshot, PolicyOf(step));
  std::set<PodName> disturbed;
  for (const Action& action : plan.actions) {
    disturbed.insert(action.disturbs.begin(), action.disturbs.end());
    outcome.stopped += std::holds_alternative<StopPod>(action.change) ? 1 : 0;
    const auto* gone = std::get_if<GiveBack>(&action.change);
    if (gone == nullptr) continue;
    ++outcome.given_back;
    const cluster::Node* node = cluster::NodeNamed(snapshot, gone->node);
    if (node == nullptr || !node->price) {
      ++outcome.unpriced;
      continue;
    }
    outcome.saved += base::Cost(node->price->rate, TimeOf(*node, *snapshot.usage));
  }
  outcome.disturbed = static_cast<std::int64_t>(disturbed.size()) - outcome.stopped;
  return outcome;
}

// `part` of `rate`, as dollars of what was spent.
base::MicroUsd PartOf(base::MicroUsd spent, base::MicroUsdPerHour part,
                      base::MicroUsdPerHour rate) {
  return base::ShareOf(spent, base::Ratio(part.value(), rate.value()));
}

}  // namespace

const WhatIfOutcome& WhatIf::best() const {
  return *std::max_element(
      steps.begin(), steps.end(),
      [](const WhatIfOutcome& a, const WhatIfOutcome& b) { return a.saved < b.saved; });
}

base::Result<WhatIf> WouldHaveSaved(const cluster::Snapshot& snapshot) {
  if (!snapshot.usage) {
    return base::Fail(base::ErrorCode::kInvalid,
                      "the snapshot has no usage: what was wasted over time is not known; take one "
                      "with a Prometheus (tangram snapshot --prometheus URL --window 30d)");
  }
  WhatIf what{.from = snapshot.usage->from, .to = snapshot.usage->to};
  for (const cluster::Node& node : snapshot.nodes) {
    if (node.gpus.empty()) continue;
    if (node.price) {
      what.spent += base::Cost(node.price->rate, TimeOf(node, *snapshot.usage));
    } else {
      ++what.unpriced_nodes;
    }
  }
  const Findings findings = FindLeaks(snapshot, {});
  const Split& split = findings.totals.split;
  for (std::size_t leak = 0; leak < kLeaks; ++leak) {
    what.leaked[leak] = PartOf(what.spent, split.waste[leak], split.cost);
  }
  what.useful = PartOf(what.spent, split.useful, split.cost);
  what.unmeasured = PartOf(what.spent, split.unmeasured, split.cost);
  for (std::size_t step = 0; step < kWhatIfSteps; ++step) {
    what.steps[step] = OutcomeOf(snapshot, static_cast<WhatIfStep>(step));
  }
  return what;
}

}  // namespace tangram::plan

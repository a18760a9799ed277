#include "plan/pass/movable.h"

#include <algorithm>
#include <array>

#include "plan/leaks/judge.h"
#include "plan/pass/gang.h"
#include "plan/pass/world.h"

namespace tangram::plan {
OwnerKey OwnerKeyOf(const cluster::Pod& pod) { return {pod.ns, pod.owner.kind, pod.owner.name}; }

bool IsMadeAgain(const cluster::Pod& pod) {
  constexpr std::array<std::string_view, 3> kKinds = {"Deployment", "ReplicaSet", "StatefulSet"};
  return std::find(kKinds.begin(), kKinds.end(), pod.owner.kind) != kKinds.end();
}

bool IsEvictable(const cluster::Pod& pod) {
  // What goes already needs no eviction. What comes in place of one with claims would get other
  // devices, which nobody has looked for.
  const bool stays = !pod.terminating;
  return stays && !pod.owner.kind.empty() && !RunsEverywhere(pod) && !IsPinned(pod) &&
         pod.claims.empty();
}

Movable::Movable(const cluster::Snapshot& snapshot)
    : snapshot_(snapshot),
      budgets_are_known_(cluster::GapIn(snapshot, "poddisruptionbudgets.policy") == nullptr) {
  for (const cluster::Pod& pod : snapshot.pods) {
    if (cluster::HoldsDevices(pod) && pod.ready) ++replicas_[OwnerKeyOf(pod)];
  }
}

bool Movable::IsMovable(const cluster::Pod& pod, Moves moves) const {
  if (moves == Moves::kNone || !budgets_are_known_) return false;
  if (!IsMadeAgain(pod) || IsPinned(pod) || IsInGang(pod)) return false;
  // A claim may name a device of this node.
  if (!pod.ready || pod.terminating || !pod.claims.empty()) return false;
  if (moves == Moves::kControlled) return true;
  const auto replicas = replicas_.find(OwnerKeyOf(pod));
  return replicas != replicas_.end() && replicas->second > 1;
}

std::vector<const cluster::DisruptionBudget*> Movable::BudgetsOf(const cluster::Pod& pod) const {
  std::vector<const cluster::DisruptionBudget*> budgets;
  for (const cluster::DisruptionBudget& budget : snapshot_.budgets) {
    if (cluster::Selects(budget, pod.ns, pod.labels)) budgets.push_back(&budget);
  }
  return budgets;
}

bool Movable::MayMove(const std::vector<const cluster::Pod*>& pods, Moves moves) const {
  return IsWithinBudgets(pods) &&
         std::all_of(pods.begin(), pods.end(),
                     [&](const cluster::Pod* pod) { return IsMovable(*pod, moves); });
}

bool Movable::IsWithinBudgets(const std::vector<const cluster::Pod*>& pods) const {
  if (!budgets_are_known_) return false;
  auto used = used_;
  for (const cluster::Pod* pod : pods) {
    for (const cluster::DisruptionBudget* budget : BudgetsOf(*pod)) {
      if (++used[budget] > budget->disruptions_allowed) return false;
    }
  }
  return true;
}

void Movable::Moved(const std::vector<const cluster::Pod*>& pods) {
  for (const cluster::Pod* pod : pods) {
    for (const cluster::DisruptionBudget* budget : BudgetsOf(*pod)) ++used_[budget];
  }
}

}  // namespace tangram::plan

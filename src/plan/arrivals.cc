#include "plan/arrivals.h"

#include <algorithm>
#include <utility>

#include "plan/pass/gang.h"
#include "plan/pass/passes.h"

namespace tangram::plan {
namespace {

// Nothing has to happen in the cluster before the action: what it needs is there.
bool IsDoneAtOnce(const Action& action) {
  return std::holds_alternative<PlacePod>(action.change) && action.needs.empty();
}

}  // namespace

Arrivals::Arrivals(const cluster::Snapshot& snapshot, const PlanPolicy& policy)
    : world_(std::make_unique<World>(snapshot, policy)), plan_(PlanIn(*world_)) {
  world_->demand().clear();  // room only gets less here: who waits, waits
  lasts_ = world_->unknown_room().empty() &&
           std::all_of(plan_.actions.begin(), plan_.actions.end(), IsDoneAtOnce);
}

Arrivals::~Arrivals() = default;

// Its claims, and the one that the scheduler makes for it, are not those of the snapshot.
bool Arrivals::IsByClaim(const cluster::Pod& pod) const {
  return !pod.claims.empty() || world_->book().Concerns(pod);
}

bool Arrivals::Came(const cluster::Pod& pod) {
  lasts_ = lasts_ && !IsByClaim(pod) && world_->Come(pod);
  return lasts_;
}

bool Arrivals::Place(const std::vector<const cluster::Pod*>& pods, std::vector<Action>& placed) {
  for (const cluster::Pod* pod : pods) {
    lasts_ = lasts_ && !IsInGang(*pod) && !IsByClaim(*pod) && world_->Come(*pod);
  }
  if (!lasts_) return false;
  Admit(*world_);
  PlacePods(*world_);
  placed = world_->TakePlan().actions;
  lasts_ = placed.size() == pods.size();
  return lasts_;
}

}  // namespace tangram::plan

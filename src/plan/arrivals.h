// Pods that come one after another, without looking at the whole cluster again for each.
#pragma once

#include <memory>
#include <vector>

#include "plan/plan.h"

namespace tangram::plan {

// Makes a plan, and keeps what it knows of the cluster for the pods that come next. It holds for as
// long as pods only come, or go: one that is gone since counts as still there. Anything else that
// changed is not seen; then another one has to be made. Pure, as MakePlan.
class Arrivals {
 public:
  // Both must outlive it, and stay where they are.
  Arrivals(const cluster::Snapshot& snapshot, const PlanPolicy& policy);
  ~Arrivals();
  Arrivals(const Arrivals&) = delete;
  Arrivals& operator=(const Arrivals&) = delete;

  // What MakePlan says of the snapshot. It counts as carried out.
  const Plan& plan() const { return plan_; }

  // These two say false where a whole plan is needed; then nothing more is to be asked here.
  //
  // A pod came that runs on a node.
  bool Came(const cluster::Pod& pod);
  // These pods came and wait: each is given a node in `placed`, with actions that need no others. A
  // pod that does not fit, belongs to a gang or has claims needs a whole plan.
  bool Place(const std::vector<const cluster::Pod*>& pods, std::vector<Action>& placed);

 private:
  bool IsByClaim(const cluster::Pod& pod) const;

  std::unique_ptr<class World> world_;
  Plan plan_;
  bool lasts_ = true;
};

}  // namespace tangram::plan

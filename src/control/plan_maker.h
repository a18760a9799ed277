// Who makes plans for the control plane: away from its thread, since the plan of a large cluster
// takes seconds, and pods wait meanwhile.
#pragma once

#include <memory>
#include <string>

#include "cluster/snapshot.h"
#include "plan/policy.h"

namespace tangram::control {

struct PlanOrder {
  std::string pool{};
  plan::PlanPolicy policy{};
  std::shared_ptr<const cluster::Snapshot> snapshot{};  // not null
};

// Never blocks, never calls back into the caller. What was made comes later, once, to
// Controller::Planned.
class PlanMaker {
 public:
  virtual ~PlanMaker() = default;
  virtual void Start(PlanOrder order) = 0;
};

}  // namespace tangram::control

#include "control/operation_step.h"

#include "control/agent_saga.h"
#include "control/mig_manager_saga.h"
#include "control/reshare_saga.h"

namespace tangram::control {

StepLimits StepLimits::Hurried(int by) const {
  StepLimits hurried = *this;
  for (base::Milliseconds* span :
       {&hurried.reserve, &hurried.evict, &hurried.apply, &hurried.reboot, &hurried.verify,
        &hurried.settle, &hurried.hold, &hurried.bring}) {
    *span /= by;
  }
  return hurried;
}

OperationMove NextStep(const plan::NodeOperation& operation, const OperationWorld& world,
                       const StepLimits& limits, base::Time now) {
  if (operation.reshare) return ReshareSaga(operation, world, limits, now).Run();
  const bool by_agent = operation.backend == plan::MigBackend::kAgent;
  if (by_agent) return AgentSaga(operation, world, limits, now).Run();
  return MigManagerSaga(operation, world, limits, now).Run();
}

}  // namespace tangram::control

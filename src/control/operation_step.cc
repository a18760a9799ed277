#include "control/operation_step.h"

#include "control/mig_manager_saga.h"

namespace tangram::control {

OperationMove NextStep(const plan::NodeOperation& operation, const OperationWorld& world,
                       const StepLimits& limits, base::Time now) {
  return MigManagerSaga(operation, world, limits, now).Run();
}

}  // namespace tangram::control

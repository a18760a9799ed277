// The NodeOperation object as JSON; deploy/crds holds its schema.
#pragma once

#include <string>

#include "plan/operation.h"

namespace tangram::report {

// Without its status.
std::string RenderNodeOperation(const plan::NodeOperation& operation);

}  // namespace tangram::report

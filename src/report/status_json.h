// The status of our objects as JSON, as deploy/crds has it: the value of the field "status".
#pragma once

#include <string>
#include <string_view>

#include "plan/object_status.h"
#include "plan/operation.h"
#include "plan/proposal.h"

namespace tangram::report {

// `fence`: which leader writes (docs/high-availability.md); "" where none is elected.
std::string RenderPlanStatus(const plan::Proposal& plan, std::string_view fence);
std::string RenderOperationStatus(const plan::NodeOperation& operation, std::string_view fence);
std::string RenderPoolStatus(const plan::PoolStatus& status, std::string_view fence);
std::string RenderClassStatus(const plan::ClassStatus& status, std::string_view fence);

}  // namespace tangram::report

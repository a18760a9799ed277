// The GpuPlan object, as report/plan_json.h and report/status_json.h write it -> plan::Proposal.
#pragma once

#include <string_view>
#include <vector>

#include "base/result.h"
#include "plan/proposal.h"

namespace tangram::objects {

inline constexpr std::string_view kPlanKind = "GpuPlan";

// The plans of a YAML or JSON text, by name, as ReadPools reads pools. What is only shown of an
// action is left out: flags of model servers, devices of claims. Error kInvalid names line, object,
// field, what was found and what to write.
base::Result<std::vector<plan::Proposal>> ReadPlans(std::string_view text);

}  // namespace tangram::objects

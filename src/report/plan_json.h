// A plan as JSON (docs/plan.md lists the fields; docs/schema/plan.schema.json is its schema).
#pragma once

#include <string>

#include "cluster/snapshot.h"
#include "plan/plan.h"
#include "plan/proposal.h"

namespace tangram::report {

std::string RenderPlanJson(const cluster::Snapshot& snapshot, const plan::Plan& plan);

// The GpuPlan object, without its status; deploy/crds holds its schema.
std::string RenderGpuPlan(const plan::Proposal& proposal);

}  // namespace tangram::report

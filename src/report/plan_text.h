// A plan for a terminal: at most 100 columns, as a person reads a diff.
#pragma once

#include <string>

#include "cluster/snapshot.h"
#include "plan/plan.h"
#include "report/text.h"

namespace tangram::report {

// Normal: actions that differ in nothing but the pod or the node are one line. Wide: each is a line
// of its own, with its number and what it needs.
std::string RenderPlan(const cluster::Snapshot& snapshot, const plan::Plan& plan,
                       const TextOptions& options);

}  // namespace tangram::report

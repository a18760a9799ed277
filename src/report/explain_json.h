// Why a pod is where it is or why it waits, for programs (docs/schema/explain.schema.json).
#pragma once

#include <string>

#include "cluster/snapshot.h"
#include "plan/explain.h"

namespace tangram::report {

// One object on one line.
std::string RenderExplanationJson(const cluster::Snapshot& snapshot, const plan::Explanation& told);

}  // namespace tangram::report

// Why a class cannot be had, and what comes nearest.
#pragma once

#include <string_view>

#include "plan/classes/choice.h"
#include "plan/classes/index.h"

namespace tangram::plan::classes {

Refusal RefuseUnknown(const Index& index, std::string_view class_name);

// Whether some GPU that is known could be that, were there a node with it.
bool SomeGpuCould(const Need& need);

// No device of the cluster is what the pod needs, nor can be made so.
Refusal RefuseNever(const Index& index, const cluster::GpuClass& of, const Need& need);

// Devices that meet the need cannot be told from others of the same name.
Refusal RefuseUntold(const cluster::GpuClass& of, const Need& need);

}  // namespace tangram::plan::classes

// Whether a class can be met, and how many devices serve it: what its status says.
#pragma once

#include "plan/classes/index.h"
#include "plan/object_status.h"

namespace tangram::plan::classes {

// Of the class itself, without its fallbacks. Conditions without their times.
ClassStatus StatusOf(const Index& index, const Index::Entry& entry);

}  // namespace tangram::plan::classes

// A need as a DRA claim for NVIDIA's driver.
//
// Every attribute is guarded (`.?x.orValue(...)`): one device without it would abort the pod's
// whole scheduling, other alternatives included. Memory is a capacity and compared as a quantity.
#pragma once

#include <span>
#include <string_view>

#include "plan/classes/choice.h"
#include "plan/classes/index.h"
#include "plan/classes/need.h"

namespace tangram::plan::classes {

// For each need in its order (a class, then its fallbacks): the kinds of DRA devices that meet it,
// cheapest first, and, for cards that may be cut on demand (shared counters), their profiles; of
// cards that several hold (allowMultipleAllocations) the memory that is needed. Where
// lists are not served: `chosen`, which meets the first need, alone.
ClaimAsk ClaimFor(const Index& index, std::string_view class_name, std::span<const Need> needs,
                  const Kind& chosen);

}  // namespace tangram::plan::classes

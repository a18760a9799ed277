// How busy the cards are, without looking for what wastes them.
#pragma once

#include <optional>

#include "plan/leaks/leaks.h"
#include "plan/leaks/seats.h"

namespace tangram::plan {

// Mean activity of all cards together. Free cards do nothing; held ones count as far as they were
// judged (judge.h): the same figure as Totals::utilization of FindLeaks over the cards that it is
// about. Absent: nothing was measured. `holdings` is of the snapshot.
std::optional<base::MilliGpu> BusyOf(const cluster::Snapshot& snapshot, const Holdings& holdings,
                                     const LeakPolicy& policy);

}  // namespace tangram::plan

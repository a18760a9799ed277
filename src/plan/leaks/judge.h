// What the measurements say of one held seat.
#pragma once

#include <optional>

#include "plan/leaks/leaks.h"
#include "plan/leaks/seats.h"

namespace tangram::plan {

struct Judgement {
  std::optional<Evidence> evidence;     // absent: nothing was measured
  std::optional<LeftAlone> not_judged;  // present: why no verdict is given
  bool idle = false;                    // meaningful where not_judged is absent
  Level confidence = Level::kHigh;      // by coverage
};

// Judges `seat`, which a pod holds, by the records of its pod; on a card with replicas by the
// records of the device, since DCGM names one of the pods that share it.
Judgement Judge(const cluster::Snapshot& snapshot, const Card& card, const Seat& seat,
                const LeakPolicy& policy);

// Why a pod must be left as it is, whatever was measured: pinned by its owner. Absent: it may move.
bool IsPinned(const cluster::Pod& pod);

}  // namespace tangram::plan

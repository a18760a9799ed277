// From a class to what the cluster speaks: the front door of plan/classes.
//
// The cheapest kind of device that is all that the class asks for and has room now; else the same
// of its fallbacks, in their order; else the cheapest that is there or could be made, for which the
// pod waits. Never less isolation than asked for. A class that no device of the cluster can ever
// meet is refused, with the nearest that can.
//
// Pure, and safe from any thread. Time: some microseconds, whatever the number of nodes, unless the
// pod selects nodes by a label that each has for itself.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "cluster/pod.h"
#include "plan/classes/choice.h"
#include "plan/classes/index.h"

namespace tangram::plan::classes {

struct Ask {
  std::string_view class_name;
  // Namespace, labels, annotations of ours, node selector, affinity, tolerations, CPU, memory and
  // priority class are read.
  const cluster::Pod& pod;
};

// `given`: devices by offer that were given out since the snapshot was taken; those beyond its end
// count as none.
Decision Decide(const Index& index, const Ask& ask, std::span<const std::int64_t> given = {});

}  // namespace tangram::plan::classes

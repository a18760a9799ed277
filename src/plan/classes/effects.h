// What a choice changes of the pod beside its devices: labels and annotations that the planner
// reads, environment for those who share a device, the priority class.
#pragma once

#include <vector>

#include "cluster/gpu_class.h"
#include "plan/classes/choice.h"
#include "plan/classes/index.h"

namespace tangram::plan::classes {

// What was chosen for the pod: a kind of device, for what it needs of a class.
struct Chosen {
  const cluster::GpuClass& of;
  const Need& need;
  const Kind& kind;
};

// Adds them to `choice`; only what the pod does not have already.
void AddEffects(const Index& index, const Chosen& chosen, const cluster::Pod& pod, Choice& choice);

}  // namespace tangram::plan::classes

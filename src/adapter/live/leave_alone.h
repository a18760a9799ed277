// Pods of excluded namespaces, as the control plane sees them.
#pragma once

#include "cluster/pod.h"

namespace tangram::adapter {

// `pod` in a form that nothing is done to, whatever it carries: it holds its room; a gate of
// somebody else keeps it from being lifted; it is pinned, so that it is neither moved nor evicted;
// and nobody sent it anywhere.
void LeaveAlone(cluster::Pod& pod);

}  // namespace tangram::adapter

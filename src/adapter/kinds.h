// The kinds of objects that make up a snapshot, in the versions that are understood.
#pragma once

#include "adapter/list_kind.h"

namespace tangram::adapter::kinds {

Kind Nodes();
Kind Pods();
Kind Namespaces();
Kind Quotas();
Kind Budgets();
Kind PriorityClasses();
// DRA is v1 from Kubernetes 1.34; before, its betas may be served or not.
Kind Claims();
Kind Slices();
Kind DeviceClasses();
Kind GpuNodes();  // of our agents
Kind ClusterQueues();
Kind LocalQueues();
// What says how large gangs are (cluster/gang.h), each in the one list `gang_owners`.
Kind Jobs();
Kind JobSets();
Kind PodGroups();  // of Kubernetes itself
Kind VolcanoPodGroups();
Kind KaiPodGroups();
Kind CoschedulingPodGroups();

}  // namespace tangram::adapter::kinds

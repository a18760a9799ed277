#include "adapter/kinds.h"

namespace tangram::adapter::kinds {
namespace {

using kube::Resource;

Kind Core(const char* plural, const char* kind) {
  return {{Resource{"", "v1", plural, kind}}, Presence::kAlways};
}

Kind Dra(const char* plural, const char* kind) {
  const std::string group = "resource.k8s.io";
  return {{Resource{group, "v1", plural, kind}, Resource{group, "v1beta2", plural, kind},
           Resource{group, "v1beta1", plural, kind}},
          Presence::kIfServed};
}

Kind Kueue(const char* plural, const char* kind) {
  const std::string group = "kueue.x-k8s.io";
  return {{Resource{group, "v1beta2", plural, kind}, Resource{group, "v1beta1", plural, kind}},
          Presence::kIfServed};
}

}  // namespace

Kind Nodes() { return Core("nodes", "Node"); }
Kind Pods() { return Core("pods", "Pod"); }
Kind Namespaces() { return Core("namespaces", "Namespace"); }
Kind Quotas() { return Core("resourcequotas", "ResourceQuota"); }
Kind Budgets() {
  return {{Resource{"policy", "v1", "poddisruptionbudgets", "PodDisruptionBudget"}},
          Presence::kAlways};
}
Kind PriorityClasses() {
  return {{Resource{"scheduling.k8s.io", "v1", "priorityclasses", "PriorityClass"}},
          Presence::kAlways};
}
Kind Claims() { return Dra("resourceclaims", "ResourceClaim"); }
Kind Slices() { return Dra("resourceslices", "ResourceSlice"); }
Kind DeviceClasses() { return Dra("deviceclasses", "DeviceClass"); }
Kind GpuNodes() {
  return {{Resource{"tangram.dev", "v1alpha1", "gpunodes", "GpuNode"}}, Presence::kIfServed};
}
Kind ClusterQueues() { return Kueue("clusterqueues", "ClusterQueue"); }
Kind LocalQueues() { return Kueue("localqueues", "LocalQueue"); }

// Where Jobs may not be read, gangs of Jobs have no size: nothing else fails.
Kind Jobs() { return {{Resource{"batch", "v1", "jobs", "Job"}}, Presence::kIfServed}; }
Kind JobSets() {
  return {{Resource{"jobset.x-k8s.io", "v1alpha2", "jobsets", "JobSet"}}, Presence::kIfServed};
}
Kind PodGroups() {
  const std::string group = "scheduling.k8s.io";
  return {{Resource{group, "v1beta1", "podgroups", "PodGroup"},
           Resource{group, "v1alpha3", "podgroups", "PodGroup"},
           Resource{group, "v1alpha2", "podgroups", "PodGroup"}},
          Presence::kIfServed};
}
Kind VolcanoPodGroups() {
  return {{Resource{"scheduling.volcano.sh", "v1beta1", "podgroups", "PodGroup"}},
          Presence::kIfServed};
}
Kind KaiPodGroups() {
  return {{Resource{"scheduling.run.ai", "v2alpha2", "podgroups", "PodGroup"}},
          Presence::kIfServed};
}
Kind CoschedulingPodGroups() {
  return {{Resource{"scheduling.x-k8s.io", "v1alpha1", "podgroups", "PodGroup"}},
          Presence::kIfServed};
}

}  // namespace tangram::adapter::kinds

// Extended resources behind which a DeviceClass stands: pods ask for devices of DRA by
// `resources.limits`.
//
// As kube-scheduler 1.36 has it (KEP-5004): a class stands behind the name that it says
// (spec.extendedResourceName) and behind deviceclass.resource.kubernetes.io/NAME. On a node whose
// device plugin offers the resource, it is the plugin's to give; on any other the scheduler makes a
// claim for as many devices of the class.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "cluster/snapshot.h"

namespace tangram::plan {

// What the scheduler calls the claim that it makes for a pod, until it has a name.
inline constexpr std::string_view kSchedulersClaim = "<extended-resources>";

class ClassResources {
 public:
  ClassResources() = default;
  // Borrows the classes.
  explicit ClassResources(const cluster::Snapshot& snapshot);

  struct Behind {
    // The newest; of one age the first by name.
    const cluster::DeviceClass* device_class = nullptr;
    // Another one, where it is not known which is the newer.
    const cluster::DeviceClass* rival = nullptr;
    std::vector<const cluster::DeviceClass*> all{};  // pods that run may have been served by each
  };
  // nullptr: no class stands behind it.
  const Behind* Find(std::string_view resource) const;
  // Whether the pod asks for such a resource, whoever gives it.
  bool AreAskedBy(const cluster::Pod& pod) const;

 private:
  std::map<std::string, Behind, std::less<>> behind_;
};

}  // namespace tangram::plan

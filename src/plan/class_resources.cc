#include "plan/class_resources.h"

#include <algorithm>

namespace tangram::plan {
namespace {

constexpr std::string_view kOfEachClass = "deviceclass.resource.kubernetes.io/";

// As ExtendedResourceCache of k8s.io/dynamic-resource-allocation 0.36 prefers them. Classes come by
// name.
void Add(const cluster::DeviceClass& known, ClassResources::Behind& behind) {
  behind.all.push_back(&known);
  if (behind.device_class == nullptr) {
    behind.device_class = &known;
  } else if (!known.created_at || !behind.device_class->created_at) {
    behind.rival = &known;
  } else if (*known.created_at > *behind.device_class->created_at) {
    behind.device_class = &known;
  }
}

}  // namespace

ClassResources::ClassResources(const cluster::Snapshot& snapshot) {
  for (const cluster::DeviceClass& known : snapshot.device_classes) {
    Add(known, behind_[std::string(kOfEachClass) + known.name]);
    if (!known.extended_resource.empty()) Add(known, behind_[known.extended_resource]);
  }
}

const ClassResources::Behind* ClassResources::Find(std::string_view resource) const {
  const auto found = behind_.find(resource);
  return found == behind_.end() ? nullptr : &found->second;
}

bool ClassResources::AreAskedBy(const cluster::Pod& pod) const {
  if (behind_.empty()) return false;
  return std::any_of(pod.devices.begin(), pod.devices.end(), [&](const auto& asked) {
    return asked.count > 0 && Find(asked.name) != nullptr;
  });
}

}  // namespace tangram::plan

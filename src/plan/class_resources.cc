#include "plan/class_resources.h"

#include <algorithm>

namespace tangram::plan {
namespace {

constexpr std::string_view kOfEachClass = "deviceclass.resource.kubernetes.io/";

}  // namespace

ClassResources::ClassResources(const cluster::Snapshot& snapshot) {
  for (const cluster::DeviceClass& known : snapshot.device_classes) {
    behind_[std::string(kOfEachClass) + known.name].device_class = &known;
    if (known.extended_resource.empty()) continue;
    Behind& behind = behind_[known.extended_resource];
    (behind.device_class == nullptr ? behind.device_class : behind.rival) = &known;
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

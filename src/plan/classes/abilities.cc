#include "plan/classes/abilities.h"

#include <algorithm>
#include <string_view>
#include <vector>

#include "claims/selection.h"
#include "cluster/device.h"
#include "plan/class_resources.h"

namespace tangram::plan::classes {
namespace {

using Samples = std::map<std::string_view, const cluster::Device*>;  // by type

Samples OneOfEachType(const cluster::Snapshot& snapshot) {
  Samples samples;
  for (const cluster::ResourceSlice& slice : snapshot.slices) {
    if (slice.driver != cluster::kNvidiaDriver) continue;
    for (const cluster::Device& device : slice.devices) {
      const auto* type = cluster::FindAttribute(device, slice.driver, "gpu.nvidia.com/type");
      if (type != nullptr) samples.try_emplace(type->value, &device);
    }
  }
  return samples;
}

// Whole cards and nothing else, as far as its selectors are evaluated here.
bool SelectsCards(const cluster::DeviceClass& of, const Samples& samples,
                  claims::Selection& selection) {
  if (!samples.contains("gpu")) return false;
  std::vector<claims::Selection::Expression*> selectors;
  for (const std::string& text : of.selectors) selectors.push_back(selection.Compiled(text));
  return std::all_of(samples.begin(), samples.end(), [&](const auto& sample) {
    const auto& [type, device] = sample;
    const auto matches = selection.MatchesAll(selectors, of.name, cluster::kNvidiaDriver, *device);
    return matches && *matches == (type == "gpu");
  });
}

}  // namespace

Abilities AbilitiesOf(const cluster::Snapshot& snapshot) {
  Abilities abilities;
  const auto& classes = snapshot.device_classes;
  const bool any = std::any_of(classes.begin(), classes.end(), [](const cluster::DeviceClass& of) {
    return !of.extended_resource.empty();
  });
  if (!any) return abilities;  // as a rule: devices and selectors need not be looked at
  const ClassResources resources(snapshot);
  claims::Selection selection(classes);
  const Samples samples = OneOfEachType(snapshot);
  for (const cluster::DeviceClass& of : classes) {
    if (of.extended_resource.empty()) continue;
    const ClassResources::Behind& behind = *resources.Find(of.extended_resource);
    if (behind.device_class != &of || behind.rival != nullptr) continue;
    if (SelectsCards(of, samples, selection)) {
      abilities.extended.emplace(of.extended_resource, of.name);
    }
  }
  return abilities;
}

}  // namespace tangram::plan::classes

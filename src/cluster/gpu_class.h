// GpuClass: what a developer picks by one label, in place of twenty lines of YAML.
//
// The object is cluster-scoped, tangram.dev/v1alpha1 (docs/classes.md); a pod picks it by the label
// tangram.dev/gpu-class. Plain values.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/units.h"

namespace tangram::cluster {

struct GpuClass {
  // What a pod's device has to be its own against. Never traded away.
  enum class Isolation {
    kExclusive,  // a whole card
    kHardware,   // a whole card, or a MIG instance, of its own
    kShared,     // a share of a card or of an instance will do
  };
  enum class Latency { kTolerant, kSensitive };

  std::string name;
  std::string uid;
  std::int64_t generation = 0;

  int count = 1;                       // devices for each pod
  std::optional<base::MiB> memory{};   // of each device, at least; absent: any
  std::optional<int> compute{};        // percent of a card's compute, at least; absent: any
  std::vector<std::string> models{};   // as gpu::ModelNamed reads them; empty: any
  std::vector<std::string> selectors;  // CEL, as DRA's device selectors; only DRA devices meet them
  Isolation isolation = Isolation::kHardware;
  Latency latency = Latency::kTolerant;
  bool interruptible = false;          // may run on spot
  std::string topology{};              // a level of plan/place/topology.h; empty: any
  std::string priority_class{};        // PriorityClass of the pods; empty: theirs
  std::vector<std::string> fallbacks;  // classes, tried in this order where this one has no room
  bool operator==(const GpuClass&) const = default;
};

}  // namespace tangram::cluster

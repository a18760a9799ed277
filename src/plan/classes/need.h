// What a pod needs of its devices: what its class says, and what it says itself.
//
// A pod may ask for more than its class gives (tangram.dev/isolation, latency, gpu-memory; see
// share/asks.h), never for less.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/units.h"
#include "cluster/gpu_class.h"
#include "cluster/pod.h"
#include "gpu/gpu.h"
#include "plan/share/asks.h"

namespace tangram::plan::classes {

// More devices than this no node has.
inline constexpr int kMostDevices = 64;

struct Need {
  int count = 1;
  base::MiB memory{};  // of each device; 0: any
  int compute = 0;     // percent of a card; 0: any
  Isolation isolation = Isolation::kHardware;
  bool latency_sensitive = false;
  bool interruptible = false;
  std::vector<const gpu::Model*> models{};    // empty: any
  std::vector<std::string> unknown_models{};  // that no table knows: no device is one
  std::vector<std::string> selectors{};       // CEL
  bool any_model() const { return models.empty() && unknown_models.empty(); }
  bool operator==(const Need&) const = default;
};
Need NeedOf(const cluster::GpuClass& of);
// The same, and what the pod itself asks for beyond.
Need NeedOf(const Need& of_class, const cluster::Pod& pod);

// "2 GPUs with at least 40 GiB each, of H100-80GB, to themselves".
std::string Describe(const Need& need);
// "40 GiB", "9.75 GiB", "512 MiB".
std::string Describe(base::MiB memory);

std::string_view NameOf(Isolation isolation);  // "Hardware"

}  // namespace tangram::plan::classes

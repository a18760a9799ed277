// How much of a shared card's memory each pod may take. Pure.
//
// Time-slicing keeps nobody from the memory of others. Where the driver holds cgroups to limits
// (R615; NVML 13.4, nvmlDeviceSetMemoryLimits_v1), a pod that holds 1 of 4 shares of a card gets a
// quarter of its memory, and an allocation beyond it fails in that pod alone.
#pragma once

#include <compare>
#include <string>
#include <vector>

#include "agent/node_state.h"
#include "agent/pod_resources.h"
#include "base/units.h"

namespace tangram::agent {

struct MemoryLimit {
  std::string uuid;  // of the card
  PodRef pod;        // without container: it holds for all of them together
  base::MiB most;
  auto operator<=>(const MemoryLimit&) const = default;
};

struct WantedLimit {
  MemoryLimit limit;
  base::MiB used;  // by the pod's processes, as far as the driver tells
};

// Of the pods that hold replicas of whole cards, by what the kubelet says is `held` and was
// `offered` to it. None for cards that are cut (NVML holds no instance to a limit), that are not
// well, or under MPS, which keeps each to its part itself. Sorted.
std::vector<WantedLimit> LimitsOf(const std::vector<PluginDevices>& held,
                                  const std::vector<PluginDevices>& offered,
                                  const NodeState& state);

}  // namespace tangram::agent

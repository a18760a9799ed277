// The memory of devices of DRA: of one that a driver publishes, and of what a claim takes of one
// that several hold.
#pragma once

#include <optional>

#include "base/units.h"
#include "cluster/device.h"
#include "cluster/pod.h"

namespace tangram::cluster {

// Its capacity "memory", parts of a MiB left out; nothing: it says none, or nonsense.
std::optional<base::MiB> MemoryOf(const Device& device);
std::optional<base::MiB> MemoryOf(const AllocatedDevice& device);

}  // namespace tangram::cluster

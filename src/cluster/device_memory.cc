#include "cluster/device_memory.h"

#include "base/quantity_text.h"

namespace tangram::cluster {
namespace {

bool IsMemory(std::string_view capacity) {
  return capacity == "memory" || capacity == "gpu.nvidia.com/memory";
}

std::optional<base::MiB> MiBOf(std::string_view quantity) {
  constexpr std::int64_t kBytes = 1024 * 1024;
  const auto bytes = base::ParseUnits(quantity);
  if (!bytes || *bytes < 0) return std::nullopt;
  return base::MiB(*bytes / kBytes);
}

}  // namespace

std::optional<base::MiB> MemoryOf(const Device& device) {
  for (const DeviceCapacity& capacity : device.capacity) {
    if (IsMemory(capacity.name)) return MiBOf(capacity.value);
  }
  return std::nullopt;
}

std::optional<base::MiB> MemoryOf(const AllocatedDevice& device) {
  for (const auto& [name, quantity] : device.consumed) {
    if (IsMemory(name)) return MiBOf(quantity);
  }
  return std::nullopt;
}

}  // namespace tangram::cluster

// Resource lists of containers, nodes and quotas, as whole numbers.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "adapter/json.h"
#include "base/units.h"
#include "cluster/node.h"

namespace tangram::adapter {

// What the scheduler counts. Sorted by name; sums that leave 64 bits are a fault, never a wrong
// figure.
struct Amounts {
  std::optional<std::int64_t> milli_cpu;        // rounded up, as the scheduler does
  std::optional<std::int64_t> bytes;            // of memory
  std::vector<cluster::ResourceCount> devices;  // extended resources
  bool operator==(const Amounts&) const = default;
};

// Extended resources are those outside kubernetes.io, and the names under which DRA serves a
// DeviceClass (deviceclass.resource.kubernetes.io/NAME).
bool IsExtendedResource(std::string_view name);

// Reads {"cpu": "500m", "nvidia.com/gpu": "1", ...}; what is neither cpu, memory nor an extended
// resource is left out. A negative amount, or part of a device, is a fault.
Amounts ReadAmounts(Json list);

// Reads one amount of something that is counted: whole, not negative.
std::optional<std::int64_t> ReadCount(Json quantity);
std::optional<std::int64_t> ParseCount(std::string_view quantity);
// Reads an amount of memory: bytes, parts of one rounded up.
std::optional<std::int64_t> ReadBytes(Json quantity);

Amounts Sum(const Amounts& a, const Amounts& b, Fault& fault);
// The larger of each.
Amounts Larger(const Amounts& a, const Amounts& b);
// `a`, with what it does not name taken from `b`.
Amounts Or(const Amounts& a, const Amounts& b);

// Whole MiB that hold `bytes`; and that are inside it.
base::MiB MiBUp(std::int64_t bytes);
base::MiB MiBDown(std::int64_t bytes);

// Adds to the list or raises the entry of that name; keeps the order.
void SetCount(std::vector<cluster::ResourceCount>& list, std::string_view name, std::int64_t count);

}  // namespace tangram::adapter

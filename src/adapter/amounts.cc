#include "adapter/amounts.h"

#include <algorithm>
#include <limits>
#include <string>

#include "base/quantity_text.h"

namespace tangram::adapter {
namespace {

constexpr std::int64_t kMiB = 1024 * 1024;
// No machine has as much. As in the file form: sums over a cluster stay within 64 bits.
constexpr std::int64_t kMostCount = 1'000'000'000'000;
constexpr std::int64_t kMostBytes = kMostCount * kMiB;

using Counts = std::vector<cluster::ResourceCount>;

std::int64_t AddOrFault(std::int64_t a, std::int64_t b, std::string_view what, Fault& fault) {
  std::int64_t sum = 0;
  if (!__builtin_add_overflow(a, b, &sum)) return sum;
  fault.Set("the sum of " + Printable(what) + " is more than 64 bits hold");
  return std::numeric_limits<std::int64_t>::max();
}

std::optional<std::int64_t> SumOf(std::optional<std::int64_t> a, std::optional<std::int64_t> b,
                                  std::string_view what, Fault& fault) {
  if (!a || !b) return a ? a : b;
  return AddOrFault(*a, *b, what, fault);
}

Counts::iterator SlotOf(Counts& list, std::string_view name) {
  return std::lower_bound(list.begin(), list.end(), name,
                          [](const auto& entry, std::string_view key) { return entry.name < key; });
}

// How an amount is read, and the most that is believed.
struct Reader {
  base::Result<std::int64_t> (*parse)(std::string_view);
  std::int64_t most = kMostCount;
};

// A fault where the quantity is none, negative, or more than the most.
std::optional<std::int64_t> ReadWith(Json quantity, std::string_view what, Reader reader) {
  const std::string text = quantity.QuantityText();
  if (quantity.fault().Found()) return std::nullopt;
  const auto amount = reader.parse(text);
  if (amount && *amount >= 0 && *amount <= reader.most) return *amount;
  quantity.Expected(what, "\"" + Printable(text) + "\"");
  return std::nullopt;
}

}  // namespace

void SetCount(Counts& list, std::string_view name, std::int64_t count) {
  const auto slot = SlotOf(list, name);
  if (slot != list.end() && slot->name == name) {
    slot->count = count;
    return;
  }
  list.insert(slot, {std::string(name), count});
}

bool IsExtendedResource(std::string_view name) {
  if (name.starts_with("deviceclass.resource.kubernetes.io/")) return true;
  return name.find('/') != std::string_view::npos &&
         name.find("kubernetes.io/") == std::string_view::npos && !name.starts_with("requests.");
}

std::optional<std::int64_t> ReadCount(Json quantity) {
  const std::string text = quantity.QuantityText();
  if (quantity.fault().Found()) return std::nullopt;
  const auto count = ParseCount(text);
  if (!count) quantity.Expected("a whole number of devices", "\"" + Printable(text) + "\"");
  return count;
}

std::optional<std::int64_t> ParseCount(std::string_view quantity) {
  const auto milli = base::ParseMilli(quantity);
  if (!milli || *milli < 0 || *milli % 1000 != 0) return std::nullopt;
  if (*milli / 1000 > kMostCount) return std::nullopt;
  return *milli / 1000;
}

std::optional<std::int64_t> ReadBytes(Json quantity) {
  return ReadWith(quantity, "an amount of memory", {base::ParseUnits, kMostBytes});
}

Amounts ReadAmounts(Json list) {
  Amounts amounts;
  list.Fields([&](std::string_view key, Json value) {
    if (key == "cpu") {
      amounts.milli_cpu = ReadWith(value, "an amount of cpu", {base::ParseMilli});
    } else if (key == "memory") {
      amounts.bytes = ReadBytes(value);
    } else if (IsExtendedResource(key)) {
      if (const auto count = ReadCount(value)) SetCount(amounts.devices, key, *count);
    }
  });
  return amounts;
}

Amounts Sum(const Amounts& a, const Amounts& b, Fault& fault) {
  Amounts sum = a;
  sum.milli_cpu = SumOf(a.milli_cpu, b.milli_cpu, "cpu", fault);
  sum.bytes = SumOf(a.bytes, b.bytes, "memory", fault);
  for (const cluster::ResourceCount& device : b.devices) {
    const std::int64_t before = cluster::CountOf(a.devices, device.name);
    SetCount(sum.devices, device.name, AddOrFault(before, device.count, device.name, fault));
  }
  return sum;
}

Amounts Larger(const Amounts& a, const Amounts& b) {
  Amounts larger = a;
  larger.milli_cpu = std::max(a.milli_cpu, b.milli_cpu);
  larger.bytes = std::max(a.bytes, b.bytes);
  for (const cluster::ResourceCount& device : b.devices) {
    const std::int64_t before = cluster::CountOf(a.devices, device.name);
    SetCount(larger.devices, device.name, std::max(before, device.count));
  }
  return larger;
}

Amounts Or(const Amounts& a, const Amounts& b) {
  Amounts merged = b;
  if (a.milli_cpu) merged.milli_cpu = a.milli_cpu;
  if (a.bytes) merged.bytes = a.bytes;
  for (const cluster::ResourceCount& device : a.devices) {
    SetCount(merged.devices, device.name, device.count);
  }
  return merged;
}

base::MiB MiBUp(std::int64_t bytes) {
  return base::MiB(bytes / kMiB + (bytes % kMiB != 0 ? 1 : 0));
}

base::MiB MiBDown(std::int64_t bytes) { return base::MiB(bytes / kMiB); }

}  // namespace tangram::adapter

#include "claims/room.h"

#include <algorithm>

#include "claims/counters.h"

namespace tangram::claims {
namespace {

// What is given beside what was allocated before.
struct More {
  explicit More(std::span<const Given> given) {
    for (const Given& one : given) {
      if (one.result.admin_access) continue;
      if (one.result.shared) {
        taken.Take(*one.device, one.takes);
      } else {
        alone.insert(one.device);
      }
    }
  }
  DeviceSet alone;
  Capacities taken;
};

}  // namespace

std::int64_t RoomLeft(std::span<const Pool> pools, const DeviceSet& allocated,
                      const Capacities& taken, std::span<const Given> more) {
  constexpr double kWhole = 1'000;
  const More given(more);
  Counters counters(allocated);
  for (const Pool& pool : pools) {
    for (const Offer& offer : pool.offers) {
      if (given.alone.contains(offer.device)) counters.Take(pool, *offer.device);
    }
  }
  std::int64_t room = 0;
  for (const Pool& pool : pools) {
    if (!pool.fault.empty()) continue;
    for (const Offer& offer : pool.offers) {
      const cluster::Device& device = *offer.device;
      if (!offer.in_reach || allocated.contains(&device) || given.alone.contains(&device)) continue;
      if (device.shared_by_capacity) {
        const double left = given.taken.PartLeft(device, taken);
        room += static_cast<std::int64_t>(kWhole * left * left);
        continue;
      }
      if (!counters.Take(pool, device)) continue;
      room += counters.ThousandthsOf(pool, device);
      counters.GiveBack(pool, device);
    }
  }
  return room;
}

}  // namespace tangram::claims

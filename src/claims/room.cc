#include "claims/room.h"

#include <algorithm>

#include "claims/counters.h"

namespace tangram::claims {

std::int64_t RoomLeft(std::span<const Pool> pools, const DeviceSet& allocated,
                      std::span<const cluster::Device* const> more) {
  Counters counters(allocated);
  const auto is_more = [&](const cluster::Device* device) {
    return std::find(more.begin(), more.end(), device) != more.end();
  };
  for (const Pool& pool : pools) {
    for (const Offer& offer : pool.offers) {
      if (is_more(offer.device)) counters.Take(pool, *offer.device);
    }
  }
  std::int64_t room = 0;
  for (const Pool& pool : pools) {
    if (!pool.fault.empty()) continue;
    for (const Offer& offer : pool.offers) {
      const cluster::Device& device = *offer.device;
      if (!offer.in_reach || allocated.contains(&device) || is_more(&device)) continue;
      if (!counters.Take(pool, device)) continue;
      room += counters.ThousandthsOf(pool, device);
      counters.GiveBack(pool, device);
    }
  }
  return room;
}

}  // namespace tangram::claims

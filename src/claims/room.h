// What could still be given of a node's devices.
#pragma once

#include <cstdint>
#include <span>

#include "claims/claims.h"

namespace tangram::claims {

// Every device that nobody holds and that the counters have room for, each by its part of the
// largest counter that it consumes, in thousandths (1,000 where it consumes none), summed. Of MIG
// placements of a card large ones count most: what loses least of it keeps room for them, as
// plan/mig/room_left.h has it for cards that we cut. Of a device that several hold, what is left
// counts by its square: more is lost of one that nobody has yet than of one in use. `more`: given
// as well.
std::int64_t RoomLeft(std::span<const Pool> pools, const DeviceSet& allocated,
                      const Capacities& taken, std::span<const Given> more = {});

}  // namespace tangram::claims

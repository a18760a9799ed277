// Replays a trace where running requests may be moved to let one in that finds no room.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "base/result.h"
#include "base/units.h"
#include "sim/replay.h"

namespace tangram::sim {

struct MovesOptions {
  ReplayOptions replay{};
  int most_a_request = 2;               // moved to let one in
  std::int64_t most_moves = 1'000'000;  // in all
};

struct MovesResult {
  base::MilliGpu capacity;
  base::MilliGpu allocated;
  std::int64_t placed = 0;    // requests
  std::int64_t admitted = 0;  // of them, by moves
  std::int64_t moves = 0;
  std::vector<std::optional<plan::Placement>> placements;  // by task, in the end
};

// A request that finds no room goes to the node where it takes the fewest moves, and those that
// make room go where the policy puts them. Nobody is moved for a request without GPUs. Greedy:
// what it reaches is no bound. Fails as ReplayTrace does.
base::Result<MovesResult> ReplayWithMoves(const OpenbTrace& trace, const MovesOptions& options);

}  // namespace tangram::sim

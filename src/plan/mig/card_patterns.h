// What one card of a fleet can become.
#pragma once

#include <cstdint>
#include <map>
#include <span>
#include <vector>

#include "gpu/gpu.h"
#include "plan/mig/repartition.h"

namespace tangram::plan::mig {

struct CardPattern {
  std::vector<std::size_t> leaves;   // of the card's held instances, ascending
  std::vector<gpu::Occupied> taken;  // by what waits or moves there
  bool changed = false;              // an instance of `taken` does not stand there yet
  std::int64_t room = 0;             // that it leaves (room_left.h)
};

// Instances that may be taken, of each profile at most so many.
using MostTaken = std::map<const gpu::MigProfile*, std::int64_t>;

// Every way in which the card can end, but of those that nobody can tell apart the best only: that
// changes nothing, then that leaves most room. Two cannot be told apart where the same kinds of
// held instances leave and the same profiles are taken. `kinds`: of each held instance, what it is
// to the fleet; below 0 where it stays.
std::vector<CardPattern> PatternsOf(const FleetCard& card, std::span<const int> kinds,
                                    const MostTaken& most);

// Whether `taken` can be on the card beside what stays there.
bool MayTake(const FleetCard& card, std::span<const gpu::Occupied> stays,
             std::span<const gpu::Occupied> taken);

// Whether an instance of `taken` has to be made.
bool HasToChange(const FleetCard& card, std::span<const gpu::Occupied> taken);

}  // namespace tangram::plan::mig

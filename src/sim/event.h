// What happens in a simulation, and the state of a job in it. Private to simulation.cc.
#pragma once

#include <compare>
#include <cstdint>
#include <optional>
#include <vector>

#include "sim/mig_cards.h"
#include "sim/scenario.h"

namespace tangram::sim {

// Of one moment they happen in this order; then jobs arrive, then the curve gets its point.
enum class What : std::uint8_t { kEnd, kMade, kBooted, kInterrupted, kIdle, kLook };

struct Event {
  Milliseconds at{};
  What what{};
  std::uint32_t who = 0;   // job, card or node
  std::uint32_t when = 0;  // its life, batch or busy count: another since, and it is void
  friend auto operator<=>(const Event&, const Event&) = default;
};

// Where one member of a job runs.
struct Member {
  plan::Placement at{};
  std::optional<MigCards::Taken> instance{};
};

struct JobState {
  std::vector<Member> members{};  // empty: it does not run
  base::MilliGpu gpus{};          // of all members
  std::uint32_t life = 0;         // how often it started
  Milliseconds since{};           // it waits, or runs
  Milliseconds waited{};
  Milliseconds kept{};  // of its work, when it started last
  int found = 0;        // members that had room when it was tried last
};

}  // namespace tangram::sim

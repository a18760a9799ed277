// In which order a new set of layouts is reached while pods run on the cards.
#pragma once

#include <cstddef>
#include <optional>
#include <utility>
#include <variant>
#include <vector>

#include "plan/mig/repartition.h"

namespace tangram::plan::mig {

// The card gets exactly these instances. What is held at that time is among them, where it stands.
struct SetLayout {
  std::size_t card = 0;
  std::vector<gpu::Occupied> instances{};  // ascending start
};
// A running instance's pod starts again on an instance that stands there, held by nobody; then the
// old one is free.
struct MoveHeld {
  std::size_t card = 0;  // of the fleet: where it was at first
  std::size_t held = 0;
  PlacedOn from{};
  PlacedOn to{};
  bool to_spare = false;  // it moves on from there, since others wait for one another in a circle
};
struct ServeWant {
  std::size_t want = 0;
  PlacedOn to{};
};
using Step = std::variant<SetLayout, MoveHeld, ServeWant>;

struct Steps {
  std::vector<Step> steps{};
  // Moves (card, held) that wait for one another in a circle, with no room anywhere to break it;
  // then the steps end before them. Empty: the steps reach the whole answer.
  std::vector<std::pair<std::size_t, std::size_t>> stuck{};
};

// Each instance is made before the pod that moves there is evicted, and none that is held is
// touched, so pods lose nothing but the time of their restart. `answer` is an answer to `fleet`
// (TotalsOf). Deterministic; the lowest card goes first.
Steps OrderSteps(const Fleet& fleet, const Repartitioning& answer);

// The best answer that can be reached in steps. Where moves are stuck in a circle, those held
// instances stay and it is solved again; `stay` says which.
struct Transition {
  Repartitioning answer{};
  Steps steps{};
  std::vector<std::pair<std::size_t, std::size_t>> stay{};  // card, held
};
Transition PlanTransition(Fleet fleet, RepartitionLimits limits = {});

}  // namespace tangram::plan::mig

// Cards that change their layout, before the actions that say so.
#pragma once

#include <map>
#include <utility>
#include <vector>

#include "plan/pass/world.h"

namespace tangram::plan {

// The layouts of cards as they were before they were first changed, by node and place in its cards.
class Cuts {
 public:
  explicit Cuts(World& world) : world_(world) {}

  // The instances of the card become `layout`; what pods hold has to be among them. The node offers
  // what its cards are then.
  void Recut(std::size_t node, std::size_t card, std::vector<SeatRoom> layout);
  // Cards on which nothing is held become again what they were.
  void UndoUnused();
  // One action for each changed card.
  void Act(const std::string& reason);

 private:
  World& world_;
  std::map<std::pair<std::size_t, std::size_t>, std::vector<SeatRoom>> before_;
};

// Whether instances can be made beside what is held: it is known where that stands, and nothing on
// the card is shared.
bool HeldIsKnown(const CardRoom& card);

}  // namespace tangram::plan

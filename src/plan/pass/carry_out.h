// The steps to a better set of layouts, as actions of the plan.
#pragma once

#include <map>
#include <set>
#include <span>
#include <utility>
#include <vector>

#include "plan/mig/steps.h"
#include "plan/pass/cut.h"
#include "plan/pass/fleet.h"

namespace tangram::plan {

class CarryOut {
 public:
  // Borrows all of them. `wants` as the fleet has them.
  CarryOut(World& world, Cuts& cuts, const InstanceFleet& fleet,
           std::span<const cluster::Pod* const> wants);

  // Does the steps, but for wants that find the node full by then. Stops before a move that does:
  // what follows rests on it.
  void Do(const mig::Steps& steps);

  int cut_cards() const { return static_cast<int>(cut_.size()); }

 private:
  using CardKey = std::pair<std::size_t, std::size_t>;  // node, card

  bool DoStep(const mig::SetLayout& step);
  bool DoStep(const mig::MoveHeld& step);
  bool DoStep(const mig::ServeWant& step);
  CardKey KeyOf(std::size_t card) const;
  NodeRoom& NodeOf(std::size_t card) { return world_.nodes()[fleet_.card(card).node]; }
  SeatRoom& SeatAt(const mig::PlacedOn& place);

  World& world_;
  Cuts& cuts_;
  const InstanceFleet& fleet_;
  std::span<const cluster::Pod* const> wants_;
  std::set<CardKey> cut_;
  std::set<std::size_t> for_movers_;             // cards of the fleet on which no want ends
  std::map<CardKey, std::vector<int>> left_by_;  // moves off the card
};

}  // namespace tangram::plan

#include "plan/pass/carry_out.h"

#include <algorithm>
#include <variant>

namespace tangram::plan {
CarryOut::CarryOut(World& world, Cuts& cuts, const InstanceFleet& fleet,
                   std::span<const cluster::Pod* const> wants)
    : world_(world), cuts_(cuts), fleet_(fleet), wants_(wants) {}

CarryOut::CardKey CarryOut::KeyOf(std::size_t card) const {
  return {fleet_.card(card).node, fleet_.card(card).card};
}

SeatRoom& CarryOut::SeatAt(const mig::PlacedOn& place) {
  auto& seats = NodeOf(place.card).cards[fleet_.card(place.card).card].seats;
  return *std::find_if(seats.begin(), seats.end(),
                       [&](const SeatRoom& seat) { return seat.is_at(place.at); });
}

void CarryOut::Do(const mig::Steps& steps) {
  for (const mig::Step& step : steps.steps) {
    if (const auto* move = std::get_if<mig::MoveHeld>(&step)) for_movers_.insert(move->to.card);
  }
  for (const mig::Step& step : steps.steps) {
    if (const auto* serve = std::get_if<mig::ServeWant>(&step)) for_movers_.erase(serve->to.card);
  }
  for (const mig::Step& step : steps.steps) {
    if (!std::visit([&](const auto& one) { return DoStep(one); }, step)) return;
  }
}

bool CarryOut::DoStep(const mig::SetLayout& step) {
  const auto [n, c] = KeyOf(step.card);
  cuts_.Recut(n, c, step.instances);
  const bool for_movers = for_movers_.contains(step.card);
  const auto id = cuts_.Act(n, c, for_movers ? "pods that make room go there" : "pods wait for it");
  if (!id) return true;
  cut_.insert({n, c});
  const auto left = left_by_.find({n, c});
  if (left != left_by_.end()) {
    world_.actions()[static_cast<std::size_t>(*id)].needs = left->second;
  }
  return true;
}

bool CarryOut::DoStep(const mig::MoveHeld& step) {
  const cluster::Pod& pod = fleet_.mover(step.card, step.held);
  NodeRoom& from = NodeOf(step.from.card);
  NodeRoom& to = NodeOf(step.to.card);
  if (!MayRun(to, pod)) return false;
  world_.Take(from, pod, &SeatAt(step.from));
  world_.Put(to, pod, &SeatAt(step.to));
  const char* reason = step.to_spare ? "steps aside until its place is free"
                                     : "makes room for an instance that a pod waits for";
  const Action& action = world_.SayMoved(Pass::kPartition, pod, from, to, reason);
  left_by_[KeyOf(step.from.card)].push_back(action.id);
  world_.movable().Moved({&pod});
  return true;
}

bool CarryOut::DoStep(const mig::ServeWant& step) {
  const cluster::Pod& pod = *wants_[step.want];
  NodeRoom& node = NodeOf(step.to.card);
  const bool cut = cut_.contains(KeyOf(step.to.card));
  if (MayRun(node, pod)) {
    world_.Place(Pass::kPartition, node, pod,
                 cut ? "on a new instance" : "on an instance that another pod left",
                 &SeatAt(step.to));
  }
  return true;
}

}  // namespace tangram::plan

#include "plan/pass/cut.h"

#include <fmt/format.h>

#include <algorithm>

namespace tangram::plan {
namespace {

std::string ResourceOf(const SeatRoom& seat) {
  const std::string name =
      seat.profile.empty() ? std::string(kCardResource) : gpu::ResourceNameOf(*seat.facts);
  return seat.replicas > 1 ? name + ".shared" : name;
}

void Offer(NodeRoom& node, const std::vector<SeatRoom>& seats, std::int64_t sign) {
  for (const SeatRoom& seat : seats) {
    if (!seat.profile.empty() && seat.facts == nullptr) continue;
    const std::string resource = ResourceOf(seat);
    node.offers[resource] += sign * seat.replicas;
    node.free[resource] += sign * seat.replicas;
  }
}

// Empty for a card with MIG off.
std::vector<PlacedInstance> LayoutOf(const std::vector<SeatRoom>& seats) {
  std::vector<PlacedInstance> layout;
  for (const SeatRoom& seat : seats) {
    if (!seat.profile.empty()) layout.push_back({seat.profile, seat.start});
  }
  return layout;
}

}  // namespace

bool MayMake(const NodeRoom& node, const gpu::Model& model, const gpu::MigProfile& profile) {
  const std::vector<std::string>& allowed = node.policy->profiles;
  return node.policy->mig != MigBackend::kNone &&
         (allowed.empty() ||
          std::any_of(allowed.begin(), allowed.end(), [&](const std::string& name) {
            return gpu::ProfileNamed(model, name) == &profile;
          }));
}

SeatRoom SeatOf(const gpu::MigProfile& profile, int start) {
  return {.profile = std::string(profile.name), .facts = &profile, .start = start};
}

bool IsFree(const CardRoom& card, const gpu::Model& model) {
  return card.may_change && card.model == &model && card.held() == 0 && !card.is_shared();
}

bool HeldIsKnown(const CardRoom& card) {
  return card.model != nullptr &&
         std::all_of(card.seats.begin(), card.seats.end(), [](const SeatRoom& seat) {
           const bool known = seat.facts != nullptr && seat.start.has_value();
           return seat.replicas == 1 && (seat.held == 0 || known);
         });
}

Cuts::Cuts(World& world) : world_(world) {
  for (const NodeRoom& node : world.nodes()) touched_[node.pool] += node.recut ? 1 : 0;
}

void Cuts::Recut(std::size_t node, std::size_t card, std::vector<SeatRoom> layout) {
  NodeRoom& of = world_.nodes()[node];
  if (!Touches(node)) ++touched_[of.pool];
  std::vector<SeatRoom>& seats = of.cards[card].seats;
  before_.try_emplace({node, card}, seats);
  Offer(of, seats, -1);
  seats = std::move(layout);
  Offer(of, seats, +1);
}

void Cuts::Recut(std::size_t node, std::size_t card, const std::vector<gpu::Occupied>& layout) {
  const std::vector<SeatRoom>& now = world_.nodes()[node].cards[card].seats;
  std::vector<SeatRoom> seats;
  for (const gpu::Occupied& at : layout) {
    const auto same =
        std::find_if(now.begin(), now.end(), [&](const SeatRoom& seat) { return seat.is_at(at); });
    seats.push_back(same == now.end() ? SeatOf(*at.profile, at.start) : *same);
  }
  Recut(node, card, std::move(seats));
}

void Cuts::UndoUnused() {
  for (auto at = before_.begin(); at != before_.end();) {
    NodeRoom& node = world_.nodes()[at->first.first];
    CardRoom& card = node.cards[at->first.second];
    if (card.held() > 0) {
      ++at;
      continue;
    }
    Offer(node, card.seats, -1);
    card.seats = at->second;
    Offer(node, card.seats, +1);
    const std::size_t undone = at->first.first;
    at = before_.erase(at);
    if (!Touches(undone)) --touched_[node.pool];
  }
}

bool Cuts::Touches(std::size_t node) const {
  const auto first = before_.lower_bound({node, 0});
  return world_.nodes()[node].recut || (first != before_.end() && first->first.first == node);
}

std::optional<int> Cuts::NodesLeft(const Pool* pool) const {
  if (pool == nullptr || !pool->most_recut_nodes) return std::nullopt;
  const auto touched = touched_.find(pool);
  return *pool->most_recut_nodes - (touched == touched_.end() ? 0 : touched->second);
}

bool Cuts::MayRecut(std::size_t node) const {
  const NodeRoom& room = world_.nodes()[node];
  if (room.policy->mig == MigBackend::kNone) return false;
  if (room.policy->mig == MigBackend::kMigManager && room.held() > 0) return false;
  return Touches(node) || NodesLeft(room.pool).value_or(1) > 0;
}

void Cuts::Act(const std::string& reason) {
  while (!before_.empty()) Act(before_.begin()->first.first, before_.begin()->first.second, reason);
}

std::optional<int> Cuts::Act(std::size_t n, std::size_t c, const std::string& reason, Pass pass) {
  const auto before = before_.find({n, c});
  if (before == before_.end()) return std::nullopt;
  NodeRoom& node = world_.nodes()[n];
  const CardRoom& card = node.cards[c];
  node.recut = true;
  Repartition change{node.name, card.index, LayoutOf(before->second), LayoutOf(card.seats)};
  before_.erase(before);
  if (change.from == change.to) return std::nullopt;
  // A node of one kind of seat hands out any of them: the count is right, the card may differ.
  const std::string_view which =
      node.exact ? "" : "; which of its cards are free is read on the node";
  const int id = world_.Act(pass, std::move(change), fmt::format("{}{}", reason, which)).id;
  node.rests_on.push_back(id);
  return id;
}

}  // namespace tangram::plan

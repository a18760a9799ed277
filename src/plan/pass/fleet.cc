#include "plan/pass/fleet.h"

#include <algorithm>

#include "plan/pass/gang.h"
#include "plan/pass/willing.h"

namespace tangram::plan {
namespace {

constexpr std::int64_t kNoPrice = 100'000;  // what no card costs

// Its instances and who holds them are known, or nobody holds it.
bool IsOfFleet(const CardRoom& card) {
  if (!card.may_change || card.model == nullptr || !card.model->has_mig()) return false;
  return card.is_cut() ? HeldIsKnown(card) : card.held() == 0 && !card.is_shared();
}

// The device plugin would share new instances as it shares those that are there.
bool SharesInstances(const NodeRoom& node) {
  return std::any_of(node.cards.begin(), node.cards.end(),
                     [](const CardRoom& card) { return card.is_cut() && card.is_shared(); });
}

mig::LayoutChange ChangeOf(const NodeRoom& node, bool may_recut) {
  if (!may_recut || SharesInstances(node)) return mig::LayoutChange::kNever;
  return node.policy->mig == MigBackend::kAgent ? mig::LayoutChange::kInPlace
                                                : mig::LayoutChange::kWhenEmpty;
}

// In tenths of a cent an hour.
std::int64_t CostOf(const NodeRoom& node) {
  const auto [unknown, rate] = node.cost_of_card();
  return unknown ? kNoPrice : std::min(kNoPrice, rate.value() / 1000);
}

// The profile of its one instance, as its resource spells it.
std::string_view ProfileOf(const cluster::Pod& pod) {
  const auto device = std::find_if(pod.devices.begin(), pod.devices.end(), [](const auto& one) {
    return plan::KindOf(one.name).unit == ResourceKind::Unit::kInstance && one.count > 0;
  });
  return device == pod.devices.end() ? "" : plan::KindOf(device->name).profile;
}

}  // namespace

InstanceFleet::InstanceFleet(World& world, const Cuts& cuts,
                             std::span<const cluster::Pod* const> wants)
    : world_(world) {
  FindNodes(cuts);
  std::vector<std::size_t> kinds;
  for (const cluster::Pod* want : wants) kinds.push_back(KindOf(*want));
  resizes_ = std::any_of(wants.begin(), wants.end(),
                         [&](const cluster::Pod* want) { return world.IsReplacement(*want); });
  const Holders holders = FindHolders();
  for (const auto& [at, pod] : holders) KindOf(*pod);
  FindSites();
  for (std::size_t w = 0; w < wants.size(); ++w) {
    fleet_.wants.push_back({.request = kinds_[kinds[w]].request, .priority = wants[w]->priority});
  }
  AddCards(holders);
}

void InstanceFleet::FindNodes(const Cuts& cuts) {
  using Cost = std::pair<bool, base::MicroUsdPerHour>;
  std::vector<std::tuple<bool, Cost, std::ptrdiff_t, std::size_t>> found;
  for (std::size_t n = 0; n < world_.nodes().size(); ++n) {
    const NodeRoom& node = world_.nodes()[n];
    const auto of_fleet = std::count_if(node.cards.begin(), node.cards.end(), IsOfFleet);
    if (node.given_back || node.is_added() || of_fleet == 0) continue;
    const bool whole = std::none_of(node.cards.begin(), node.cards.end(),
                                    [](const CardRoom& card) { return card.is_cut(); });
    const auto free = std::count_if(node.cards.begin(), node.cards.end(),
                                    [](const CardRoom& card) { return card.held() == 0; });
    found.emplace_back(whole, node.cost_of_card(), -free, n);
  }
  std::sort(found.begin(), found.end());
  std::map<const Pool*, std::optional<int>> left;  // nodes that may change, the first ones
  for (const auto& [whole, cost, free, n] : found) {
    const Pool* pool = world_.nodes()[n].pool;
    auto& nodes = left.try_emplace(pool, cuts.NodesLeft(pool)).first->second;
    bool may_recut = cuts.MayRecut(n);
    if (may_recut && nodes && !cuts.Touches(n)) may_recut = --*nodes >= 0;
    nodes_.push_back(n);
    changes_.push_back(ChangeOf(world_.nodes()[n], may_recut));
  }
}

std::size_t InstanceFleet::KindOf(const cluster::Pod& pod) {
  std::string words = WordsOf(pod);
  if (world_.neighbours().Concern(pod)) words += pod.name;  // it is alone in what it says of others
  const auto [known, fresh] = known_.try_emplace(std::move(words), kinds_.size());
  if (!fresh) return known->second;
  Kind& kind = kinds_.emplace_back();
  const std::string_view name = ProfileOf(pod);
  for (std::size_t i = 0; i < nodes_.size(); ++i) {
    const NodeRoom& node = world_.nodes()[nodes_[i]];
    if (!MayRun(node, pod)) continue;
    const gpu::Model* last = nullptr;
    for (const CardRoom& card : node.cards) {
      if (card.model == last || !IsOfFleet(card)) continue;
      last = card.model;
      const gpu::MigProfile* profile = gpu::ProfileNamed(*last, name);
      if (profile == nullptr || profile->starts.empty()) continue;
      if (MayMake(node, *last, *profile)) Reach(kind, *profile, i);
    }
  }
  return known->second;
}

void InstanceFleet::Reach(Kind& kind, const gpu::MigProfile& profile, std::size_t node) const {
  const auto known = std::find_if(kind.request.begin(), kind.request.end(),
                                  [&](const auto& one) { return one.profile == &profile; });
  const auto at = static_cast<std::size_t>(known - kind.request.begin());
  if (known == kind.request.end()) {
    kind.request.push_back({.profile = &profile, .sites = 0});
    kind.reach.emplace_back(nodes_.size());
  }
  kind.reach[at][node] = true;
}

// Nodes that are alike to every kind of pod are of one site.
void InstanceFleet::FindSites() {
  std::map<std::vector<bool>, int> sites;
  for (std::size_t i = 0; i < nodes_.size(); ++i) {
    std::vector<bool> look;
    for (const Kind& kind : kinds_) {
      for (const std::vector<bool>& nodes : kind.reach) look.push_back(nodes[i]);
    }
    const auto [site, fresh] = sites.try_emplace(look, static_cast<int>(sites.size()));
    sites_.push_back(site->second < mig::kMostSites ? std::optional(site->second) : std::nullopt);
    if (!fresh || !sites_.back()) continue;
    for (Kind& kind : kinds_) {
      for (std::size_t a = 0; a < kind.request.size(); ++a) {
        if (kind.reach[a][i]) kind.request[a].sites |= mig::Sites{1} << *sites_.back();
      }
    }
  }
}

// Nobody, where the policy moves nobody.
InstanceFleet::Holders InstanceFleet::FindHolders() const {
  Holders holders;
  const auto moves = [](const NodePolicy& policy) { return policy.moves != Moves::kNone; };
  if (resizes_ || !world_.SomePolicy(moves)) return holders;
  const Holdings holdings = FindHoldings(world_.snapshot());
  for (const Card& card : holdings.cards) {
    for (const Seat& seat : card.seats) {
      const bool known = seat.pod != nullptr && seat.exact && !seat.moved &&
                         seat.instance != nullptr && seat.instance->start;
      if (!known || DevicesAsked(*seat.pod) != 1 || IsInGang(*seat.pod)) continue;
      if (world_.WasMoved(*seat.pod) || world_.neighbours().Concern(*seat.pod)) continue;
      holders[{card.node->name, card.gpu->index, *seat.instance->start}] = seat.pod;
    }
  }
  return holders;
}

const cluster::Pod* InstanceFleet::MoverOn(const NodeRoom& node, const CardRoom& card,
                                           const SeatRoom& seat, const Holders& holders) {
  const auto holder = holders.find({node.name, card.index, *seat.start});
  if (holder == holders.end()) return nullptr;
  const cluster::Pod* pod = holder->second;
  const bool there = std::find(node.pods.begin(), node.pods.end(), pod) != node.pods.end();
  if (!budget_) budget_.emplace(world_.movable());
  if (!there || !budget_->MayMove({pod}, node.policy->moves)) return nullptr;
  budget_->Moved({pod});
  return pod;
}

void InstanceFleet::AddCards(const Holders& holders) {
  for (std::size_t i = 0; i < nodes_.size(); ++i) {
    if (!sites_[i]) continue;
    for (std::size_t c = 0; c < world_.nodes()[nodes_[i]].cards.size(); ++c) {
      if (IsOfFleet(world_.nodes()[nodes_[i]].cards[c])) AddCard(i, c, holders);
    }
  }
}

void InstanceFleet::AddCard(std::size_t at, std::size_t c, const Holders& holders) {
  const NodeRoom& node = world_.nodes()[nodes_[at]];
  const CardRoom& card = node.cards[c];
  mig::FleetCard of{.model = card.model, .change = changes_[at], .site = *sites_[at]};
  // Where pods stay the node is paid for; an empty one would be given back.
  if (resizes_ || node.is_empty()) of.cost = CostOf(node);
  for (const SeatRoom& seat : card.seats) {
    if (seat.facts == nullptr || !seat.start) continue;
    const gpu::Occupied occupied{seat.facts, *seat.start};
    if (seat.held == 0) {
      of.free.push_back(occupied);
      continue;
    }
    mig::HeldInstance& held = of.held.emplace_back(mig::HeldInstance{.at = occupied});
    const cluster::Pod* pod = MoverOn(node, card, seat, holders);
    if (pod == nullptr) continue;
    held.moves_to = kinds_[KindOf(*pod)].request;
    movers_[{fleet_.cards.size(), of.held.size() - 1}] = pod;
  }
  cards_.push_back({nodes_[at], c});
  fleet_.cards.push_back(std::move(of));
}

}  // namespace tangram::plan

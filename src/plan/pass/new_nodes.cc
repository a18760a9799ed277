#include "plan/pass/new_nodes.h"

#include <fmt/format.h>

#include <algorithm>
#include <climits>
#include <map>
#include <tuple>

#include "plan/pass/share_node.h"

namespace tangram::plan {
namespace {

bool CostsLessAsSpot(const NodeRoom& node) {
  const cluster::Node& like = *node.like;
  return node.policy->spot && like.capacity_type != cluster::CapacityType::kSpot && like.price &&
         like.price->spot_rate && *like.price->spot_rate < like.price->rate;
}

// A node, and what it would serve.
struct SharedNode {
  NodeRoom node{};
  ShareOffer offer{};
  // Dollars for each pod, compared without division; a known price before none.
  bool IsCheaperThan(const SharedNode& other) const {
    const auto rate = node.rate();
    const auto other_rate = other.node.rate();
    if (!rate || !other_rate) return rate.has_value() && !other_rate.has_value();
    return *rate * static_cast<std::int64_t>(other.offer.pods.size()) <
           *other_rate * static_cast<std::int64_t>(offer.pods.size());
  }
};

std::optional<SharedNode> CheapestFor(World& world, const ShareDemand& demand) {
  std::optional<SharedNode> best;
  for (const NodeRoom& known : Templates(world)) {
    // Where a node offers something else than its cards are, a new one like it may too.
    const bool as_it_says = std::all_of(known.cards.begin(), known.cards.end(),
                                        [](const CardRoom& card) { return card.may_change; });
    if (!as_it_says || !MayGrow(world, known.pool)) continue;
    NodeRoom fresh = NewNode(world, known);
    if (!MayShare(fresh, demand.resource)) continue;
    const SharedDevices devices = DevicesOf(fresh, KindOf(demand.resource));
    auto offer = OfferShares(fresh, demand.resource, devices, demand.pods);
    if (!offer) continue;
    SharedNode found{std::move(fresh), *std::move(offer)};
    if (!best || found.IsCheaperThan(*best)) best = std::move(found);
  }
  return best;
}

}  // namespace

std::vector<NodeRoom> Templates(const World& world) {
  using Kind = std::tuple<std::string_view, std::string_view, std::string_view, std::string_view>;
  std::map<Kind, const NodeRoom*> kinds;
  for (const NodeRoom& node : world.nodes()) {
    if (node.cards.empty() || !node.like->ready || !node.like->schedulable) continue;
    if (!node.may_receive() || node.is_added()) continue;
    const std::string_view pool = node.pool == nullptr ? std::string_view() : node.pool->name;
    kinds.try_emplace({pool, node.like->pool, node.like->instance_type, node.like->zone}, &node);
  }
  std::vector<NodeRoom> templates;
  for (const auto& [kind, node] : kinds) {
    templates.push_back(*node);
    if (!CostsLessAsSpot(*node)) continue;
    templates.push_back(*node);
    templates.back().capacity = cluster::CapacityType::kSpot;
  }
  std::stable_sort(templates.begin(), templates.end(), [](const NodeRoom& a, const NodeRoom& b) {
    const auto key = [](const NodeRoom& node) {
      const auto rate = node.rate();
      return std::make_pair(!rate, rate.value_or(base::MicroUsdPerHour()));
    };
    return key(a) < key(b);
  });
  return templates;
}

bool MayGrow(const World& world, const Pool* pool) {
  if (pool == nullptr || (!pool->most_nodes && !pool->most_new_nodes)) return true;
  const auto any = [](const NodeRoom&) { return true; };
  const auto added = [](const NodeRoom& node) { return node.is_added(); };
  return world.CountOf(*pool, any) < pool->most_nodes.value_or(INT_MAX) &&
         world.CountOf(*pool, added) < pool->most_new_nodes.value_or(INT_MAX);
}

NodeRoom NewNode(World& world, const NodeRoom& like) {
  NodeRoom fresh = world.EmptyLike(like);
  fresh.capacity = like.capacity;
  return fresh;
}

void AddNamed(World& world, NodeRoom fresh) {
  const auto& nodes = world.nodes();
  for (std::size_t number = nodes.size() - world.snapshot().nodes.size() + 1;; ++number) {
    std::string name = fmt::format("new-{}", number);
    const bool taken = std::any_of(nodes.begin(), nodes.end(),
                                   [&](const NodeRoom& node) { return node.name == name; });
    if (!taken) return world.AddNode(std::move(fresh), std::move(name));
  }
}

void SayAdded(World& world, NodeRoom& node, Pass pass) {
  AddNode change{node.name, node.like->name};
  change.capacity = node.capacity.value_or(cluster::CapacityType::kUnknown);
  const bool spot = node.capacity.has_value();
  Action& action = world.Act(pass, std::move(change),
                             spot ? "spot: all that wait for it may be interrupted"
                                  : "the cheapest kind here that holds what waits");
  action.rate_after = node.rate();
  node.rests_on.push_back(action.id);
}

void AddSharedNodes(World& world, Pass pass) {
  for (ShareDemand& demand : ShareDemands(world.demand())) {
    if (KindOf(demand.resource).unit != ResourceKind::Unit::kCard) continue;
    while (!demand.pods.empty()) {
      const auto added = world.nodes().size() - world.snapshot().nodes.size();
      if (static_cast<int>(added) >= world.policy().most_new_nodes) return;
      auto found = CheapestFor(world, demand);
      if (!found) break;
      AddNamed(world, std::move(found->node));
      NodeRoom& node = world.nodes().back();
      SayAdded(world, node, pass);
      TakeOffer(world, node, found->offer, pass);
      for (const cluster::Pod* pod : found->offer.pods) std::erase(demand.pods, pod);
    }
  }
}

}  // namespace tangram::plan

// Nodes are added for what still waits, and empty ones are given back.
#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <climits>
#include <map>
#include <tuple>

#include "plan/pass/gang.h"
#include "plan/pass/passes.h"

namespace tangram::plan {
namespace {

// A node that has just come up waits for the pods that it came for.
constexpr std::chrono::minutes kSettles{10};

// One node for each kind of node that the cluster has: what the provisioner can make again.
// Cheapest first; those without a price last.
std::vector<const NodeRoom*> Templates(const World& world) {
  using Kind = std::tuple<std::string_view, std::string_view, std::string_view, std::string_view>;
  std::map<Kind, const NodeRoom*> kinds;
  for (const NodeRoom& node : world.nodes()) {
    if (node.cards.empty() || !node.like->ready || !node.like->schedulable) continue;
    if (!node.may_receive()) continue;
    const std::string_view pool = node.pool == nullptr ? std::string_view() : node.pool->name;
    kinds.try_emplace({pool, node.like->pool, node.like->instance_type, node.like->zone}, &node);
  }
  std::vector<const NodeRoom*> templates;
  for (const auto& [kind, node] : kinds) templates.push_back(node);
  std::stable_sort(templates.begin(), templates.end(), [](const NodeRoom* a, const NodeRoom* b) {
    const auto key = [](const NodeRoom* node) {
      const auto rate = node->rate();
      return std::make_pair(!rate, rate.value_or(base::MicroUsdPerHour()));
    };
    return key(a) < key(b);
  });
  return templates;
}

class Scaling {
 public:
  explicit Scaling(World& world) : world_(world) {
    for (const NodeRoom* node : Templates(world)) templates_.push_back(*node);
  }

  void AddNodes() {
    for (const Gang& gang : GangsOf(world_.demand())) Serve(gang);
  }

  void GiveBackEmpty() {
    std::map<std::pair<const Pool*, std::string_view>, int> kept;
    for (NodeRoom& node : world_.nodes()) {
      if (!MayGiveBack(node) || IsLeast(node.pool)) continue;
      const std::string_view group = node.pool == nullptr ? node.like->pool : std::string_view();
      if (kept[{node.pool, group}]++ < node.policy->keep_empty) continue;
      node.given_back = true;
      Action& action = world_.Act(Pass::kScale, GiveBack{node.name}, ReasonFor(node));
      action.rate_before = node.rate();
      action.needs = node.rests_on;
    }
  }

 private:
  // All pods of the gang, on new nodes; nothing is added where one of them finds none.
  void Serve(const Gang& gang) {
    const std::size_t nodes_before = world_.nodes().size();
    std::vector<std::pair<std::size_t, const cluster::Pod*>> places;
    for (const cluster::Pod* pod : gang) {
      const auto node = NewNodeFor(*pod);
      if (!node) break;
      world_.Put(world_.nodes()[*node], *pod);
      places.emplace_back(*node, pod);
    }
    for (const auto& [node, pod] : places) world_.Take(world_.nodes()[node], *pod);
    if (places.size() < gang.size()) {
      world_.nodes().erase(world_.nodes().begin() + static_cast<std::ptrdiff_t>(nodes_before),
                           world_.nodes().end());
      added_ = std::min(added_, static_cast<int>(nodes_before - first_new()));
      return;
    }
    for (std::size_t n = nodes_before; n < world_.nodes().size(); ++n) SayAdded(n);
    for (const auto& [node, pod] : places) {
      world_.Place(Pass::kScale, world_.nodes()[node], *pod, "once the node is up");
    }
  }

  std::size_t first_new() const { return world_.snapshot().nodes.size(); }

  std::optional<std::size_t> NewNodeFor(const cluster::Pod& pod) {
    for (std::size_t n = first_new(); n < world_.nodes().size(); ++n) {
      if (Fits(world_.nodes()[n], pod)) return n;
    }
    if (added_ >= world_.policy().most_new_nodes) return std::nullopt;
    for (const NodeRoom& known : templates_) {
      if (!MayGrow(known.pool)) continue;
      NodeRoom fresh = world_.EmptyLike(known, FreshName());
      if (!Fits(fresh, pod)) continue;
      ++added_;
      world_.nodes().push_back(std::move(fresh));
      return world_.nodes().size() - 1;
    }
    return std::nullopt;
  }

  bool MayGrow(const Pool* pool) const {
    if (pool == nullptr || (!pool->most_nodes && !pool->most_new_nodes)) return true;
    const auto any = [](const NodeRoom&) { return true; };
    const auto added = [](const NodeRoom& node) { return node.is_added(); };
    return world_.CountOf(*pool, any) < pool->most_nodes.value_or(INT_MAX) &&
           world_.CountOf(*pool, added) < pool->most_new_nodes.value_or(INT_MAX);
  }

  bool IsLeast(const Pool* pool) const {
    if (pool == nullptr || pool->least_nodes == 0) return false;
    const auto any = [](const NodeRoom&) { return true; };
    return world_.CountOf(*pool, any) <= pool->least_nodes;
  }

  // "new-1", or the next that no node has.
  std::string FreshName() const {
    for (std::size_t number = static_cast<std::size_t>(added_) + 1;; ++number) {
      std::string name = fmt::format("new-{}", number);
      const bool taken = std::any_of(world_.nodes().begin(), world_.nodes().end(),
                                     [&](const NodeRoom& node) { return node.name == name; });
      if (!taken) return name;
    }
  }

  void SayAdded(std::size_t at) {
    NodeRoom& node = world_.nodes()[at];
    Action& action = world_.Act(Pass::kScale, AddNode{node.name, node.like->name},
                                "the cheapest kind here that holds what waits");
    action.rate_after = node.rate();
    node.rests_on.push_back(action.id);
  }

  bool MayGiveBack(const NodeRoom& node) const {
    if (node.given_back || node.cards.empty() || !node.is_empty()) return false;
    if (!node.policy->give_back || node.is_added()) return false;
    if (!node.like->ready || !node.like->schedulable) return false;
    return world_.snapshot().taken_at - node.like->created_at >= kSettles;
  }

  static std::string ReasonFor(const NodeRoom& node) {
    return node.rests_on.empty() ? "no pod is on it" : "no pod is left on it";
  }

  World& world_;
  std::vector<NodeRoom> templates_;
  int added_ = 0;
};

}  // namespace

void Scale(World& world) {
  Scaling scaling(world);
  scaling.AddNodes();
  scaling.GiveBackEmpty();
}

}  // namespace tangram::plan

// Nodes are added for what still waits, and empty ones are given back.
#include <algorithm>
#include <chrono>
#include <map>
#include <tuple>

#include "plan/pass/gang.h"
#include "plan/pass/new_nodes.h"
#include "plan/pass/passes.h"

namespace tangram::plan {
namespace {

// A node that has just come up waits for the pods that it came for.
constexpr std::chrono::minutes kSettles{10};

class Scaling {
 public:
  explicit Scaling(World& world) : world_(world) {
    for (const NodeRoom& node : Templates(world)) templates_.push_back(NewNode(world, node));
    added_ = static_cast<int>(world.nodes().size() - first_new());
  }

  void AddNodes() {
    for (const Gang& gang : GangsOf(world_.demand(), world_.gangs())) Serve(gang);
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
  // Where pods that have to be near each other go.
  struct Near {
    std::vector<std::string_view> levels{};  // that their nodes have in common; empty: anywhere
    std::string domain{};                    // of those nodes

    // Empty: it is not known before the node is up.
    std::string DomainOf(const NodeRoom& node) const {
      std::string all;
      for (const std::string_view level : levels) {
        const std::string one = DomainOfNew(*node.like, node.name, level);
        if (one.empty()) return one;
        all += one + '/';
      }
      return all;
    }
    bool Allows(const NodeRoom& node) const { return DomainOf(node) == domain; }
  };

  void Serve(const Gang& gang) {
    if (!IsBound(gang)) {
      ServeNear({}, gang, world_.nodes().size());
    } else if (!RunsInPart(gang)) {  // new nodes may be far from those that run
      ServeTogether(gang);
    }
  }

  bool RunsInPart(const Gang& gang) const {
    const GangKey key = GangKeyOf(*gang.front());
    const auto is_mate = [&](const cluster::Pod* pod) { return GangKeyOf(*pod) == key; };
    return std::any_of(world_.nodes().begin(), world_.nodes().end(), [&](const NodeRoom& node) {
      return std::any_of(node.pods.begin(), node.pods.end(), is_mate);
    });
  }

  // In the domain of a node that is added already, or of one more.
  void ServeTogether(const Gang& gang) {
    Near near;
    for (const TopologyWishes& wish : WishesOfGang(gang)) {
      if (!wish.required.empty()) near.levels.push_back(wish.required);
    }
    const std::size_t before = world_.nodes().size();
    const auto serve_at = [&](std::size_t n) {
      near.domain = near.DomainOf(world_.nodes()[n]);
      return !near.domain.empty() && ServeNear(near, gang, before);
    };
    for (std::size_t n = first_new(); n < before; ++n) {
      if (serve_at(n)) return;
    }
    for (const NodeRoom& known : templates_) {
      if (!MayAdd(known) || !Fits(known, *gang.front())) continue;
      Add(known);
      if (serve_at(before)) return;
      RemoveFrom(before);
    }
  }

  void Add(const NodeRoom& known) {
    AddNamed(world_, known);
    ++added_;
  }

  void RemoveFrom(std::size_t first) {
    auto& nodes = world_.nodes();
    added_ -= static_cast<int>(nodes.size() - first);
    nodes.erase(nodes.begin() + static_cast<std::ptrdiff_t>(first), nodes.end());
  }

  // All pods of the gang, on new nodes; where one of them finds none, nothing, and no node is left
  // beyond the first `nodes_before`.
  bool ServeNear(const Near& near, const Gang& gang, std::size_t nodes_before) {
    std::vector<std::pair<std::size_t, const cluster::Pod*>> places;
    for (const cluster::Pod* pod : gang) {
      const auto node = NewNodeFor(*pod, near);
      if (!node) break;
      world_.Put(world_.nodes()[*node], *pod);
      places.emplace_back(*node, pod);
    }
    for (const auto& [node, pod] : places) world_.Take(world_.nodes()[node], *pod);
    if (places.size() < gang.size()) {
      RemoveFrom(nodes_before);
      return false;
    }
    for (const auto& [node, pod] : places) {
      if (node >= nodes_before && world_.nodes()[node].rests_on.empty()) {
        SayAdded(world_, world_.nodes()[node], Pass::kScale);
      }
      world_.Place(Pass::kScale, world_.nodes()[node], *pod, "once the node is up");
    }
    return true;
  }

  std::size_t first_new() const { return world_.snapshot().nodes.size(); }

  bool MayAdd(const NodeRoom& known) const {
    return added_ < world_.policy().most_new_nodes && MayGrow(world_, known.pool);
  }

  std::optional<std::size_t> NewNodeFor(const cluster::Pod& pod, const Near& near) {
    for (std::size_t n = first_new(); n < world_.nodes().size(); ++n) {
      if (near.Allows(world_.nodes()[n]) && Fits(world_.nodes()[n], pod)) return n;
    }
    for (const NodeRoom& known : templates_) {
      if (!MayAdd(known) || !near.Allows(known) || !Fits(known, pod)) continue;
      Add(known);
      return world_.nodes().size() - 1;
    }
    return std::nullopt;
  }

  bool IsLeast(const Pool* pool) const {
    if (pool == nullptr || pool->least_nodes == 0) return false;
    const auto any = [](const NodeRoom&) { return true; };
    return world_.CountOf(*pool, any) <= pool->least_nodes;
  }

  bool MayGiveBack(const NodeRoom& node) const {
    if (node.given_back || node.kept || node.cards.empty() || !node.is_empty()) return false;
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
  AddSharedNodes(world, Pass::kScale);
  Scaling scaling(world);
  scaling.AddNodes();
  scaling.GiveBackEmpty();
}

}  // namespace tangram::plan

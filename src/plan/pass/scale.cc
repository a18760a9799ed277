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
  // All pods of the gang, on new nodes; nothing is added where one of them finds none.
  void Serve(const Gang& gang) {
    if (IsBound(gang)) return;  // which domain a new node comes to is not known
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
    for (const auto& [node, pod] : places) {
      if (node >= nodes_before && world_.nodes()[node].rests_on.empty()) {
        SayAdded(world_, world_.nodes()[node], Pass::kScale);
      }
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
      if (!MayGrow(world_, known.pool)) continue;
      if (!Fits(known, pod)) continue;
      AddNamed(world_, known);
      ++added_;
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
  AddSharedNodes(world, Pass::kScale);
  Scaling scaling(world);
  scaling.AddNodes();
  scaling.GiveBackEmpty();
}

}  // namespace tangram::plan

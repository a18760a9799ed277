// Pods that may move leave nodes that others can absorb, so that the nodes can be given back.
#include <algorithm>
#include <tuple>

#include "plan/pass/movable.h"
#include "plan/pass/passes.h"

namespace tangram::plan {
namespace {

using Pods = std::vector<const cluster::Pod*>;

Pods PodsToMove(const NodeRoom& node) {
  Pods pods;
  std::copy_if(node.pods.begin(), node.pods.end(), std::back_inserter(pods),
               [](const cluster::Pod* pod) { return !RunsEverywhere(*pod); });
  // Large ones first: they find room last.
  std::sort(pods.begin(), pods.end(), [](const cluster::Pod* a, const cluster::Pod* b) {
    const auto size = [](const cluster::Pod* pod) {
      return std::make_tuple(-DevicesAsked(*pod), -pod->cpu.value(), -pod->memory.value());
    };
    return size(a) != size(b) ? size(a) < size(b) : NameOf(*a) < NameOf(*b);
  });
  return pods;
}

// A node that a person cordoned, or that is not ready, is not ours to empty; one that stays in any
// case need not be.
bool IsCandidate(const NodeRoom& node) {
  if (node.policy->moves == Moves::kNone || !node.policy->give_back || node.kept) return false;
  return !node.given_back && !node.cards.empty() && !node.is_empty() && node.like->ready &&
         node.like->schedulable && !node.is_added();
}

// What holds least comes first, of those what costs most.
std::vector<std::size_t> Candidates(const World& world) {
  std::vector<std::size_t> candidates;
  for (std::size_t n = 0; n < world.nodes().size(); ++n) {
    if (IsCandidate(world.nodes()[n])) candidates.push_back(n);
  }
  const auto key = [&](std::size_t n) {
    const NodeRoom& node = world.nodes()[n];
    const auto rate = node.rate().value_or(base::MicroUsdPerHour());
    return std::make_tuple(node.held(), -rate.value(), std::string_view(node.name));
  };
  std::sort(candidates.begin(), candidates.end(),
            [&](std::size_t a, std::size_t b) { return key(a) < key(b); });
  return candidates;
}

class Consolidation {
 public:
  explicit Consolidation(World& world) : world_(world), movable_(world.movable()) {}

  void Run() {
    for (const std::size_t n : Candidates(world_)) {
      // What just arrived is not moved again.
      if (std::find(received_.begin(), received_.end(), n) == received_.end()) Empty(n);
    }
  }

 private:
  void Empty(std::size_t from) {
    if (!MayShrink(world_.nodes()[from].pool)) return;
    const Pods pods = PodsToMove(world_.nodes()[from]);
    const bool settled = std::none_of(pods.begin(), pods.end(), [&](const cluster::Pod* pod) {
      return world_.IsReplacement(*pod) || world_.WasMoved(*pod);  // it is restarted already
    });
    if (!settled || !movable_.MayMove(pods, world_.nodes()[from].policy->moves)) return;
    std::vector<std::size_t> targets;
    for (const cluster::Pod* pod : pods) {
      world_.Take(world_.nodes()[from], *pod);
      const auto target = TargetFor(*pod, from);
      if (!target) {
        world_.Put(world_.nodes()[from], *pod);
        break;
      }
      world_.Put(world_.nodes()[*target], *pod);
      targets.push_back(*target);
    }
    if (targets.size() < pods.size()) {
      for (std::size_t i = 0; i < targets.size(); ++i) {
        world_.Take(world_.nodes()[targets[i]], *pods[i]);
        world_.Put(world_.nodes()[from], *pods[i]);
      }
      return;
    }
    for (std::size_t i = 0; i < pods.size(); ++i) Move(*pods[i], from, targets[i]);
    movable_.Moved(pods);
  }

  // Whether the pool may do with less than the nodes that are in use.
  bool MayShrink(const Pool* pool) const {
    if (pool == nullptr || pool->least_nodes == 0) return true;
    const auto in_use = [](const NodeRoom& node) { return !node.is_empty(); };
    return world_.CountOf(*pool, in_use) > pool->least_nodes;
  }

  // Of the nodes in use, the one with least room for it.
  std::optional<std::size_t> TargetFor(const cluster::Pod& pod, std::size_t from) const {
    std::optional<std::size_t> best;
    std::int64_t least = 0;
    for (std::size_t n = 0; n < world_.nodes().size(); ++n) {
      const NodeRoom& node = world_.nodes()[n];
      if (n == from || node.is_empty() || !node.may_receive() || !Fits(node, pod)) continue;
      std::int64_t left = 0;
      for (const auto& [resource, count] : pod.devices) left += CountIn(node.free, resource);
      if (!best || left < least) std::tie(best, least) = std::pair(std::optional(n), left);
    }
    return best;
  }

  void Move(const cluster::Pod& pod, std::size_t from, std::size_t to) {
    NodeRoom& source = world_.nodes()[from];
    NodeRoom& target = world_.nodes()[to];
    world_.SayMoved(Pass::kConsolidate, pod, source, target, "empties " + source.name);
    received_.push_back(to);
  }

  World& world_;
  Movable& movable_;
  std::vector<std::size_t> received_;
};

}  // namespace

void Consolidate(World& world) {
  const auto moves = [](const NodePolicy& policy) { return policy.moves != Moves::kNone; };
  if (!world.SomePolicy(moves)) return;
  Consolidation(world).Run();
}

}  // namespace tangram::plan

// Cards with MIG on that nobody holds become whole again, for pods that ask for whole cards.
#include <algorithm>
#include <optional>
#include <tuple>

#include "plan/pass/cut.h"
#include "plan/pass/gang.h"
#include "plan/pass/passes.h"

namespace tangram::plan {
namespace {

// Pods that are on nodes already, each by the place of its node, and not yet said to be.
using Served = std::vector<std::pair<std::size_t, const cluster::Pod*>>;

void SayPlaced(World& world, const Served& served, const std::string& reason) {
  for (const auto& [node, pod] : served) world.Take(world.nodes()[node], *pod);
  for (const auto& [node, pod] : served) {
    world.Place(Pass::kPartition, world.nodes()[node], *pod, reason);
  }
}

class Joiner {
 public:
  explicit Joiner(World& world) : world_(world), cuts_(world) {}

  void Run() {
    const auto demand = world_.demand();
    Served served;
    for (const cluster::Pod* pod : demand) {
      const std::int64_t cards = WholeCards(*pod);
      if (cards == 0 || IsInGang(*pod)) continue;
      if (const auto node = JoinFor(*pod, cards)) served.emplace_back(*node, pod);
    }
    cuts_.UndoUnused();
    cuts_.Act("a pod waits for it");
    SayPlaced(world_, served, "on whole cards");
  }

 private:
  static std::int64_t WholeCards(const cluster::Pod& pod) {
    std::int64_t cards = 0;
    for (const auto& [resource, count] : pod.devices) {
      const ResourceKind kind = KindOf(resource);
      if (kind.unit == ResourceKind::Unit::kNotGpu) continue;
      if (kind.unit != ResourceKind::Unit::kCard || kind.shared) return 0;
      cards += count;
    }
    return cards;
  }

  std::vector<std::size_t> CutCardsFree(std::size_t n) const {
    if (!cuts_.MayRecut(n)) return {};
    const NodeRoom& node = world_.nodes()[n];
    std::vector<std::size_t> cards;
    for (std::size_t c = 0; c < node.cards.size(); ++c) {
      const CardRoom& card = node.cards[c];
      const bool known = card.may_change && card.is_cut() && card.seats.front().replicas == 1;
      if (known && card.held() == 0) cards.push_back(c);
    }
    return cards;
  }

  // The node where the fewest cards have to be joined.
  std::optional<std::size_t> JoinFor(const cluster::Pod& pod, std::int64_t wanted) {
    std::optional<std::size_t> best;
    std::int64_t fewest = 0;
    for (std::size_t n = 0; n < world_.nodes().size(); ++n) {
      const NodeRoom& node = world_.nodes()[n];
      if (!MayRun(node, pod)) continue;
      const std::int64_t missing =
          wanted - std::max<std::int64_t>(0, CountIn(node.free, kCardResource));
      if (missing <= 0 || missing > static_cast<std::int64_t>(CutCardsFree(n).size())) continue;
      if (!best || missing < fewest) std::tie(best, fewest) = std::pair(std::optional(n), missing);
    }
    if (!best) return std::nullopt;
    const auto cards = CutCardsFree(*best);
    for (std::int64_t i = 0; i < fewest; ++i) {
      cuts_.Recut(*best, cards[static_cast<std::size_t>(i)], {SeatRoom{}});
    }
    world_.Put(world_.nodes()[*best], pod);
    return best;
  }

  World& world_;
  Cuts cuts_;
};

}  // namespace

void JoinCards(World& world) { Joiner(world).Run(); }

}  // namespace tangram::plan

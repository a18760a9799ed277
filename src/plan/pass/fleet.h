// The cards of the world as plan/mig/repartition.h sees them, and who is who.
#pragma once

#include <cstddef>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

#include "plan/mig/repartition.h"
#include "plan/pass/cut.h"
#include "plan/pass/world.h"

namespace tangram::plan {

// Cards whose layout may change, and those that pods may leave. Cards on nodes with cut cards come
// first, then those that cost least, then those of nodes with most of them free.
class InstanceFleet {
 public:
  struct CardAt {
    std::size_t node = 0;  // of the world
    std::size_t card = 0;  // of the node
  };

  // `wants` ask for one instance each, alone. Borrows the world, which stays as it is.
  InstanceFleet(World& world, const Cuts& cuts, std::span<const cluster::Pod* const> wants);

  // To try with less: what is taken out stays out.
  mig::Fleet& fleet() { return fleet_; }
  CardAt card(std::size_t card) const { return cards_[card]; }
  // Who holds an instance that may move.
  const cluster::Pod& mover(std::size_t card, std::size_t held) const {
    return *movers_.at({card, held});
  }

 private:
  // Pods that say the same.
  struct Kind {
    mig::Request request{};
    std::vector<std::vector<bool>> reach{};  // by alternative, by nodes_: whether it may be there
  };
  // Who holds an instance for certain: by node, GPU and start.
  using Holders = std::map<std::tuple<std::string_view, int, int>, const cluster::Pod*>;

  void FindNodes(const Cuts& cuts);
  Holders FindHolders() const;
  void AddCards(const Holders& holders);
  void AddCard(std::size_t at, std::size_t card, const Holders& holders);
  const cluster::Pod* MoverOn(const NodeRoom& node, const CardRoom& card, const SeatRoom& seat,
                              const Holders& holders);
  std::size_t KindOf(const cluster::Pod& pod);
  void Reach(Kind& kind, const gpu::MigProfile& profile, std::size_t node) const;
  void FindSites();

  World& world_;
  bool resizes_ = false;  // the wants run already, and leave their nodes: nobody else moves then
  std::vector<std::size_t> nodes_;          // of the world, in the order of cards
  std::vector<mig::LayoutChange> changes_;  // by nodes_
  std::vector<std::optional<int>> sites_;   // by nodes_; nothing: one too many
  std::map<std::string, std::size_t> known_;
  std::vector<Kind> kinds_;
  mig::Fleet fleet_;
  std::vector<CardAt> cards_;  // by card of the fleet
  std::map<std::pair<std::size_t, std::size_t>, const cluster::Pod*> movers_;
  std::optional<Movable> budget_;  // less all that could move
};

}  // namespace tangram::plan

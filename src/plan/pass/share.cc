// Cards, and instances that are there, are shared, or shared further, for pods that ask for a
// share.
#include <tuple>

#include "plan/pass/best_first.h"
#include "plan/pass/passes.h"
#include "plan/pass/share_node.h"

namespace tangram::plan {
namespace {

// Serves the pods that ask for one resource, on as few nodes as can be.
class Sharing {
 public:
  Sharing(World& world, ShareDemand demand) : world_(world), demand_(std::move(demand)) {}

  void Run() {
    TakeBestFirst(
        world_.nodes().size(), [&](std::size_t n) { return OfferOf(n); },
        [&](std::size_t n, const ShareOffer& offer) { return KeyOf(n, offer); },
        [&](std::size_t n, const ShareOffer& offer) {
          TakeOffer(world_, world_.nodes()[n], offer, Pass::kShare);
          for (const cluster::Pod* pod : offer.pods) std::erase(demand_.pods, pod);
        });
  }

 private:
  // A shared node before an unshared one; then what serves most pods, shares fewest devices, costs
  // least, and comes first.
  using Cost = std::pair<bool, base::MicroUsdPerHour>;
  using Key = std::tuple<bool, std::int64_t, int, Cost>;

  std::optional<ShareOffer> OfferOf(std::size_t n) const {
    if (demand_.pods.empty()) return std::nullopt;
    const NodeRoom& node = world_.nodes()[n];
    if (!MayShare(node, demand_.resource)) return std::nullopt;
    return OfferShares(node, demand_.resource, DevicesOf(node, KindOf(demand_.resource)),
                       demand_.pods);
  }

  Key KeyOf(std::size_t n, const ShareOffer& offer) const {
    const NodeRoom& node = world_.nodes()[n];
    const SharedDevices devices = DevicesOf(node, KindOf(demand_.resource));
    return {devices.replicas == 1, -static_cast<std::int64_t>(offer.pods.size()), devices.devices,
            node.cost_of_card()};
  }

  World& world_;
  ShareDemand demand_;
};

}  // namespace

void ShareCards(World& world) {
  for (ShareDemand& demand : ShareDemands(world.demand())) Sharing(world, std::move(demand)).Run();
}

}  // namespace tangram::plan

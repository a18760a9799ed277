// Cards that nobody holds are cut, and their instances shared, for pods that ask for a share of an
// instance: seven instances of four shares are twenty-eight on one card.
#include <tuple>

#include "plan/mig/pack.h"
#include "plan/pass/best_first.h"
#include "plan/pass/cut.h"
#include "plan/pass/passes.h"
#include "plan/pass/share_node.h"

namespace tangram::plan {
namespace {

// What one node could serve, and of how many cards.
struct CutOffer {
  ShareOffer shares{};
  std::int64_t instances = 0;  // to make
  mig::Packing packing{};
};

class SharedCutter {
 public:
  SharedCutter(World& world, ShareDemand demand) : world_(world), demand_(std::move(demand)) {
    cuts_.emplace(world);
  }

  void Run() {
    TakeBestFirst(
        world_.nodes().size(), [&](std::size_t n) { return OfferOf(n); },
        [&](std::size_t n, const CutOffer& offer) { return KeyOf(n, offer); },
        [&](std::size_t n, const CutOffer& offer) { Take(n, offer); });
  }

 private:
  static std::vector<std::size_t> FreeCards(const NodeRoom& node, const gpu::Model& model) {
    std::vector<std::size_t> cards;
    for (std::size_t c = 0; c < node.cards.size(); ++c) {
      if (IsFree(node.cards[c], model)) cards.push_back(c);
    }
    return cards;
  }

  // The first model on the node that has the profile, and free cards.
  const gpu::Model* ModelOn(const NodeRoom& node) const {
    const std::string_view profile = KindOf(demand_.resource).profile;
    for (const CardRoom& card : node.cards) {
      if (card.model == nullptr || gpu::ProfileNamed(*card.model, profile) == nullptr) continue;
      if (IsFree(card, *card.model)) return card.model;
    }
    return nullptr;
  }

  // As many pods as all its free cards could serve, on the fewest cards.
  std::optional<CutOffer> OfferOf(std::size_t n) const {
    if (demand_.pods.empty()) return std::nullopt;
    const NodeRoom& node = world_.nodes()[n];
    if (!cuts_->MayRecut(n) || !MayShare(node, demand_.resource)) return std::nullopt;
    const gpu::Model* model = ModelOn(node);
    if (model == nullptr) return std::nullopt;
    const auto* profile = gpu::ProfileNamed(*model, KindOf(demand_.resource).profile);
    if (!MayMake(node, *model, *profile)) return std::nullopt;
    const auto cards = static_cast<int>(FreeCards(node, *model).size());
    auto most = OfferOn(node, *model, cards);
    if (!most) return std::nullopt;
    for (int fewer = 1; fewer < cards; ++fewer) {
      auto offer = OfferOn(node, *model, fewer);
      if (offer && offer->shares.pods.size() == most->shares.pods.size()) return offer;
    }
    return most;
  }

  std::optional<CutOffer> OfferOn(const NodeRoom& node, const gpu::Model& model, int cards) const {
    const ResourceKind kind = KindOf(demand_.resource);
    const gpu::MigProfile& profile = *gpu::ProfileNamed(model, kind.profile);
    SharedDevices devices = DevicesOf(node, kind);
    const int there = devices.devices;
    if (there == 0) {
      devices.model = &model;
      devices.profile = &profile;
      devices.memory = profile.memory.value_or(base::MiB());
    }
    devices.devices += cards * profile.max_instances;
    auto shares = OfferShares(node, demand_.resource, devices, demand_.pods);
    if (!shares) return std::nullopt;
    CutOffer offer{.shares = *std::move(shares)};
    offer.instances = InstancesFor(node, offer.shares) - there;
    if (offer.instances <= 0) return std::nullopt;  // those that are there would do
    const std::vector<mig::Demand> demand{{&profile, offer.instances}};
    auto packing = mig::Pack(model, demand);
    if (!packing || packing->gpus > cards) return std::nullopt;
    offer.packing = *std::move(packing);
    return offer;
  }

  // That hold all shares, those in use included.
  std::int64_t InstancesFor(const NodeRoom& node, const ShareOffer& offer) const {
    const ResourceKind kind = KindOf(demand_.resource);
    std::int64_t shares = 0;
    for (const Sharer& sharer : DevicesOf(node, kind).standing) shares += sharer.shares;
    for (const Sharer& sharer : ComingTo(node, kind)) shares += sharer.shares;
    for (const cluster::Pod* pod : offer.pods) {
      shares += cluster::CountOf(pod->devices, demand_.resource);
    }
    return (shares + offer.choice.replicas - 1) / offer.choice.replicas;
  }

  // What serves most pods, cuts fewest cards, costs least, and comes first.
  using Cost = std::pair<bool, base::MicroUsdPerHour>;
  using Key = std::tuple<std::int64_t, std::int64_t, Cost>;
  Key KeyOf(std::size_t n, const CutOffer& offer) const {
    return {-static_cast<std::int64_t>(offer.shares.pods.size()), offer.packing.gpus,
            world_.nodes()[n].cost_of_card()};
  }

  void Take(std::size_t n, const CutOffer& offer) {
    NodeRoom& node = world_.nodes()[n];
    const SharedDevices before = DevicesOf(node, KindOf(demand_.resource));
    auto card = FreeCards(node, *ModelOn(node));
    auto at = card.begin();
    for (const mig::PackedLayout& layout : offer.packing.layouts) {
      for (std::int64_t i = 0; i < layout.count; ++i, ++at) {
        std::vector<SeatRoom> seats;
        for (const gpu::Occupied& instance : layout.placements) {
          SeatRoom& seat = seats.emplace_back(SeatOf(*instance.profile, instance.start));
          seat.replicas = before.replicas;  // as all others of its profile on the node
          seat.sharing = before.sharing;
        }
        cuts_->Recut(n, *at, std::move(seats));
      }
    }
    cuts_->Act("pods wait for a share of it");
    cuts_.emplace(world_);
    TakeOffer(world_, node, offer.shares, Pass::kPartition);
    for (const cluster::Pod* pod : offer.shares.pods) std::erase(demand_.pods, pod);
  }

  World& world_;
  ShareDemand demand_;
  std::optional<Cuts> cuts_;  // of the card at hand
};

}  // namespace

void CutForShares(World& world) {
  if (!world.policy().on.at(static_cast<std::size_t>(Pass::kShare))) return;
  for (ShareDemand& demand : ShareDemands(world.demand())) {
    if (KindOf(demand.resource).unit != ResourceKind::Unit::kInstance) continue;
    SharedCutter(world, std::move(demand)).Run();
  }
}

}  // namespace tangram::plan

#include "plan/pass/share_node.h"

#include <fmt/format.h>

#include <algorithm>

#include "plan/pass/gang.h"
#include "plan/share/asks.h"

namespace tangram::plan {
namespace {

constexpr std::string_view kShared = ".shared";

// "nvidia.com/gpu" of "nvidia.com/gpu.shared".
std::string_view WholeName(std::string_view resource) {
  resource.remove_suffix(kShared.size());
  return resource;
}

// What the node has left for pods that come to its shares.
class Room {
 public:
  explicit Room(const NodeRoom& node) : node_(node), cpu_(node.cpu), memory_(node.memory) {}

  // Everything but the share fits.
  bool Holds(const cluster::Pod& pod, std::string_view share) const {
    for (const auto& [resource, count] : pod.devices) {
      if (resource == share) continue;
      const auto taken = taken_.find(resource);
      const std::int64_t gone = taken == taken_.end() ? 0 : taken->second;
      if (count > CountIn(node_.free, resource) - gone) return false;
    }
    return pod.cpu <= cpu_ && pod.memory <= memory_;
  }

  void Take(const cluster::Pod& pod) {
    cpu_ -= pod.cpu;
    memory_ -= pod.memory;
    for (const auto& [resource, count] : pod.devices) taken_[resource] += count;
  }

 private:
  const NodeRoom& node_;
  base::MilliCpu cpu_;
  base::MiB memory_;
  Counts taken_;
};

// The node with its devices of the kind shared so.
void Share(NodeRoom& node, const std::string& resource, const SharingChoice& choice) {
  const ResourceKind kind = KindOf(resource);
  std::int64_t shares = 0;
  for (CardRoom& card : node.cards) {
    for (SeatRoom& seat : card.seats) {
      if (!IsOfKind(node, card, seat, kind)) continue;
      seat.replicas = choice.replicas;
      seat.sharing = choice.sharing;
      shares += choice.replicas;
    }
  }
  const std::string whole(WholeName(resource));
  node.free[resource] += shares - CountIn(node.offers, resource);
  node.offers[resource] = shares;
  node.free[whole] -= CountIn(node.offers, whole);
  node.offers[whole] = 0;
}

std::string ReasonFor(const SharedDevices& devices, std::span<const Sharer> coming,
                      const SharingChoice& choice) {
  const std::string more = DescribeSharing(devices, coming, choice);
  return more.empty() ? "pods wait for a share" : "pods wait for a share: " + more;
}

}  // namespace

bool MayShare(const NodeRoom& node, const std::string& resource) {
  const ResourceKind kind = KindOf(resource);
  if (node.given_back || node.cards.empty() || !kind.shared) return false;
  const bool whole = kind.unit == ResourceKind::Unit::kCard;
  bool held = false;
  bool shared = false;
  for (const CardRoom& card : node.cards) {
    const bool known = card.may_change || (node.is_added() && card.model != nullptr);
    for (const SeatRoom& seat : card.seats) {
      const bool ours = IsOfKind(node, card, seat, kind);
      if (whole && !ours) return false;
      if (!ours) continue;
      if (!known) return false;
      held = held || seat.held > 0;
      shared = shared || seat.replicas > 1;
    }
  }
  if (shared) return CountIn(node.offers, resource) > 0;  // else under their old name
  const std::string_view whole_name = WholeName(resource);
  return !held && CountIn(node.free, whole_name) == CountIn(node.offers, whole_name);
}

std::optional<ShareOffer> OfferShares(const NodeRoom& node, const std::string& resource,
                                      const SharedDevices& devices,
                                      std::span<const cluster::Pod* const> pods) {
  const SharingPolicy policy{node.policy->sharing, node.policy->most_replicas};
  if (devices.devices == 0 || devices.model == nullptr) return std::nullopt;
  ShareOffer offer{.resource = resource};
  std::vector<Sharer> coming = ComingTo(node, KindOf(resource));
  Room room(node);
  bool one_is_concerned = false;
  for (const cluster::Pod* pod : pods) {
    if (IsolationOf(*pod) != Isolation::kShared || !room.Holds(*pod, resource)) continue;
    if (!MayRun(node, *pod)) continue;
    // Where one comes, others may no longer: they are looked at again once it is there.
    const bool concerned = node.around->Concern(*pod);
    if (concerned && one_is_concerned) continue;
    coming.push_back(node.sharers->Of(*pod, cluster::CountOf(pod->devices, resource)));
    const auto choice = ChooseSharing(devices, coming, policy);
    if (!choice) {
      coming.pop_back();
      continue;
    }
    room.Take(*pod);
    one_is_concerned = one_is_concerned || concerned;
    offer.pods.push_back(pod);
    offer.choice = *choice;
  }
  if (offer.pods.empty()) return std::nullopt;
  return offer;
}

void ChangeShares(World& world, NodeRoom& node, const ShareOffer& offer, std::string reason,
                  Pass pass) {
  const SharedDevices devices = DevicesOf(node, KindOf(offer.resource));
  Reshare reshare{node.name, offer.choice.sharing, devices.replicas, offer.choice.replicas, {}};
  if (devices.profile != nullptr) reshare.profile = devices.profile->name;
  Action& action = world.Act(pass, std::move(reshare), std::move(reason));
  action.needs = node.rests_on;
  node.rests_on.push_back(action.id);
  Share(node, offer.resource, offer.choice);
}

void TakeOffer(World& world, NodeRoom& node, const ShareOffer& offer, Pass pass) {
  const SharedDevices devices = DevicesOf(node, KindOf(offer.resource));
  if (offer.choice.replicas != devices.replicas) {
    std::vector<Sharer> coming = ComingTo(node, KindOf(offer.resource));
    for (const cluster::Pod* pod : offer.pods) {
      coming.push_back(node.sharers->Of(*pod, cluster::CountOf(pod->devices, offer.resource)));
    }
    ChangeShares(world, node, offer, ReasonFor(devices, coming, offer.choice), pass);
  }
  for (const cluster::Pod* pod : offer.pods) world.Place(pass, node, *pod, "on a new share");
}

std::vector<ShareDemand> ShareDemands(const std::vector<const cluster::Pod*>& demand) {
  std::vector<ShareDemand> demands;
  for (const cluster::Pod* pod : demand) {
    if (IsInGang(*pod)) continue;
    const auto asked = std::find_if(pod->devices.begin(), pod->devices.end(), [](const auto& of) {
      return of.count > 0 && KindOf(of.name).shared;
    });
    if (asked == pod->devices.end()) continue;
    const auto known = std::find_if(demands.begin(), demands.end(), [&](const ShareDemand& of) {
      return of.resource == asked->name;
    });
    if (known != demands.end()) {
      known->pods.push_back(pod);
    } else {
      demands.push_back({asked->name, {pod}});
    }
  }
  return demands;
}

}  // namespace tangram::plan

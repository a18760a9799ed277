// Cards that nobody holds are shared, or shared further, for pods that ask for a share.
#include <algorithm>
#include <tuple>

#include "cluster/schedulable.h"
#include "plan/pass/gang.h"
#include "plan/pass/passes.h"

namespace tangram::plan {
namespace {

bool AsksForShare(const cluster::Pod& pod) {
  return std::any_of(pod.devices.begin(), pod.devices.end(), [](const auto& asked) {
    return asked.name == kShareResource && asked.count > 0;
  });
}

int ReplicasOf(const NodeRoom& node) { return node.cards.front().seats.front().replicas; }

cluster::Sharing SharingOf(const NodeRoom& node) {
  const cluster::Sharing now = node.like->gpus.front().sharing;
  if (now != cluster::Sharing::kNone) return now;
  return node.policy->sharing.value_or(cluster::Sharing::kTimeSlicing);
}

int MostReplicas(const NodeRoom& node) {
  const bool mps = SharingOf(node) == cluster::Sharing::kMps;
  const int most =
      mps ? gpu::MaxMpsClients(*node.cards.front().model) : gpu::kMaxTimeSlicingReplicas;
  return std::min(node.policy->most_replicas, most);
}

// The device plugin shares every card of a node alike, and renames its resource. So a node whose
// cards are held whole cannot be shared; one that is shared can be shared further.
bool CanShare(const NodeRoom& node) {
  if (node.given_back || node.cards.empty()) return false;
  const cluster::Sharing sharing = SharingOf(node);
  if (sharing == cluster::Sharing::kNone || sharing != node.policy->sharing.value_or(sharing)) {
    return false;
  }
  const bool known = std::all_of(node.cards.begin(), node.cards.end(), [](const CardRoom& card) {
    return card.may_change && card.seats.size() == 1 && !card.is_cut();
  });
  if (!known || ReplicasOf(node) >= MostReplicas(node)) return false;
  const bool renamed = CountIn(node.offers, kShareResource) > 0;
  if (renamed) return true;
  return ReplicasOf(node) == 1 && node.held() == 0 &&
         CountIn(node.free, kCardResource) == CountIn(node.offers, kCardResource);
}

NodeRoom Shared(NodeRoom node, int replicas) {
  const auto shares = static_cast<std::int64_t>(node.cards.size()) * replicas;
  node.free[std::string(kShareResource)] += shares - CountIn(node.offers, kShareResource);
  node.offers[std::string(kShareResource)] = shares;
  node.free[std::string(kCardResource)] -= CountIn(node.offers, kCardResource);
  node.offers[std::string(kCardResource)] = 0;
  for (CardRoom& card : node.cards) card.seats.front().replicas = replicas;
  return node;
}

// A shared node before an unshared one, then what costs least a card.
auto PreferenceOf(const NodeRoom& node) {
  return std::make_tuple(CountIn(node.offers, kShareResource) == 0, node.cost_of_card(),
                         std::string_view(node.name));
}

NodeRoom* NodeToShare(World& world, const cluster::Pod& pod) {
  NodeRoom* best = nullptr;
  for (NodeRoom& node : world.nodes()) {
    if (!CanShare(node)) continue;
    if (!Fits(Shared(node, MostReplicas(node)), pod)) continue;
    if (best == nullptr || PreferenceOf(node) < PreferenceOf(*best)) best = &node;
  }
  return best;
}

// A node that was shared for another pod.
NodeRoom* NodeWithRoom(World& world, const cluster::Pod& pod) {
  const auto fits = [&](const NodeRoom& node) { return !node.rests_on.empty() && Fits(node, pod); };
  const auto node = std::find_if(world.nodes().begin(), world.nodes().end(), fits);
  return node == world.nodes().end() ? nullptr : &*node;
}

}  // namespace

void ShareCards(World& world) {
  const auto demand = world.demand();
  for (const cluster::Pod* pod : demand) {
    if (!AsksForShare(*pod) || IsInGang(*pod)) continue;
    NodeRoom* node = NodeWithRoom(world, *pod);
    if (node == nullptr) {
      node = NodeToShare(world, *pod);
      if (node == nullptr) continue;
      const int before = ReplicasOf(*node);
      const int after = MostReplicas(*node);
      *node = Shared(std::move(*node), after);
      const Action& action =
          world.Act(Pass::kShare, Reshare{node->name, SharingOf(*node), before, after},
                    "pods wait for a share");
      node->rests_on.push_back(action.id);
    }
    world.Place(Pass::kShare, *node, *pod, "on a new share");
  }
}

}  // namespace tangram::plan

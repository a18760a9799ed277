// The world's part about claims: what they get, and the cards that DRA and the device plugin both
// offer.
#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <unordered_map>
#include <utility>

#include "plan/pass/world.h"

namespace tangram::plan {
namespace {

bool OffersWholeCards(const NodeRoom& node) { return CountIn(node.offers, kCardResource) > 0; }

const cluster::Gpu* GpuOf(const cluster::Node& node, int index) {
  const auto gpu = std::find_if(node.gpus.begin(), node.gpus.end(),
                                [&](const cluster::Gpu& one) { return one.index == index; });
  return gpu == node.gpus.end() ? nullptr : &*gpu;
}

// The card that the device is, where the device plugin offers it too.
CardRoom* CardOf(NodeRoom& node, const cluster::AllocatedDevice& device) {
  if (device.pool != node.name || !OffersWholeCards(node)) return nullptr;
  for (CardRoom& card : node.cards) {
    const cluster::Gpu* gpu = GpuOf(*node.like, card.index);
    if (gpu != nullptr && gpu->dra_device == device.device) return &card;
  }
  return nullptr;
}

std::int64_t& CardsFreeOn(NodeRoom& node) { return node.free[std::string(kCardResource)]; }

}  // namespace

std::string ClaimsOf(const cluster::Pod& pod, const ClassResources& resources) {
  std::vector<std::string> asks;
  if (!pod.claims.empty()) {
    asks.push_back(fmt::format("its {} {}", pod.claims.size() == 1 ? "claim" : "claims",
                               fmt::join(pod.claims, ", ")));
  }
  for (const auto& [resource, count] : pod.devices) {
    if (count > 0 && resources.Find(resource) != nullptr) {
      asks.push_back(fmt::format("{} {}", count, resource));
    }
  }
  return fmt::format("{}", fmt::join(asks, " and "));
}

// Cards that claims hold are not the device plugin's to give. Their seats are held already.
void World::TakeClaimedCards() {
  if (!state_.book.any()) return;
  std::unordered_map<std::string_view, NodeRoom*> by_name;
  for (NodeRoom& node : state_.nodes) by_name.emplace(node.name, &node);
  std::set<std::pair<std::string_view, std::string_view>> shared;  // that were counted
  for (const cluster::Claim& claim : snapshot_.claims) {
    for (const cluster::AllocatedDevice& device : claim.devices) {
      const auto node = by_name.find(device.pool);
      if (device.admin_access || node == by_name.end()) continue;
      if (device.shared && !shared.emplace(device.pool, device.device).second) continue;
      if (CardOf(*node->second, device) != nullptr) --CardsFreeOn(*node->second);
    }
  }
}

// The claims of a pod get their devices, or give them back. Where the device plugin offers the same
// card, that is one less, or one more.
void World::CountClaims(NodeRoom& node, const cluster::Pod& pod, int sign) {
  if (!state_.book.any()) return;
  const auto devices =
      sign > 0 ? state_.book.Give(node.site(), pod) : state_.book.TakeBack(*node.self, pod);
  for (const cluster::AllocatedDevice& device : devices) {
    CardRoom* card = CardOf(node, device);
    if (card == nullptr || card->is_cut() || card->seats.empty()) continue;
    card->seats.front().held += sign;
    CardsFreeOn(node) -= sign;
  }
}

// Of cards that the device plugin gave away no claim gets the device.
void World::BlockHeldCards(const NodeRoom& node) {
  if (!state_.book.any() || !OffersWholeCards(node)) return;
  for (const CardRoom& card : node.cards) {
    const cluster::Gpu& gpu = *GpuOf(*node.like, card.index);
    if (gpu.dra_device.empty()) continue;
    state_.book.SetHeldByOthers(*node.self, gpu.dra_device, card.held() > 0);
  }
}

}  // namespace tangram::plan

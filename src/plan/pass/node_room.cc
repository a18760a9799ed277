#include "plan/pass/node_room.h"

#include <algorithm>
#include <numeric>

#include "cluster/schedulable.h"
#include "plan/pass/shared_devices.h"
#include "plan/share/asks.h"

namespace tangram::plan {

bool IsOfKind(const NodeRoom& node, const CardRoom& card, const SeatRoom& seat,
              const ResourceKind& kind) {
  const bool whole = seat.profile.empty();
  const bool single = node.like->mig_strategy == cluster::MigStrategy::kSingle;
  if (kind.unit == ResourceKind::Unit::kCard) return whole || single;
  if (kind.unit != ResourceKind::Unit::kInstance || whole) return false;
  if (card.model == nullptr) return seat.profile == kind.profile;
  return seat.facts != nullptr && seat.facts == gpu::ProfileNamed(*card.model, kind.profile);
}

bool CardRoom::is_shared() const {
  return std::any_of(seats.begin(), seats.end(),
                     [](const SeatRoom& seat) { return seat.replicas > 1; });
}

int CardRoom::held() const {
  return std::accumulate(seats.begin(), seats.end(), 0,
                         [](int sum, const SeatRoom& seat) { return sum + seat.held; });
}

std::optional<base::MicroUsdPerHour> NodeRoom::rate() const {
  if (!like->price) return std::nullopt;
  if (capacity == cluster::CapacityType::kSpot && like->capacity_type != *capacity) {
    return like->price->spot_rate;
  }
  return like->price->rate;
}

std::pair<bool, base::MicroUsdPerHour> NodeRoom::cost_of_card() const {
  if (!like->price) return {true, {}};
  return {false, like->price->rate / static_cast<std::int64_t>(cards.size())};
}

int NodeRoom::held() const {
  return std::accumulate(cards.begin(), cards.end(), 0,
                         [](int sum, const CardRoom& card) { return sum + card.held(); });
}

bool NodeRoom::has_free(const cluster::Pod& pod, const cluster::ResourceCount& asked) const {
  return asked.count <= CountIn(free, asked.name) || book->IsByClaim(site(), pod, asked.name);
}

bool RunsEverywhere(const cluster::Pod& pod) {
  return pod.owner.kind == "DaemonSet" || pod.owner.kind == "Node";
}

bool NodeRoom::is_empty() const {
  return std::all_of(pods.begin(), pods.end(),
                     [](const cluster::Pod* pod) { return RunsEverywhere(*pod); });
}

std::int64_t CouldOffer(const NodeRoom& node, std::string_view resource) {
  const std::int64_t offers = CountIn(node.offers, resource);
  const ResourceKind kind = KindOf(resource);
  std::int64_t could = 0;
  const gpu::Model* model = nullptr;
  std::int64_t instances = 0;  // of a card of the model
  for (const CardRoom& card : node.cards) {
    if (!card.may_change) continue;
    if (kind.unit == ResourceKind::Unit::kCard) {
      could += kind.shared ? gpu::kMaxTimeSlicingReplicas : 1;
    } else if (kind.unit == ResourceKind::Unit::kInstance) {
      if (card.model != model) {
        model = card.model;
        const gpu::MigProfile* profile = gpu::ProfileNamed(*model, kind.profile);
        instances = profile == nullptr || profile->starts.empty() ? 0 : profile->max_instances;
      }
      could += instances * (kind.shared ? gpu::kMaxTimeSlicingReplicas : 1);
    }
  }
  return std::max(offers, could);
}

bool MayRun(const NodeRoom& node, const cluster::Pod& pod) {
  if (node.capacity == cluster::CapacityType::kSpot && !MayRunOnSpot(pod)) return false;
  return pod.cpu <= node.cpu && pod.memory <= node.memory && HasGpuMemory(node, pod) &&
         cluster::Admits(*node.self, pod) && node.around->Allow(*node.self, pod);
}

bool HasRoom(const NodeRoom& node, const cluster::Pod& pod) {
  if (node.given_back || pod.cpu > node.cpu || pod.memory > node.memory) return false;
  const bool has_devices =
      std::all_of(pod.devices.begin(), pod.devices.end(),
                  [&](const auto& asked) { return node.has_free(pod, asked); });
  return has_devices && node.book->Fits(node.site(), pod);
}

bool Fits(const NodeRoom& node, const cluster::Pod& pod) {
  return HasRoom(node, pod) && MayRun(node, pod) && SharesWell(node, pod);
}

}  // namespace tangram::plan

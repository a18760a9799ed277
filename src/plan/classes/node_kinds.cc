#include "plan/classes/node_kinds.h"

#include <algorithm>
#include <optional>
#include <string>
#include <utility>

#include "cluster/device_memory.h"
#include "plan/pass/cut.h"
#include "plan/share/sharing.h"

namespace tangram::plan::classes {
namespace {

using cluster::Sharing;

// Of the card, or the instance; 0: not known.
base::MiB MemoryOf(const CardRoom& card, const SeatRoom& seat) {
  if (seat.profile.empty()) return card.memory;
  return seat.facts == nullptr ? base::MiB() : seat.facts->memory.value_or(base::MiB());
}

Kind KindOfSeat(const CardRoom& card, const SeatRoom& seat) {
  return {.model = card.model,
          .profile = seat.facts,
          .instance = !seat.profile.empty(),
          .sharing = seat.sharing,
          .replicas = seat.replicas,
          .seen = MemoryOf(card, seat)};
}

// What both are for certain.
Kind LeastOf(const Kind& a, const Kind& b) {
  Kind least = a;
  if (a.model != b.model) least.model = nullptr;
  if (a.profile != b.profile) least.profile = nullptr;
  least.instance = a.instance || b.instance;
  if (a.sharing == Sharing::kNone) least.sharing = b.sharing;
  least.replicas = std::max(a.replicas, b.replicas);
  least.seen = std::min(a.seen, b.seen);
  return least;
}

void SetPrice(const NodeRoom& node, Kind& kind) {
  if (!node.like->price || node.cards.empty()) return;
  kind.priced = true;
  kind.price = PriceOf(kind, node.cost_of_card().second);
}

// ---- what is there ----

// The least of the seats that are so; nothing: none is.
template <class Is>
std::optional<Kind> LeastSeat(const NodeRoom& node, Is is) {
  std::optional<Kind> least;
  for (const CardRoom& card : node.cards) {
    for (const SeatRoom& seat : card.seats) {
      if (!is(card, seat)) continue;
      const Kind kind = KindOfSeat(card, seat);
      least = least ? LeastOf(*least, kind) : kind;
    }
  }
  return least;
}

NodeKind PluginKind(const NodeRoom& node, const std::string& resource, std::int64_t total) {
  const ResourceKind asked = KindOf(resource);
  auto least = LeastSeat(node, [&](const CardRoom& card, const SeatRoom& seat) {
    return IsOfKind(node, card, seat, asked);
  });
  // The cards do not say which of them is offered so: any may be.
  if (!least) least = LeastSeat(node, [](const CardRoom&, const SeatRoom&) { return true; });
  NodeKind found{.kind = least.value_or(Kind{}), .total = total};
  found.kind.resource = resource;
  if (asked.unit == ResourceKind::Unit::kInstance) found.kind.instance = true;
  if (asked.shared && found.kind.sharing == Sharing::kNone) {
    found.kind.sharing = Sharing::kTimeSlicing;
  }
  SetPrice(node, found.kind);
  found.free = std::max<std::int64_t>(0, CountIn(node.free, resource));
  return found;
}

const cluster::Gpu* GpuOf(const NodeRoom& node, const CardRoom& card) {
  const auto& gpus = node.like->gpus;
  const auto found = std::find_if(gpus.begin(), gpus.end(),
                                  [&](const cluster::Gpu& gpu) { return gpu.index == card.index; });
  return found == gpus.end() ? nullptr : &*found;
}

// Whether DRA publishes the card, or the instances on it: DCGM's ids of instances are numbers, the
// driver's are the names of its devices.
bool IsOfDra(const cluster::Gpu& gpu) {
  return !gpu.dra_device.empty() ||
         std::any_of(gpu.instances.begin(), gpu.instances.end(),
                     [](const cluster::Instance& each) { return each.id.starts_with("gpu-"); });
}

void Add(std::vector<NodeKind>& kinds, const NodeKind& more) {
  const auto same = std::find_if(kinds.begin(), kinds.end(),
                                 [&](const NodeKind& known) { return known.kind == more.kind; });
  if (same == kinds.end()) {
    kinds.push_back(more);
    return;
  }
  same->total += more.total;
  same->free += more.free;
  same->could += more.could;
  same->could_ever += more.could_ever;
}

// How many parts fit says the need; the claims of pods say whether they do.
void AddPart(const NodeRoom& node, const CardRoom& card, base::MiB left,
             std::vector<NodeKind>& kinds) {
  NodeKind found{
      .kind = {.way = Way::kDra, .model = card.model, .seen = card.memory, .by_capacity = true},
      .total = 1,
      .free = left.value() > 0 ? 1 : 0};
  SetPrice(node, found.kind);
  Add(kinds, found);
}

void AddDra(const NodeRoom& node, const SharedCards& shared, std::vector<NodeKind>& kinds) {
  for (const CardRoom& card : node.cards) {
    const cluster::Gpu* gpu = GpuOf(node, card);
    if (gpu == nullptr || !IsOfDra(*gpu)) continue;
    const auto parts = shared.find(gpu->dra_device);
    if (parts != shared.end()) AddPart(node, card, parts->second.left, kinds);
    const bool in_use = parts != shared.end() && parts->second.in_use;
    for (const SeatRoom& seat : card.seats) {
      NodeKind found{.kind = KindOfSeat(card, seat), .total = seat.replicas};
      found.kind.way = Way::kDra;
      found.kind.has_parts = parts != shared.end();
      SetPrice(node, found.kind);
      found.free = in_use ? 0 : std::max(0, seat.replicas - seat.held);
      Add(kinds, found);
    }
  }
}

// ---- what could be made ----

// Nobody holds anything of it; where all cards of a node change together, of none of them.
bool IsIdle(const NodeRoom& node, const CardRoom& card, bool all_together) {
  return all_together ? node.held() == 0 : card.held() == 0;
}

bool IsWhole(const CardRoom& card) { return !card.is_cut() && !card.is_shared(); }

NodeKind Made(const NodeRoom& node, Kind kind, std::int64_t count, bool idle) {
  SetPrice(node, kind);
  return {.kind = std::move(kind), .could = idle ? count : 0, .could_ever = count};
}

void AddInstances(const NodeRoom& node, const CardRoom& card, std::vector<NodeKind>& kinds) {
  const bool together = node.policy->mig == MigBackend::kMigManager;
  for (const gpu::MigProfile& profile : card.model->profiles) {
    const bool known = profile.is_plain() && !profile.starts.empty() && profile.memory;
    if (!known || !MayMake(node, *card.model, profile)) continue;
    Kind kind{.resource = gpu::ResourceNameOf(profile),
              .model = card.model,
              .profile = &profile,
              .instance = true,
              .seen = *profile.memory};
    const bool idle = IsWhole(card) && IsIdle(node, card, together);
    Add(kinds, Made(node, std::move(kind), profile.max_instances, idle));
  }
}

void AddShares(const NodeRoom& node, const CardRoom& card, std::vector<NodeKind>& kinds) {
  if (node.policy->sharing == Sharing::kNone || !IsWhole(card)) return;
  const int most = std::min(node.policy->most_replicas, gpu::kMaxTimeSlicingReplicas);
  for (int replicas = kLeastReplicas; replicas <= most; ++replicas) {
    Kind kind{.resource = std::string(kShareResource),
              .model = card.model,
              .sharing = node.policy->sharing.value_or(Sharing::kTimeSlicing),
              .replicas = replicas,
              .seen = card.memory};
    Add(kinds, Made(node, std::move(kind), replicas, IsIdle(node, card, false)));
  }
}

void AddCards(const NodeRoom& node, const CardRoom& card, std::vector<NodeKind>& kinds) {
  if (IsWhole(card)) return;
  Kind kind{.resource = std::string(kCardResource), .model = card.model, .seen = card.memory};
  const bool together = card.is_shared() || node.policy->mig == MigBackend::kMigManager;
  Add(kinds, Made(node, std::move(kind), 1, IsIdle(node, card, together)));
}

}  // namespace

std::unordered_map<std::string_view, SharedCards> FindSharedCards(
    const cluster::Snapshot& snapshot) {
  std::unordered_map<std::string_view, SharedCards> cards;
  for (const cluster::ResourceSlice& slice : snapshot.slices) {
    if (slice.driver != cluster::kNvidiaDriver) continue;
    for (const cluster::Device& device : slice.devices) {
      const auto memory = cluster::MemoryOf(device);
      if (device.shared_by_capacity && memory) cards[slice.pool][device.name].left = *memory;
    }
  }
  for (const cluster::Claim& claim : snapshot.claims) {
    for (const cluster::AllocatedDevice& held : claim.devices) {
      const auto node = cards.find(held.pool);
      if (held.admin_access || node == cards.end()) continue;
      const auto card = node->second.find(held.device);
      if (card == node->second.end()) continue;
      base::MiB& left = card->second.left;
      const auto taken = held.shared ? cluster::MemoryOf(held) : left;
      left -= std::min(left, taken.value_or(base::MiB()));
      card->second.in_use = true;
    }
  }
  return cards;
}

std::vector<NodeKind> KindsOf(const NodeRoom& node, const SharedCards& shared) {
  std::vector<NodeKind> kinds;
  for (const auto& [resource, count] : node.offers) {
    const bool gpu = KindOf(resource).unit != ResourceKind::Unit::kNotGpu;
    if (gpu && count > 0) Add(kinds, PluginKind(node, resource, count));
  }
  AddDra(node, shared, kinds);
  if (!node.may_receive()) return kinds;
  for (const CardRoom& card : node.cards) {
    if (!card.may_change || card.model == nullptr) continue;
    AddInstances(node, card, kinds);
    AddShares(node, card, kinds);
    AddCards(node, card, kinds);
  }
  return kinds;
}

}  // namespace tangram::plan::classes

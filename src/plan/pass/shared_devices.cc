#include "plan/pass/shared_devices.h"

#include <algorithm>

#include "plan/share/asks.h"

namespace tangram::plan {
namespace {

// 0: not known.
base::MiB MemoryOf(const CardRoom& card, const SeatRoom& seat) {
  if (seat.profile.empty()) return card.memory;
  if (seat.facts == nullptr) return {};
  return seat.facts->memory.value_or(base::MiB());
}

// Of the devices of the kind that the node has, or its cards could be cut into; 0: not known.
base::MiB LargestDevice(const NodeRoom& node, const ResourceKind& kind) {
  base::MiB largest;
  for (const CardRoom& card : node.cards) {
    if (kind.unit == ResourceKind::Unit::kCard) largest = std::max(largest, card.memory);
    if (kind.unit != ResourceKind::Unit::kInstance || card.model == nullptr) continue;
    const gpu::MigProfile* profile = gpu::ProfileNamed(*card.model, kind.profile);
    if (profile != nullptr && profile->memory) largest = std::max(largest, *profile->memory);
  }
  return largest;
}

// Put there by the plan.
bool IsComing(const NodeRoom& node, const cluster::Pod& pod) {
  return pod.node != node.name || node.sharers->IsReplacement(pod);
}

// Devices of the kind that the pod asks for.
std::int64_t SharesOf(const cluster::Pod& pod, const ResourceKind& kind) {
  std::int64_t shares = 0;
  for (const auto& [resource, count] : pod.devices) {
    const ResourceKind asked = KindOf(resource);
    if (asked.unit == kind.unit && asked.profile == kind.profile) shares += count;
  }
  return shares;
}

}  // namespace

SharedDevices DevicesOf(const NodeRoom& node, const ResourceKind& kind) {
  SharedDevices devices;
  devices.mps_ready = cluster::Find(node.like->labels, "nvidia.com/mps.capable") == "true";
  for (const CardRoom& card : node.cards) {
    for (const SeatRoom& seat : card.seats) {
      if (!IsOfKind(node, card, seat, kind)) continue;
      const base::MiB memory = MemoryOf(card, seat);
      if (devices.devices++ == 0) {
        devices.model = card.model;
        devices.profile = seat.facts;
        devices.memory = memory;
        devices.sharing = seat.sharing;
        devices.replicas = seat.replicas;
      }
      const bool alike = seat.replicas == devices.replicas && card.model == devices.model;
      if (!alike || card.model == nullptr) return {};
      devices.memory = std::min(devices.memory, memory);
      devices.used = std::max(devices.used, seat.used);
    }
  }
  for (const cluster::Pod* pod : node.pods) {
    if (IsComing(node, *pod)) continue;
    if (const auto asked = SharesOf(*pod, kind)) {
      devices.standing.push_back(node.sharers->Of(*pod, asked));
    }
  }
  devices.exact = node.exact;
  return devices;
}

std::vector<Sharer> ComingTo(const NodeRoom& node, const ResourceKind& kind) {
  std::vector<Sharer> coming;
  for (const cluster::Pod* pod : node.pods) {
    if (!IsComing(node, *pod)) continue;
    if (const auto asked = SharesOf(*pod, kind)) coming.push_back(node.sharers->Of(*pod, asked));
  }
  return coming;
}

bool HasGpuMemory(const NodeRoom& node, const cluster::Pod& pod) {
  const auto need = MemoryAsked(pod);
  if (!need) return true;
  return std::all_of(pod.devices.begin(), pod.devices.end(), [&](const auto& asked) {
    const base::MiB most = LargestDevice(node, KindOf(asked.name));
    return asked.count <= 0 || most.value() == 0 || *need <= most;
  });
}

bool AreShared(const NodeRoom& node, const ResourceKind& kind) {
  for (const CardRoom& card : node.cards) {
    for (const SeatRoom& seat : card.seats) {
      if (seat.replicas > 1 && IsOfKind(node, card, seat, kind)) return true;
    }
  }
  return false;
}

std::string WhyNotShared(const NodeRoom& node, const cluster::Pod& pod) {
  for (const cluster::ResourceCount& asked : pod.devices) {
    const ResourceKind kind = KindOf(asked.name);
    if (kind.unit == ResourceKind::Unit::kNotGpu || asked.count <= 0 || !AreShared(node, kind))
      continue;
    if (IsolationOf(pod) != Isolation::kShared) {
      return asked.name + " is shared with others, and its isolation rules that out";
    }
    std::vector<Sharer> coming = ComingTo(node, kind);
    coming.push_back(node.sharers->Of(pod, asked.count));
    std::string why = WhyNotAsIs(DevicesOf(node, kind), coming);
    if (!why.empty()) return why;
  }
  return {};
}

bool SharesWell(const NodeRoom& node, const cluster::Pod& pod) {
  return WhyNotShared(node, pod).empty();
}

}  // namespace tangram::plan

// Who holds what: every card as seats, with the pod on each and its share of the cost.
//
// A seat is the smallest thing a pod can hold: the card, a MIG instance, a replica of either, what
// a claim takes of either by capacity (and what is left of it), or the part of a MIG card that no
// instance covers. The API server says how many devices a pod holds,
// rarely which; DRA allocations, our agents' reports and DCGM's labels say exactly. What neither
// names is counted onto free seats of the right kind in index order, and marked `exact = false`.
#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include "base/units.h"
#include "cluster/snapshot.h"
#include "gpu/gpu.h"

namespace tangram::plan {

struct Seat {
  const cluster::Instance* instance = nullptr;  // null: the whole card, or the uncovered part
  bool uncovered = false;                       // no instance is here, but one could be
  int replica = 0;                              // or share by capacity, from 0
  const cluster::Pod* pod = nullptr;            // null: free
  bool exact = false;
  bool moved = false;             // the pod's records name more devices than it holds
  base::PartsPerMillion share{};  // of the card; a card's seats sum to 1.0
  base::MicroUsdPerHour cost{};   // 0 where the price is unknown
  std::vector<const cluster::DeviceUsage*> usage{};  // records that name its pod, on its device
};

struct Card {
  const cluster::Node* node = nullptr;
  const cluster::Gpu* gpu = nullptr;
  const gpu::Model* model = nullptr;  // null: unknown
  bool priced = false;
  base::MicroUsdPerHour rate{};
  std::vector<Seat> seats{};
  std::vector<const cluster::DeviceUsage*> usage{};  // all records of this card
};

struct Holdings {
  std::vector<Card> cards;  // by node, gpu index
  // Running pods that ask for GPUs but name no node (a trace without placement): they hold cards
  // that cannot be told apart.
  std::vector<const cluster::Pod*> unplaced;
  // Devices that bound pods ask for beyond what their node reports: (pod, devices).
  std::vector<std::pair<const cluster::Pod*, std::int64_t>> overcommitted;
};

// Pointers lead into `snapshot`, which must outlive the result.
Holdings FindHoldings(const cluster::Snapshot& snapshot);

// The part of a card between two shares of it, rounded so that parts in a row sum to one card.
base::MilliGpu PartBetween(base::PartsPerMillion from, base::PartsPerMillion to);

// The records of the device that `seat` is on, whichever pod they name.
std::vector<const cluster::DeviceUsage*> DeviceRecords(const Card& card, const Seat& seat);

// Whole cards, and shares of cards where the device plugin renames them.
inline constexpr std::string_view kCardResource = "nvidia.com/gpu";
inline constexpr std::string_view kShareResource = "nvidia.com/gpu.shared";

// What one device of the resource is: "nvidia.com/mig-1g.5gb.shared" -> profile 1g.5gb, shared.
struct ResourceKind {
  enum class Unit { kNotGpu, kCard, kInstance } unit = Unit::kNotGpu;
  std::string_view profile;  // as the resource spells it, a view into the name
  bool shared = false;       // named ".shared"
};
ResourceKind KindOf(std::string_view resource);

// Devices of NVIDIA's plugin that the pod asks for, whole cards and instances alike; 0: none.
std::int64_t DevicesAsked(const cluster::Pod& pod);

// A part of a card in thousandths, as the openb trace asks for it (sim/openb.h).
inline constexpr std::string_view kMilliGpuResource = "alibabacloud.com/gpu-milli";

// Cards that the pod asks for, whole and in parts; instances are not cards and do not count.
base::MilliGpu CardsAsked(const cluster::Pod& pod);

// Whether the pod asks for a GPU in any form: devices, parts of a card, or claims.
bool AsksForGpu(const cluster::Pod& pod);

}  // namespace tangram::plan

// A kind of device: what a pod gets when it asks for one.
#pragma once

#include <compare>
#include <optional>
#include <string>
#include <utility>

#include "base/units.h"
#include "cluster/node.h"
#include "gpu/gpu.h"
#include "plan/classes/need.h"

namespace tangram::plan::classes {

// How a pod asks for a device.
enum class Way {
  kPlugin,  // the resource of a device plugin
  kDra,     // a claim
};

struct Kind {
  Way way = Way::kPlugin;
  std::string resource{};                    // of the device plugin; of DRA: empty
  const gpu::Model* model = nullptr;         // null: not known
  const gpu::MigProfile* profile = nullptr;  // null: a whole card, or not known
  bool instance = false;                     // a MIG instance, whichever
  cluster::Sharing sharing = cluster::Sharing::kNone;
  int replicas = 1;               // shares of the card, or of the instance
  base::MiB seen{};               // memory of the card, or the instance; 0: not known
  base::MicroUsdPerHour price{};  // of one; 0 where the price is not known
  bool priced = false;
  // A part of a card of DRA that several hold (allowMultipleAllocations), of as much memory as is
  // asked for; how much that is says PartFor.
  bool by_capacity = false;
  base::MiB part{};
  bool has_parts = false;  // of the whole of such a card, which is another kind
  bool operator==(const Kind&) const = default;

  base::MiB memory() const { return part.value() > 0 ? part : seen / replicas; }
  int compute() const;  // percent of a card, rounded down; 0: not known
  Isolation isolation() const;
};

// The part of its card's price: by slices of memory or of compute, whichever are scarcer, and by
// shares. 1g.10gb takes two of eight memory slices, 2g.10gb two of seven for compute.
base::MicroUsdPerHour PriceOf(const Kind& kind, base::MicroUsdPerHour card);

// What the need takes of it, which it meets: of a kind by capacity the part that it asks for, at
// that part of the price; else all of it.
Kind PartFor(const Kind& kind, const Need& need);

// Whether its devices are counted for the need, which it meets: not cards of which it takes parts.
bool IsCounted(const Kind& kind, const Need& need);

// A whole card of the model, of which nothing else is known.
Kind CardOf(const gpu::Model& model);

// Whether one device is what is needed. What is not known meets no demand: never less than asked.
// More than one instance or share is no use to one process, so pods that need several get cards.
// By capacity only memory is shared out: compute, and who else comes, is not promised.
bool Meets(const Kind& kind, const Need& need);

// Cheapest first; without a price last; then least memory, least compute, name.
bool IsCheaper(const Kind& a, const Kind& b);

// "nvidia.com/mig-2g.20gb of A100-80GB", "a card of H100-80GB (DRA)".
std::string Describe(const Kind& kind);

}  // namespace tangram::plan::classes

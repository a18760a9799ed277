// The fewest cards for a demand of MIG instances, with proof.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "base/result.h"
#include "gpu/gpu.h"

namespace tangram::plan::mig {

struct Demand {
  const gpu::MigProfile* profile = nullptr;  // of the model that is packed
  std::int64_t count = 0;
};

// Of one profile; more is refused.
inline constexpr std::int64_t kMostInstances = 1'000'000'000;

struct PackLimits {
  // Linear programs to solve at most: a count of work, so that equal input gives an equal answer on
  // every machine.
  std::int64_t nodes = 20'000;
};

// `count` cards that look the same.
struct PackedLayout {
  std::int64_t count = 0;
  std::vector<gpu::Occupied> placements;  // ascending start
};

// Why fewer cards cannot do: each instance counts as a fraction of a card, and the fractions on any
// card sum to at most 1, whatever fits on it.
struct Proof {
  struct Weight {
    const gpu::MigProfile* profile = nullptr;
    std::int64_t numerator = 0;
  };
  std::vector<Weight> weights;  // of the profiles that are wanted, largest first
  std::int64_t denominator = 1;
};

struct Packing {
  std::vector<PackedLayout> layouts;  // most cards first; together they hold exactly the demand
  std::int64_t gpus = 0;              // the sum of their counts
  std::int64_t lower_bound = 0;       // no packing needs fewer
  std::int64_t nodes = 0;             // linear programs solved
  Proof proof;                        // of lower_bound, unless the search raised it further
  gpu::Evidence evidence = gpu::Evidence::kVerified;  // the weakest of the placements used
  bool proven() const { return gpus == lower_bound; }
};

// Packs `demand` on empty cards of `model`. Pure, and exact: `lower_bound` is worked out in whole
// numbers, and a packing is checked against the demand and the placement rules before it is
// returned. A profile that is named twice counts twice; a count of 0 asks for nothing.
//
// Refuses (kInvalid) profiles that are not of the model, or whose placements are unknown, and
// counts below 0 or above kMostInstances.
base::Result<Packing> Pack(const gpu::Model& model, std::span<const Demand> demand,
                           PackLimits limits = {});

// What `proof` proves: the weight of the demand, rounded up. Checked against every layout of the
// model; 0 where a card could weigh more than 1, or a weight is below 0.
std::int64_t Proves(const gpu::Model& model, std::span<const Demand> demand, const Proof& proof);

// Whether `layouts` are a packing of `demand`: legal placements, counts above 0, and each profile
// exactly as often as asked.
bool Holds(const gpu::Model& model, std::span<const Demand> demand,
           std::span<const PackedLayout> layouts);

}  // namespace tangram::plan::mig

// What simple rules would need for the same demand: the yardsticks of bench/mig_bench.cc.
#pragma once

#include <cstdint>
#include <span>

#include "plan/mig/pack.h"

namespace tangram::plan::mig {

// Cards that each rule takes. For a demand that Pack() accepts, and in which each profile counts 1
// or more; memory and time grow with the number of cards, those of `best_order` also with the
// factorial of the number of profiles.
struct Baselines {
  // Each card cut into as many of one profile as it holds, as a fixed configuration does.
  std::int64_t one_profile_per_card = 0;
  // Each instance on the first card where it fits, lowest start first, in the order of the demand;
  // a profile may stand in it several times, as requests arrive.
  std::int64_t first_fit = 0;
  // The same, largest profile first; of two that are as large, the one that is not plain: a card
  // takes few of those, so they should meet empty ones.
  std::int64_t first_fit_decreasing = 0;
  // The best that first fit reaches with any order of the profiles, as NVIDIA's mig-parted tries
  // orders of creation until one succeeds.
  std::int64_t best_order = 0;
};
Baselines CountBaselines(const gpu::Model& model, std::span<const Demand> demand);

}  // namespace tangram::plan::mig

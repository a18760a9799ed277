// What simple rules would need for the same demand: the yardsticks of bench/mig_bench.cc.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "plan/mig/pack.h"

namespace tangram::plan::mig {

// Where one more instance is made on a card, by a rule that looks at this card alone.
enum class StartRule {
  kLowest,
  // That leaves the longest run of free slices, then the most legal placements of all profiles, as
  // HAMi scores them (Project-HAMi/HAMi pull request 2855, August 2026); then the lowest.
  kLongestRun,
};
// Nothing where it does not fit.
std::optional<int> StartBy(StartRule rule, const gpu::Model& model,
                           const std::vector<gpu::Occupied>& card, const gpu::MigProfile& profile);

// Cards that each rule takes. For a demand that Pack() accepts, and in which each profile counts 1
// or more; memory and time grow with the number of cards, those of `best_order` also with the
// factorial of the number of profiles.
struct Baselines {
  // Each card cut into as many of one profile as it holds, as a fixed configuration does.
  std::int64_t one_profile_per_card = 0;
  // Each instance on the first card where it fits, lowest start first, in the order of the demand;
  // a profile may stand in it several times, as requests arrive.
  std::int64_t first_fit = 0;
  // The same, at the start that HAMi would score best.
  std::int64_t longest_run = 0;
  // The same, largest profile first; of two that are as large, the one that is not plain: a card
  // takes few of those, so they should meet empty ones.
  std::int64_t first_fit_decreasing = 0;
  // The best that first fit reaches with any order of the profiles, as NVIDIA's mig-parted tries
  // orders of creation until one succeeds.
  std::int64_t best_order = 0;
};
Baselines CountBaselines(const gpu::Model& model, std::span<const Demand> demand);

}  // namespace tangram::plan::mig

// The layouts of one card: which profiles fit on it together.
#pragma once

#include <span>
#include <vector>

#include "gpu/gpu.h"

namespace tangram::plan::mig {

// Instances that stand together on one card.
struct Layout {
  std::vector<int> counts;                // by profile, in the order in which they were asked for
  std::vector<gpu::Occupied> placements;  // one legal way to place them; ascending start
};

// Every set of `profiles` that fits on one empty `model` and to which none of them can be added;
// sets that differ only in where instances stand count once. Largest profile first, so the order
// depends on the arguments alone. `profiles` are distinct and of `model`; those with unknown
// placements are in no layout. At most a few hundred on any known model.
std::vector<Layout> MaximalLayouts(const gpu::Model& model,
                                   std::span<const gpu::MigProfile* const> profiles);

}  // namespace tangram::plan::mig

#include "plan/mig/layouts.h"

#include <algorithm>
#include <functional>
#include <map>

namespace tangram::plan::mig {
namespace {

using Counts = std::vector<int>;
using Profiles = std::span<const gpu::MigProfile* const>;

std::vector<const gpu::MigProfile*> Instances(Profiles profiles, const Counts& counts) {
  std::vector<const gpu::MigProfile*> instances;
  for (std::size_t i = 0; i < counts.size(); ++i) {
    instances.insert(instances.end(), static_cast<std::size_t>(counts[i]), profiles[i]);
  }
  return instances;
}

std::vector<gpu::Occupied> Placed(std::span<const gpu::MigProfile* const> instances,
                                  std::span<const int> starts) {
  std::vector<gpu::Occupied> placed;
  for (std::size_t i = 0; i < instances.size(); ++i) placed.push_back({instances[i], starts[i]});
  std::sort(placed.begin(), placed.end(),
            [](const gpu::Occupied& a, const gpu::Occupied& b) { return a.start < b.start; });
  return placed;
}

using Feasible = std::map<Counts, std::vector<gpu::Occupied>, std::greater<>>;

// A part of what fits fits, so growing one instance at a time reaches every set.
void Grow(const gpu::Model& model, Profiles profiles, Counts& counts, Feasible& feasible) {
  const std::vector<const gpu::MigProfile*> instances = Instances(profiles, counts);
  const auto starts = gpu::FindLayout(model, instances);
  if (!starts) return;
  feasible.emplace(counts, Placed(instances, *starts));
  std::size_t last = counts.size();
  while (last > 0 && counts[last - 1] == 0) --last;
  for (std::size_t i = last == 0 ? 0 : last - 1; i < counts.size(); ++i) {
    ++counts[i];
    Grow(model, profiles, counts, feasible);
    --counts[i];
  }
}

bool IsMaximal(Counts counts, const Feasible& feasible) {
  for (int& count : counts) {
    ++count;
    if (feasible.contains(counts)) return false;
    --count;
  }
  return true;
}

}  // namespace

std::vector<Layout> MaximalLayouts(const gpu::Model& model, Profiles profiles) {
  Feasible feasible;
  Counts counts(profiles.size(), 0);
  Grow(model, profiles, counts, feasible);
  std::vector<Layout> layouts;
  for (const auto& [set, placements] : feasible) {
    if (!placements.empty() && IsMaximal(set, feasible)) layouts.push_back({set, placements});
  }
  return layouts;
}

}  // namespace tangram::plan::mig

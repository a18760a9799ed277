#include "plan/mig/pack.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <utility>

#include "plan/mig/cover.h"
#include "plan/mig/layouts.h"
#include "plan/mig/tableau.h"

namespace tangram::plan::mig {
namespace {

using base::ErrorCode;
using base::Fail;

// Distinct profiles of which something is wanted, largest first, and how often.
struct Wanted {
  std::vector<const gpu::MigProfile*> profiles;
  std::vector<std::int64_t> counts;
};

base::Result<void> Check(const gpu::Model& model, const Demand& demand) {
  const bool own = std::any_of(model.profiles.begin(), model.profiles.end(),
                               [&](const gpu::MigProfile& p) { return &p == demand.profile; });
  if (!own) {
    return Fail(ErrorCode::kInvalid,
                fmt::format("a profile of the demand is none of {}", model.name));
  }
  if (demand.count < 0 || demand.count > kMostInstances) {
    return Fail(ErrorCode::kInvalid,
                fmt::format("{} of {} are wanted; the count must be from 0 to {}", demand.count,
                            demand.profile->name, kMostInstances));
  }
  if (demand.profile->starts.empty()) {
    return Fail(ErrorCode::kInvalid,
                fmt::format("where {} may stand on {} is not known (evidence: {}), so it cannot be "
                            "packed",
                            demand.profile->name, model.name,
                            gpu::NameOf(demand.profile->placement_evidence)));
  }
  return {};
}

base::Result<Wanted> Sum(const gpu::Model& model, std::span<const Demand> demand) {
  std::map<const gpu::MigProfile*, std::int64_t> sums;  // one table, largest first
  for (const Demand& one : demand) {
    if (const auto ok = Check(model, one); !ok) return tl::unexpected(ok.error());
    std::int64_t& sum = sums[one.profile];
    sum += one.count;
    if (sum > kMostInstances) return tl::unexpected(Check(model, {one.profile, sum}).error());
  }
  Wanted wanted;
  for (const auto& [profile, count] : sums) {
    if (count == 0) continue;
    wanted.profiles.push_back(profile);
    wanted.counts.push_back(count);
  }
  return wanted;
}

// Takes `surplus` instances of `profile` off the layouts, from the last one on: what was not asked
// for stays free. At most one layout is split in two by a profile.
void Trim(std::vector<PackedLayout>& layouts, const gpu::MigProfile* profile,
          std::int64_t surplus) {
  const auto is_it = [profile](const gpu::Occupied& one) { return one.profile == profile; };
  for (std::size_t i = layouts.size(); i-- > 0 && surplus > 0;) {
    auto of_it = std::count_if(layouts[i].placements.begin(), layouts[i].placements.end(), is_it);
    for (; of_it > 0 && surplus > 0; --of_it) {
      const std::int64_t cut = std::min(surplus, layouts[i].count);
      if (cut < layouts[i].count) {
        PackedLayout kept = layouts[i];
        kept.count -= cut;
        layouts[i].count = cut;
        layouts.push_back(std::move(kept));
      }
      auto& placements = layouts[i].placements;
      const auto last = std::find_if(placements.rbegin(), placements.rend(), is_it);
      placements.erase(std::next(last).base());
      surplus -= cut;
    }
  }
}

std::vector<PackedLayout> ToLayouts(const std::vector<Layout>& layouts, const Cover& cover,
                                    const Wanted& wanted) {
  std::vector<PackedLayout> packed;
  std::vector<std::int64_t> surplus(wanted.counts.size(), 0);
  for (std::size_t i = 0; i < surplus.size(); ++i) surplus[i] = -wanted.counts[i];
  for (std::size_t j = 0; j < layouts.size(); ++j) {
    if (cover.times[j] == 0) continue;
    packed.push_back({cover.times[j], layouts[j].placements});
    for (std::size_t i = 0; i < surplus.size(); ++i) {
      surplus[i] += cover.times[j] * layouts[j].counts[i];
    }
  }
  for (std::size_t i = 0; i < surplus.size(); ++i) Trim(packed, wanted.profiles[i], surplus[i]);
  // Only where the search was cut short can a whole card turn out to be spare.
  std::erase_if(packed, [](const PackedLayout& layout) { return layout.placements.empty(); });
  std::stable_sort(packed.begin(), packed.end(),
                   [](const PackedLayout& a, const PackedLayout& b) { return a.count > b.count; });
  return packed;
}

bool IsLegal(const gpu::Model& model, const PackedLayout& layout) {
  std::vector<gpu::Occupied> occupied;
  for (const gpu::Occupied& one : layout.placements) {
    if (one.profile == nullptr || !gpu::Fits(model, occupied, *one.profile, one.start))
      return false;
    occupied.push_back(one);
  }
  return layout.count > 0 && !occupied.empty();
}

Proof ToProof(const Cover& cover, const Wanted& wanted) {
  Proof proof;
  proof.denominator = cover.denominator;
  for (std::size_t i = 0; i < wanted.profiles.size(); ++i) {
    proof.weights.push_back({wanted.profiles[i], cover.weights[i]});
  }
  return proof;
}

// What `proof` proves, where `layouts` are all maximal ones of its profiles, in its order.
std::int64_t Proven(const std::vector<Layout>& layouts, std::span<const Demand> demand,
                    const Proof& proof) {
  const bool sound = proof.denominator > 0 &&
                     std::all_of(proof.weights.begin(), proof.weights.end(),
                                 [](const Proof::Weight& one) { return one.numerator >= 0; });
  const bool fair = std::all_of(layouts.begin(), layouts.end(), [&](const Layout& layout) {
    Wide sum = 0;
    for (std::size_t i = 0; i < proof.weights.size(); ++i) {
      sum += Wide{layout.counts[i]} * proof.weights[i].numerator;
    }
    return sum <= proof.denominator;
  });
  if (!sound || !fair) return 0;
  Wide sum = 0;
  for (const Demand& one : demand) {
    for (const Proof::Weight& weight : proof.weights) {
      if (weight.profile == one.profile) sum += Wide{one.count} * weight.numerator;
    }
  }
  return static_cast<std::int64_t>((sum + proof.denominator - 1) / proof.denominator);
}

gpu::Evidence Weakest(const std::vector<const gpu::MigProfile*>& profiles) {
  gpu::Evidence weakest = gpu::Evidence::kVerified;
  for (const gpu::MigProfile* profile : profiles) {
    weakest = std::max(weakest, profile->placement_evidence);
  }
  return weakest;
}

}  // namespace

base::Result<Packing> Pack(const gpu::Model& model, std::span<const Demand> demand,
                           PackLimits limits) {
  const auto wanted = Sum(model, demand);
  if (!wanted) return tl::unexpected(wanted.error());
  const std::vector<Layout> layouts = MaximalLayouts(model, wanted->profiles);
  std::vector<std::vector<int>> columns;
  for (const Layout& layout : layouts) columns.push_back(layout.counts);
  const Cover cover = LeastCover(columns, wanted->counts, std::max<std::int64_t>(limits.nodes, 1));

  Packing packing;
  packing.layouts = ToLayouts(layouts, cover, *wanted);
  for (const PackedLayout& layout : packing.layouts) packing.gpus += layout.count;
  packing.lower_bound = cover.lower_bound;
  packing.nodes = cover.nodes;
  packing.proof = ToProof(cover, *wanted);
  packing.evidence = Weakest(wanted->profiles);
  const bool bounded =
      cover.nodes > 1 || Proven(layouts, demand, packing.proof) == cover.lower_bound;
  if (!bounded || !Holds(model, demand, packing.layouts)) {
    return Fail(ErrorCode::kInvalid,
                fmt::format("the packing for {} did not pass its own check: a fault of Tangram's, "
                            "please report it",
                            model.name));
  }
  return packing;
}

std::int64_t Proves(const gpu::Model& model, std::span<const Demand> demand, const Proof& proof) {
  std::vector<const gpu::MigProfile*> profiles;
  for (const Proof::Weight& weight : proof.weights) profiles.push_back(weight.profile);
  return Proven(MaximalLayouts(model, profiles), demand, proof);
}

bool Holds(const gpu::Model& model, std::span<const Demand> demand,
           std::span<const PackedLayout> layouts) {
  std::map<const gpu::MigProfile*, std::int64_t> missing;
  for (const Demand& one : demand) missing[one.profile] += one.count;
  for (const PackedLayout& layout : layouts) {
    if (!IsLegal(model, layout)) return false;
    for (const gpu::Occupied& one : layout.placements) missing[one.profile] -= layout.count;
  }
  return std::all_of(missing.begin(), missing.end(),
                     [](const auto& entry) { return entry.second == 0; });
}

}  // namespace tangram::plan::mig

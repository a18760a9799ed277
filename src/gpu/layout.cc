// What fits on one GPU.
#include <algorithm>
#include <numeric>

#include "gpu/gpu.h"

namespace tangram::gpu {
namespace {

enum class Media { kShare, kExtension, kAll, kNone };  // plain and "+gfx"; "+me"; "+me.all"; "-me"

Media MediaOf(const MigProfile& profile) {
  if (profile.name.ends_with("+me.all")) return Media::kAll;
  if (profile.name.ends_with("+me")) return Media::kExtension;
  if (profile.name.ends_with("-me")) return Media::kNone;
  return Media::kShare;
}

bool MediaAgree(const MigProfile& a, const MigProfile& b) {
  const Media first = MediaOf(a);
  const Media second = MediaOf(b);
  if (first == Media::kAll) return second == Media::kNone;
  if (second == Media::kAll) return first == Media::kNone;
  return !(first == Media::kExtension && second == Media::kExtension);
}

bool Overlap(const Occupied& there, const MigProfile& profile, int start) {
  return there.start < start + profile.memory_slices &&
         start < there.start + there.profile->memory_slices;
}

// Depth first over `order`, largest first; equal profiles take ascending starts, so that each
// layout is tried once.
class Search {
 public:
  Search(const Model& model, std::span<const MigProfile* const> profiles)
      : model_(model), profiles_(profiles), order_(profiles.size()), starts_(profiles.size()) {
    std::iota(order_.begin(), order_.end(), std::size_t{0});
    std::stable_sort(order_.begin(), order_.end(), [&](std::size_t a, std::size_t b) {
      return profiles_[a] < profiles_[b];  // one table, largest first
    });
  }

  std::optional<std::vector<int>> Run() {
    if (!Place(0)) return std::nullopt;
    return starts_;
  }

 private:
  bool Place(std::size_t depth) {
    if (depth == order_.size()) return true;
    const MigProfile& profile = *profiles_[order_[depth]];
    for (const int start : profile.starts) {
      const bool seen = !occupied_.empty() && occupied_.back().profile == &profile &&
                        start <= occupied_.back().start;
      if (seen || !Fits(model_, occupied_, profile, start)) continue;
      occupied_.push_back({&profile, start});
      starts_[order_[depth]] = start;
      if (Place(depth + 1)) return true;
      occupied_.pop_back();
    }
    return false;
  }

  const Model& model_;
  std::span<const MigProfile* const> profiles_;
  std::vector<std::size_t> order_;
  std::vector<int> starts_;
  std::vector<Occupied> occupied_;
};

bool BelongsTo(const Model& model, const MigProfile* profile) {
  return std::any_of(model.profiles.begin(), model.profiles.end(),
                     [profile](const MigProfile& own) { return &own == profile; });
}

}  // namespace

bool Fits(const Model& model, std::span<const Occupied> occupied, const MigProfile& profile,
          int start) {
  const bool legal =
      std::find(profile.starts.begin(), profile.starts.end(), start) != profile.starts.end();
  if (!legal || !BelongsTo(model, &profile)) return false;
  return std::none_of(occupied.begin(), occupied.end(), [&](const Occupied& there) {
    return there.profile == nullptr || Overlap(there, profile, start) ||
           !MediaAgree(*there.profile, profile);
  });
}

std::optional<std::vector<int>> FindLayout(const Model& model,
                                           std::span<const MigProfile* const> profiles) {
  int slices = 0;
  for (const MigProfile* profile : profiles) {
    if (!BelongsTo(model, profile) || profile->starts.empty()) return std::nullopt;
    slices += profile->memory_slices;
    if (slices > model.memory_slices) return std::nullopt;  // bounds the search as well
  }
  return Search(model, profiles).Run();
}

}  // namespace tangram::gpu

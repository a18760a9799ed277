// Layouts of a card by exhaustion, written apart from what they test.
#pragma once

#include <functional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "gpu/gpu.h"

namespace tangram::plan::mig::testing {

using Profiles = std::vector<const gpu::MigProfile*>;

inline const gpu::Model& ModelOf(std::string_view name) { return *gpu::ModelNamed(name); }

// Those with known placements, in the order of the table.
inline Profiles ProfilesOf(const gpu::Model& model) {
  Profiles profiles;
  for (const gpu::MigProfile& profile : model.profiles) {
    if (!profile.starts.empty()) profiles.push_back(&profile);
  }
  return profiles;
}

inline const std::vector<std::string> kModels = {"A100-40GB", "A30-24GB", "H100-80GB", "H200-141GB",
                                                 "RTX-PRO-6000-Blackwell-96GB"};

// Of a model's name, for the name of a test.
inline std::string TestName(std::string name) {
  std::erase(name, '-');
  return name;
}

// What stands on a card: a bit a memory slice, and the media engines.
struct Card {
  unsigned taken = 0;
  int extensions = 0;  // "+me"
  int takes_all = 0;   // "+me.all"
  int with_media = 0;  // all but "-me"

  bool Add(const gpu::MigProfile& profile, int start) {
    const unsigned bits = ((1U << profile.memory_slices) - 1U) << start;
    if ((taken & bits) != 0) return false;
    taken |= bits;
    extensions += profile.name.ends_with("+me") ? 1 : 0;
    takes_all += profile.name.ends_with("+me.all") ? 1 : 0;
    with_media += profile.name.ends_with("-me") ? 0 : 1;
    return extensions <= 1 && (takes_all == 0 || with_media == 1);
  }
};

// Every multiset of `profiles` that fits on one card, the empty one too, as counts.
inline std::set<std::vector<int>> AllSets(const Profiles& profiles) {
  std::set<std::vector<int>> sets;
  std::vector<int> counts(profiles.size(), 0);
  const std::function<void(Card, std::size_t, int)> extend = [&](Card card, std::size_t from,
                                                                 int from_start) {
    sets.insert(counts);
    for (std::size_t i = from; i < profiles.size(); ++i) {
      for (const int start : profiles[i]->starts) {
        Card more = card;
        if ((i == from && start < from_start) || !more.Add(*profiles[i], start)) continue;
        ++counts[i];
        extend(more, i, start + 1);
        --counts[i];
      }
    }
  };
  extend({}, 0, 0);
  return sets;
}

}  // namespace tangram::plan::mig::testing

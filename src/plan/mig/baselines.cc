#include "plan/mig/baselines.h"

#include <algorithm>
#include <map>
#include <tuple>
#include <utility>

#include "plan/mig/layouts.h"

namespace tangram::plan::mig {
namespace {

using Card = std::vector<gpu::Occupied>;

// Of free memory slices.
int LongestRun(const gpu::Model& model, const Card& card) {
  int longest = 0;
  int run = 0;
  for (int slice = 0; slice < model.memory_slices; ++slice) {
    const bool taken = std::any_of(card.begin(), card.end(), [&](const gpu::Occupied& at) {
      return at.start <= slice && slice < at.start + at.profile->memory_slices;
    });
    run = taken ? 0 : run + 1;
    longest = std::max(longest, run);
  }
  return longest;
}

std::int64_t LegalPlacements(const gpu::Model& model, const Card& card) {
  std::int64_t legal = 0;
  for (const gpu::MigProfile& profile : model.profiles) {
    legal += std::count_if(profile.starts.begin(), profile.starts.end(),
                           [&](int start) { return gpu::Fits(model, card, profile, start); });
  }
  return legal;
}

std::int64_t FirstFit(const gpu::Model& model, std::span<const Demand> in_order, StartRule rule) {
  std::vector<Card> cards;
  for (const Demand& one : in_order) {
    std::size_t at = 0;  // cards only fill up, so what had no room for this profile never will
    for (std::int64_t left = one.count; left > 0;) {
      if (at == cards.size()) cards.emplace_back();
      const auto start = StartBy(rule, model, cards[at], *one.profile);
      if (start) {
        cards[at].push_back({one.profile, *start});
        --left;
      } else {
        ++at;
      }
    }
  }
  return static_cast<std::int64_t>(cards.size());
}

std::int64_t OneProfilePerCard(const gpu::Model& model, std::span<const Demand> demand) {
  std::int64_t cards = 0;
  for (const Demand& one : demand) {
    const gpu::MigProfile* const alone[] = {one.profile};
    const std::int64_t most = MaximalLayouts(model, alone).front().counts.front();
    cards += (one.count + most - 1) / most;
  }
  return cards;
}

// Each profile once, in the order of the table.
std::vector<Demand> Merged(std::span<const Demand> demand) {
  std::map<const gpu::MigProfile*, std::int64_t> sums;  // one table
  for (const Demand& one : demand) sums[one.profile] += one.count;
  std::vector<Demand> merged;
  for (const auto& [profile, count] : sums) merged.push_back({profile, count});
  return merged;
}

std::vector<Demand> Decreasing(std::vector<Demand> merged) {
  std::stable_sort(merged.begin(), merged.end(), [](const Demand& a, const Demand& b) {
    const auto rank = [](const gpu::MigProfile& profile) {
      return std::pair(-profile.memory_slices, profile.is_plain() ? 1 : 0);
    };
    return rank(*a.profile) < rank(*b.profile);
  });
  return merged;
}

std::int64_t BestOrder(const gpu::Model& model, std::vector<Demand> order) {
  const auto by_table = [](const Demand& a, const Demand& b) { return a.profile < b.profile; };
  std::int64_t best = FirstFit(model, order, StartRule::kLowest);
  while (std::next_permutation(order.begin(), order.end(), by_table)) {
    best = std::min(best, FirstFit(model, order, StartRule::kLowest));
  }
  return best;
}

}  // namespace

std::optional<int> StartBy(StartRule rule, const gpu::Model& model, const Card& card,
                           const gpu::MigProfile& profile) {
  std::optional<int> best;
  std::pair<int, std::int64_t> best_score;
  Card with = card;
  for (const int start : profile.starts) {
    if (!gpu::Fits(model, card, profile, start)) continue;
    if (rule == StartRule::kLowest) return start;
    with.push_back({&profile, start});
    const std::pair score(LongestRun(model, with), LegalPlacements(model, with));
    with.pop_back();
    if (!best || score > best_score) std::tie(best, best_score) = std::pair(start, score);
  }
  return best;
}

Baselines CountBaselines(const gpu::Model& model, std::span<const Demand> demand) {
  const std::vector<Demand> merged = Merged(demand);
  return {.one_profile_per_card = OneProfilePerCard(model, merged),
          .first_fit = FirstFit(model, demand, StartRule::kLowest),
          .longest_run = FirstFit(model, demand, StartRule::kLongestRun),
          .first_fit_decreasing = FirstFit(model, Decreasing(merged), StartRule::kLowest),
          .best_order = BestOrder(model, merged)};
}

}  // namespace tangram::plan::mig

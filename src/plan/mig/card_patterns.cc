#include "plan/mig/card_patterns.h"

#include <algorithm>
#include <tuple>
#include <utility>

#include "plan/mig/room_left.h"

namespace tangram::plan::mig {
namespace {

// What is told apart: kinds that leave and profiles that are taken, each sorted.
using Key = std::pair<std::vector<int>, std::vector<const gpu::MigProfile*>>;

class Patterns {
 public:
  Patterns(const FleetCard& card, std::span<const int> kinds, const MostTaken& most)
      : card_(card), kinds_(kinds) {
    for (const gpu::MigProfile& profile : card.model->profiles) {
      const auto found = most.find(&profile);
      if (found != most.end() && found->second > 0) wanted_.emplace_back(&profile, found->second);
    }
  }

  std::vector<CardPattern> Find() && {
    Leave(0);
    std::vector<CardPattern> patterns;
    for (auto& [key, pattern] : best_) patterns.push_back(std::move(pattern));
    return patterns;
  }

 private:
  // Every set of held instances that may leave, from the one at `from` on.
  void Leave(std::size_t from) {
    TakeBesideStaying();
    for (std::size_t h = from; h < card_.held.size(); ++h) {
      if (kinds_[h] < 0) continue;
      leaves_.push_back(h);
      Leave(h + 1);
      leaves_.pop_back();
    }
  }

  void TakeBesideStaying() {
    occupied_.clear();
    for (std::size_t h = 0; h < card_.held.size(); ++h) {
      if (!std::binary_search(leaves_.begin(), leaves_.end(), h)) {
        occupied_.push_back(card_.held[h].at);
      }
    }
    stays_ = occupied_.size();
    Take(0, 0);
  }

  void Take(std::size_t from, int from_start) {
    Keep();
    for (std::size_t w = from; w < wanted_.size(); ++w) {
      auto& [profile, left] = wanted_[w];
      if (left == 0) continue;
      for (const int start : profile->starts) {
        if (w == from && start < from_start) continue;
        if (!gpu::Fits(*card_.model, occupied_, *profile, start)) continue;
        occupied_.push_back({profile, start});
        --left;
        Take(w, start + 1);
        ++left;
        occupied_.pop_back();
      }
    }
  }

  void Keep() {
    const std::span all(occupied_);
    const auto taken = all.subspan(stays_);
    if (!MayTake(card_, all.first(stays_), taken)) return;
    CardPattern pattern{.leaves = leaves_, .taken = {taken.begin(), taken.end()}};
    pattern.changed = HasToChange(card_, taken);
    pattern.room = RoomLeft(*card_.model, occupied_);
    Key key;
    for (const std::size_t h : leaves_) key.first.push_back(kinds_[h]);
    std::sort(key.first.begin(), key.first.end());
    for (const gpu::Occupied& instance : taken) key.second.push_back(instance.profile);
    const auto [known, fresh] = best_.try_emplace(std::move(key), pattern);
    const auto rank = [](const CardPattern& p) { return std::make_pair(p.changed, -p.room); };
    if (!fresh && rank(pattern) < rank(known->second)) known->second = std::move(pattern);
  }

  const FleetCard& card_;
  std::span<const int> kinds_;
  std::vector<std::pair<const gpu::MigProfile*, std::int64_t>> wanted_;  // what is left of each
  std::vector<std::size_t> leaves_;
  std::vector<gpu::Occupied> occupied_;  // what stays, then what is taken
  std::size_t stays_ = 0;
  // Profiles of one model stand in one table, so their order is that of the table.
  std::map<Key, CardPattern> best_;
};

}  // namespace

bool HasToChange(const FleetCard& card, std::span<const gpu::Occupied> taken) {
  return !std::all_of(taken.begin(), taken.end(), [&](const gpu::Occupied& instance) {
    return std::find(card.free.begin(), card.free.end(), instance) != card.free.end() ||
           std::any_of(card.held.begin(), card.held.end(),
                       [&](const HeldInstance& held) { return held.at == instance; });
  });
}

bool MayTake(const FleetCard& card, std::span<const gpu::Occupied> stays,
             std::span<const gpu::Occupied> taken) {
  if (card.change == LayoutChange::kInPlace || !HasToChange(card, taken)) return true;
  return card.change == LayoutChange::kWhenEmpty && stays.empty();
}

std::vector<CardPattern> PatternsOf(const FleetCard& card, std::span<const int> kinds,
                                    const MostTaken& most) {
  return Patterns(card, kinds, most).Find();
}

}  // namespace tangram::plan::mig

#include "adapter/spread.h"

#include <algorithm>
#include <set>
#include <string>
#include <utility>

namespace tangram::adapter {
namespace {

using cluster::Instance;
using gpu::MigProfile;
using gpu::Model;

using Card = std::vector<const MigProfile*>;
using Split = std::vector<Card>;  // by card

int MemorySlices(const Card& card) {
  int slices = 0;
  for (const MigProfile* profile : card) slices += profile->memory_slices;
  return slices;
}

bool FitsTogether(const Model& model, const Card& card) {
  return MemorySlices(card) <= model.memory_slices && gpu::FindLayout(model, card).has_value();
}

// Every card the same; nothing where a count does not divide, or a share does not fit.
std::optional<Split> EqualShares(const Model& model, const std::vector<ProfileCount>& counts,
                                 int cards) {
  Card share;
  for (const auto& [profile, count] : counts) {
    if (count % cards != 0) return std::nullopt;
    share.insert(share.end(), static_cast<std::size_t>(count / cards), profile);
  }
  if (!FitsTogether(model, share)) return std::nullopt;
  return Split(static_cast<std::size_t>(cards), share);
}

// The emptiest card that has room for one more; ties go to the lower index.
Card* EmptiestWithRoom(const Model& model, Split& split, const MigProfile* profile) {
  Card* best = nullptr;
  for (Card& card : split) {
    if (best != nullptr && MemorySlices(card) >= MemorySlices(*best)) continue;
    Card with = card;
    with.push_back(profile);
    if (FitsTogether(model, with)) best = &card;
  }
  return best;
}

// Largest profiles first, each instance to the emptiest card. May fail where a split exists.
std::optional<Split> DealOut(const Model& model, const std::vector<ProfileCount>& counts,
                             int cards) {
  Split split(static_cast<std::size_t>(cards));
  for (const auto& [profile, count] : counts) {
    for (std::int64_t i = 0; i < count; ++i) {
      Card* card = EmptiestWithRoom(model, split, profile);
      if (card == nullptr) return std::nullopt;
      card->push_back(profile);
    }
  }
  return split;
}

// Depth first, a card at a time. If a split exists, one exists whose first card can take no more
// of what is left: an instance may always be moved there. So only such fillings are tried.
class Search {
 public:
  Search(const Model& model, const std::vector<ProfileCount>& counts) : model_(model) {
    for (const auto& [profile, count] : counts) {
      profiles_.push_back(profile);
      left_.push_back(static_cast<int>(count));
    }
  }

  std::optional<Split> Run(int cards) {
    if (!Fill(cards)) return std::nullopt;
    split_.resize(static_cast<std::size_t>(cards));
    return split_;
  }

 private:
  using Take = std::vector<int>;  // by profile

  bool Fill(int cards) {
    if (std::all_of(left_.begin(), left_.end(), [](int n) { return n == 0; })) return true;
    if (cards == 0 || --work_ < 0) return false;
    if (failed_.contains({cards, left_})) return false;
    std::vector<Take> fillings;
    Take take(profiles_.size(), 0);
    Collect(0, take, fillings);
    for (const Take& filling : fillings) {
      Move(filling, -1);
      split_.push_back(CardOf(filling));
      if (Fill(cards - 1)) return true;
      split_.pop_back();
      Move(filling, +1);
    }
    failed_.insert({cards, left_});
    return false;
  }

  // Adds the fullest fillings that agree with `take` before profile `at`, the most first.
  void Collect(std::size_t at, Take& take, std::vector<Take>& fillings) {
    if (at == profiles_.size()) {
      if (IsFull(take)) fillings.push_back(take);
      return;
    }
    int most = 0;
    while (most < left_[at]) {
      take[at] = most + 1;
      if (!FitsTogether(model_, CardOf(take))) break;
      ++most;
    }
    for (int n = most; n >= 0; --n) {
      take[at] = n;
      Collect(at + 1, take, fillings);
    }
    take[at] = 0;
  }

  bool IsFull(const Take& take) {
    for (std::size_t i = 0; i < take.size(); ++i) {
      if (take[i] == left_[i]) continue;
      Take more = take;
      ++more[i];
      if (FitsTogether(model_, CardOf(more))) return false;
    }
    return true;
  }

  Card CardOf(const Take& take) const {
    Card card;
    for (std::size_t i = 0; i < take.size(); ++i) {
      card.insert(card.end(), static_cast<std::size_t>(take[i]), profiles_[i]);
    }
    return card;
  }

  void Move(const Take& take, int sign) {
    for (std::size_t i = 0; i < take.size(); ++i) left_[i] += sign * take[i];
  }

  const Model& model_;
  std::vector<const MigProfile*> profiles_;
  std::vector<int> left_;
  Split split_;
  std::set<std::pair<int, std::vector<int>>> failed_;
  int work_ = 2'000;  // cards tried; a node of 16 takes a few dozen
};

std::vector<Instance> Placed(const Model& model, const Card& card) {
  const std::vector<int> starts = gpu::FindLayout(model, card).value_or(std::vector<int>{});
  std::vector<Instance> instances;
  instances.reserve(starts.size());
  for (std::size_t i = 0; i < starts.size(); ++i) {
    instances.push_back({std::string(card[i]->name), starts[i], ""});
  }
  std::sort(instances.begin(), instances.end(),
            [](const Instance& a, const Instance& b) { return a.start < b.start; });
  return instances;
}

// Whether the counts could be on the cards at all, by memory slices; also what bounds the work.
bool CouldFit(const Model& model, const std::vector<ProfileCount>& counts, int cards) {
  std::int64_t room = std::int64_t{cards} * model.memory_slices;
  for (const auto& [profile, count] : counts) {
    if (profile->memory_slices <= 0 || count < 0 || count > room) return false;
    room -= count * profile->memory_slices;
  }
  return room >= 0;
}

}  // namespace

std::optional<std::vector<std::vector<Instance>>> Spread(const Model& model,
                                                         const std::vector<ProfileCount>& counts,
                                                         int cards) {
  if (cards <= 0 || !CouldFit(model, counts, cards)) return std::nullopt;
  std::vector<ProfileCount> ordered = counts;
  std::sort(ordered.begin(), ordered.end(), [](const auto& a, const auto& b) {
    return std::pair(-a.profile->memory_slices, a.profile->name) <
           std::pair(-b.profile->memory_slices, b.profile->name);
  });
  std::optional<Split> split = EqualShares(model, ordered, cards);
  if (!split) split = DealOut(model, ordered, cards);
  if (!split) split = Search(model, ordered).Run(cards);
  if (!split) return std::nullopt;
  std::vector<std::vector<Instance>> layouts;
  for (const Card& card : *split) layouts.push_back(Placed(model, card));
  return layouts;
}

int MostOnOneCard(const Model& model, const MigProfile& profile) {
  Card card;
  while (static_cast<int>(card.size()) < model.memory_slices) {
    card.push_back(&profile);
    if (!FitsTogether(model, card)) return static_cast<int>(card.size()) - 1;
  }
  return static_cast<int>(card.size());
}

}  // namespace tangram::adapter

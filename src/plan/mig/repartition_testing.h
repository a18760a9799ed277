// Small fleets, and the best answer for one by exhaustion, written apart from what they test.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <random>
#include <tuple>
#include <vector>

#include "plan/mig/mig_testing.h"
#include "plan/mig/repartition.h"

namespace tangram::plan::mig::testing {

// Tries every way to serve each want or not, and to move each held instance or not.
class Exhaustion {
 public:
  explicit Exhaustion(const Fleet& fleet) : fleet_(fleet), after_(fleet.cards.size()) {
    for (const Want& want : fleet.wants) priorities_[-want.priority] = 0;
    for (std::size_t c = 0; c < fleet.cards.size(); ++c) {
      for (const HeldInstance& held : fleet.cards[c].held) held_.push_back({c, held});
    }
  }

  FleetTotals Best() {
    DecideHeld(0);
    return *best_;
  }

 private:
  struct After {
    std::vector<gpu::Occupied> stays{};
    std::vector<gpu::Occupied> taken{};
  };

  static bool Overlap(const gpu::Occupied& a, const gpu::Occupied& b) {
    return a.start < b.start + b.profile->memory_slices &&
           b.start < a.start + a.profile->memory_slices;
  }

  // Legal starts and no overlap: the whole rule for plain profiles.
  bool Free(std::size_t card, const gpu::Occupied& at) const {
    const auto overlaps = [&](const gpu::Occupied& other) { return Overlap(at, other); };
    const After& after = after_[card];
    return std::none_of(after.stays.begin(), after.stays.end(), overlaps) &&
           std::none_of(after.taken.begin(), after.taken.end(), overlaps);
  }

  void ForEachPlace(const Request& request, const std::function<void()>& then) {
    for (const auto& [profile, cost, sites] : request) {
      for (std::size_t c = 0; c < fleet_.cards.size(); ++c) {
        const FleetCard& card = fleet_.cards[c];
        const bool of_model = profile >= card.model->profiles.data() &&
                              profile < card.model->profiles.data() + card.model->profiles.size();
        if (!of_model || ((sites >> card.site) & 1U) == 0) continue;
        for (const int start : profile->starts) {
          if (!Free(c, {profile, start})) continue;
          after_[c].taken.push_back({profile, start});
          cost_ += cost;
          then();
          cost_ -= cost;
          after_[c].taken.pop_back();
        }
      }
    }
  }

  // First who stays, so that places are free once all have been decided.
  void DecideHeld(std::size_t h) {
    if (h == held_.size()) return PlaceMoved(0);
    const auto& [card, held] = held_[h];
    after_[card].stays.push_back(held.at);
    DecideHeld(h + 1);
    after_[card].stays.pop_back();
    if (!held.moves_to) return;
    moves_.push_back(h);
    DecideHeld(h + 1);
    moves_.pop_back();
  }

  void PlaceMoved(std::size_t m) {
    if (m == moves_.size()) return Serve(0);
    const HeldInstance& held = held_[moves_[m]].second;
    disturbed_ += held.move_cost;
    ForEachPlace(*held.moves_to, [&] { PlaceMoved(m + 1); });
    disturbed_ -= held.move_cost;
  }

  void Serve(std::size_t w) {
    if (w == fleet_.wants.size()) return Judge();
    const Want& want = fleet_.wants[w];
    priorities_[-want.priority] += want.weight;
    ForEachPlace(want.request, [&] { Serve(w + 1); });
    priorities_[-want.priority] -= want.weight;
    Serve(w + 1);
  }

  bool StandsThere(const FleetCard& card, const gpu::Occupied& at) const {
    const auto same = [&](const gpu::Occupied& other) {
      return other.profile == at.profile && other.start == at.start;
    };
    return std::any_of(card.free.begin(), card.free.end(), same) ||
           std::any_of(card.held.begin(), card.held.end(),
                       [&](const HeldInstance& held) { return same(held.at); });
  }

  std::int64_t RoomOf(std::size_t c) const {
    std::int64_t room = 0;
    for (const gpu::MigProfile& profile : fleet_.cards[c].model->profiles) {
      if (!profile.is_plain()) continue;
      for (const int start : profile.starts) {
        if (Free(c, {&profile, start})) room += profile.memory_slices;
      }
    }
    return room;
  }

  void Judge() {
    FleetTotals totals{.cost = cost_, .disturbed = disturbed_};
    for (const auto& [priority, served] : priorities_) {
      totals.served.emplace_back(-priority, served);
    }
    for (std::size_t c = 0; c < fleet_.cards.size(); ++c) {
      const FleetCard& card = fleet_.cards[c];
      const After& after = after_[c];
      const bool changed = !std::all_of(after.taken.begin(), after.taken.end(),
                                        [&](const auto& at) { return StandsThere(card, at); });
      if (changed && card.change == LayoutChange::kNever) return;
      if (changed && card.change == LayoutChange::kWhenEmpty && !after.stays.empty()) return;
      totals.changed += changed ? 1 : 0;
      if (!after.stays.empty() || !after.taken.empty()) totals.cost += card.cost;
      totals.room += RoomOf(c);
    }
    if (!best_ || IsBetter(totals, *best_)) best_ = totals;
  }

  static bool IsBetter(const FleetTotals& a, const FleetTotals& b) {
    if (a.served != b.served) return a.served > b.served;
    return std::make_tuple(a.cost, a.disturbed, a.changed, -a.room) <
           std::make_tuple(b.cost, b.disturbed, b.changed, -b.room);
  }

  const Fleet& fleet_;
  std::vector<After> after_;
  std::vector<std::pair<std::size_t, HeldInstance>> held_;
  std::vector<std::size_t> moves_;
  std::map<int, std::int64_t> priorities_;  // served, by priority below 0
  std::int64_t cost_ = 0;
  std::int64_t disturbed_ = 0;
  std::optional<FleetTotals> best_;
};

// Cards of one or two models, partly held, and a few wants; small enough for exhaustion.
class RandomFleet {
 public:
  explicit RandomFleet(unsigned seed) : random_(seed) {}

  Fleet Make() {
    const bool large = Below(3) == 0;
    const std::vector<std::string> names = large
                                               ? std::vector<std::string>{"A100-40GB", "H100-80GB"}
                                               : std::vector<std::string>{"A30-24GB", "A30-24GB"};
    const int cards = 1 + Below(large ? 2 : 3);
    for (int c = 0; c < cards; ++c) {
      const gpu::Model& model = ModelOf(names[static_cast<std::size_t>(Below(4) / 3)]);
      AddCard(model);
    }
    const int wants = 1 + Below(large ? 2 : 3);
    for (int w = 0; w < wants; ++w) {
      fleet_.wants.push_back({AnyRequest(fleet_.cards[0].model), Below(3) / 2, 1 + Below(4) / 3});
    }
    return fleet_;
  }

 private:
  int Below(int n) { return static_cast<int>(random_() % static_cast<unsigned>(n)); }

  std::vector<const gpu::MigProfile*> PlainOf(const gpu::Model& model) const {
    std::vector<const gpu::MigProfile*> plain;
    for (const gpu::MigProfile* profile : ProfilesOf(model)) {
      if (profile->is_plain()) plain.push_back(profile);
    }
    return plain;
  }

  const gpu::MigProfile* AnyOf(const std::vector<const gpu::MigProfile*>& profiles) {
    return profiles[static_cast<std::size_t>(Below(static_cast<int>(profiles.size())))];
  }

  Request AnyRequest(const gpu::Model* model) {
    Request request;
    request.push_back({AnyOf(PlainOf(*model)), 0});
    if (Below(3) == 0) {  // a substitute, at its cost
      const gpu::Model* other = fleet_.cards.back().model;
      const gpu::MigProfile* profile = AnyOf(PlainOf(*other));
      if (profile != request[0].profile) {
        request.push_back({profile, Below(4)});
      }
    }
    if (Below(4) == 0) request[0].sites = static_cast<Sites>(1 + Below(3));
    return request;
  }

  void AddCard(const gpu::Model& model) {
    FleetCard card{.model = &model, .site = Below(2), .cost = Below(3) == 0 ? Below(5) : 0};
    if (Below(4) == 0) card.change = static_cast<LayoutChange>(Below(2));
    std::vector<gpu::Occupied> stand;
    for (int tries = Below(5); tries > 0; --tries) {
      const gpu::MigProfile* profile = AnyOf(PlainOf(model));
      const int start =
          profile
              ->starts[static_cast<std::size_t>(Below(static_cast<int>(profile->starts.size())))];
      if (!gpu::Fits(model, stand, *profile, start)) continue;
      stand.push_back({profile, start});
      if (Below(3) == 0 || held_ == 3) {
        card.free.push_back(stand.back());
      } else {
        HeldInstance held{.at = stand.back(), .move_cost = 1 + Below(2)};
        if (Below(3) != 0) held.moves_to = Request{{profile, 0}};
        card.held.push_back(std::move(held));
        ++held_;
      }
    }
    fleet_.cards.push_back(std::move(card));
  }

  std::mt19937 random_;
  Fleet fleet_;
  int held_ = 0;
};

}  // namespace tangram::plan::mig::testing

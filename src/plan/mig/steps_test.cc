#include "plan/mig/steps.h"

#include <gmock/gmock.h>

#include <map>
#include <set>

#include "base/sanitized_testing.h"
#include "plan/mig/repartition_testing.h"

namespace tangram::plan::mig {
namespace {

using ::testing::IsEmpty;
using testing::ModelOf;
using testing::RandomFleet;

const gpu::Model& A100() { return ModelOf("A100-40GB"); }
gpu::Occupied At(std::string_view profile, int start) {
  return {gpu::ProfileNamed(A100(), profile), start};
}
HeldInstance Movable(std::string_view profile, int start) {
  return {.at = At(profile, start), .moves_to = Request{{gpu::ProfileNamed(A100(), profile), 0}}};
}

using Place = std::tuple<std::size_t, const gpu::MigProfile*, int>;
Place PlaceOf(const PlacedOn& place) { return {place.card, place.at.profile, place.at.start}; }

// Carries the steps out, and says the first thing that goes wrong.
class Carried {
 public:
  explicit Carried(const Fleet& fleet) : fleet_(fleet) {
    for (std::size_t c = 0; c < fleet.cards.size(); ++c) {
      for (std::size_t h = 0; h < fleet.cards[c].held.size(); ++h) {
        const gpu::Occupied& at = fleet.cards[c].held[h].at;
        held_[PlaceOf({c, at})] = "held " + std::to_string(c) + "." + std::to_string(h);
        stands_.insert(PlaceOf({c, at}));
      }
      for (const gpu::Occupied& at : fleet.cards[c].free) stands_.insert(PlaceOf({c, at}));
    }
  }

  std::string Out(const std::vector<Step>& steps) {
    for (const Step& step : steps) std::visit([&](const auto& one) { Do(one); }, step);
    return wrong_;
  }

  // Who is where in the end.
  std::map<std::string, Place> Where() const {
    std::map<std::string, Place> where;
    for (const auto& [place, who] : held_) where[who] = place;
    return where;
  }

 private:
  void Wrong(const std::string& what) {
    if (wrong_.empty()) wrong_ = what;
  }

  bool IsHeldOn(std::size_t card) const {
    return std::any_of(held_.begin(), held_.end(),
                       [&](const auto& held) { return std::get<0>(held.first) == card; });
  }

  void Do(const SetLayout& set) {
    const FleetCard& card = fleet_.cards[set.card];
    if (card.change == LayoutChange::kNever) Wrong("a card changes that must not");
    if (card.change == LayoutChange::kWhenEmpty && IsHeldOn(set.card)) Wrong("it is not empty");
    std::vector<gpu::Occupied> legal;
    std::set<Place> now;
    for (const gpu::Occupied& at : set.instances) {
      if (!gpu::Fits(*card.model, legal, *at.profile, at.start)) Wrong("an illegal layout");
      legal.push_back(at);
      now.insert(PlaceOf({set.card, at}));
    }
    for (const auto& [place, who] : held_) {
      if (std::get<0>(place) == set.card && !now.contains(place)) Wrong(who + " lost its instance");
    }
    std::erase_if(stands_, [&](const Place& place) { return std::get<0>(place) == set.card; });
    stands_.insert(now.begin(), now.end());
  }

  void Take(const std::string& who, const PlacedOn& to) {
    if (!stands_.contains(PlaceOf(to))) Wrong(who + " finds no instance");
    if (!held_.emplace(PlaceOf(to), who).second) Wrong(who + " finds it held");
  }

  void Do(const MoveHeld& move) {
    const std::string who = "held " + std::to_string(move.card) + "." + std::to_string(move.held);
    Take(who, move.to);
    const auto from = held_.find(PlaceOf(move.from));
    if (from == held_.end() || from->second != who) return Wrong(who + " is not there");
    held_.erase(from);
  }

  void Do(const ServeWant& serve) { Take("want " + std::to_string(serve.want), serve.to); }

  const Fleet& fleet_;
  std::set<Place> stands_;
  std::map<Place, std::string> held_;
  std::string wrong_;
};

TEST(Steps, MakeTheNewInstanceBeforeTheOldOneGoes) {
  const Fleet fleet{.cards = {{.model = &A100(), .held = {Movable("2g.10gb", 2)}},
                              {.model = &A100(), .held = {Movable("3g.20gb", 0)}}},
                    .wants = {{Request{{gpu::ProfileNamed(A100(), "7g.40gb"), 0}}}}};
  const Transition transition = PlanTransition(fleet);
  ASSERT_THAT(transition.stay, IsEmpty());
  EXPECT_EQ(Carried(fleet).Out(transition.steps.steps), "");
  const auto& steps = transition.steps.steps;
  ASSERT_EQ(steps.size(), 4);
  EXPECT_TRUE(std::holds_alternative<SetLayout>(steps[0]));
  EXPECT_TRUE(std::holds_alternative<MoveHeld>(steps[1]));
  EXPECT_TRUE(std::holds_alternative<SetLayout>(steps[2]));
  EXPECT_TRUE(std::holds_alternative<ServeWant>(steps[3]));
}

// Two cards that are full swap what they hold.
struct Swap {
  Fleet fleet{
      .cards = {{.model = &A100(), .held = {Movable("4g.20gb", 0), Movable("3g.20gb", 4)}},
                {.model = &A100(), .held = {Movable("4g.20gb", 0), Movable("3g.20gb", 4)}}}};
  Repartitioning answer{.moved = {{0, 0, {1, At("4g.20gb", 0)}}, {1, 0, {0, At("4g.20gb", 0)}}}};
};

TEST(Steps, ACircleIsBrokenThroughASpare) {
  Swap swap;
  swap.fleet.cards.push_back({.model = &A100()});
  const Steps steps = OrderSteps(swap.fleet, swap.answer);
  EXPECT_THAT(steps.stuck, IsEmpty());
  Carried carried(swap.fleet);
  EXPECT_EQ(carried.Out(steps.steps), "");
  EXPECT_EQ(carried.Where().at("held 0.0"), PlaceOf({1, At("4g.20gb", 0)}));
  EXPECT_EQ(carried.Where().at("held 1.0"), PlaceOf({0, At("4g.20gb", 0)}));
  const auto moves = std::count_if(steps.steps.begin(), steps.steps.end(), [](const Step& step) {
    return std::holds_alternative<MoveHeld>(step);
  });
  EXPECT_EQ(moves, 3) << "one of them twice";
}

TEST(Steps, ACircleWithNoSpareIsImpossible) {
  const Swap swap;
  const Steps steps = OrderSteps(swap.fleet, swap.answer);
  EXPECT_THAT(steps.steps, IsEmpty());
  EXPECT_THAT(steps.stuck, ::testing::ElementsAre(std::pair(0, 0), std::pair(1, 0)));
}

TEST(StepsLaw, ReachTheAnswerAndNobodyLosesAnInstance) {
  int moved = 0;
  const unsigned rounds = base::kSanitized ? 20 : 300;
  for (unsigned seed = 0; seed < rounds; ++seed) {
    const Fleet fleet = RandomFleet(seed).Make();
    const Transition transition = PlanTransition(fleet);
    Carried carried(fleet);
    ASSERT_EQ(carried.Out(transition.steps.steps), "") << seed;
    const auto where = carried.Where();
    for (const Moved& move : transition.answer.moved) {
      const std::string who = "held " + std::to_string(move.card) + "." + std::to_string(move.held);
      ASSERT_EQ(where.at(who), PlaceOf(move.to)) << seed;
      ++moved;
    }
    for (std::size_t w = 0; w < fleet.wants.size(); ++w) {
      const auto& served = transition.answer.served[w];
      const std::string who = "want " + std::to_string(w);
      ASSERT_EQ(where.contains(who), served.has_value()) << seed;
      if (served) {
        ASSERT_EQ(where.at(who), PlaceOf(*served)) << seed;
      }
    }
  }
  EXPECT_GE(moved, base::kSanitized ? 0 : rounds / 20);
}

}  // namespace
}  // namespace tangram::plan::mig

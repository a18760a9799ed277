#include "plan/mig/repartition.h"

#include <gtest/gtest.h>

#include <cstdlib>

#include "base/sanitized_testing.h"
#include "plan/mig/repartition_testing.h"

namespace tangram::plan::mig {
namespace {

using testing::Exhaustion;
using testing::ModelOf;
using testing::RandomFleet;

const gpu::Model& A100() { return ModelOf("A100-40GB"); }
const gpu::MigProfile& ProfileOf(std::string_view name) { return *gpu::ProfileNamed(A100(), name); }
Request For(std::string_view profile) { return {{&ProfileOf(profile), 0}}; }

gpu::Occupied At(std::string_view profile, int start) { return {&ProfileOf(profile), start}; }
HeldInstance Pinned(std::string_view profile, int start) { return {.at = At(profile, start)}; }
HeldInstance Movable(std::string_view profile, int start) {
  return {.at = At(profile, start), .moves_to = For(profile)};
}
FleetCard CardWith(std::vector<HeldInstance> held) {
  return {.model = &A100(), .held = std::move(held)};
}
Repartitioning Solved(const Fleet& fleet) {
  Repartitioning answer = RepartitionFleet(fleet);
  EXPECT_TRUE(answer.proven());
  EXPECT_EQ(TotalsOf(fleet, answer), answer.totals);
  return answer;
}

TEST(Repartition, MakesAnInstanceBesideWhatIsHeld) {
  const auto answer = Solved(
      {.cards = {CardWith({Pinned("4g.20gb", 0)})}, .wants = {{For("3g.20gb")}, {For("3g.20gb")}}});
  ASSERT_TRUE(answer.served[0]);
  EXPECT_EQ(answer.served[0]->at.start, 4);
  EXPECT_FALSE(answer.served[1]);
  EXPECT_EQ(answer.totals.changed, 1);
}

TEST(Repartition, MovesARunningInstanceWhereThatServesMore) {
  const std::vector<Want> wants = {{For("7g.40gb")}};
  const auto moved =
      Solved({.cards = {CardWith({Movable("2g.10gb", 2)}), CardWith({Movable("3g.20gb", 0)})},
              .wants = wants});
  ASSERT_TRUE(moved.served[0]);
  EXPECT_EQ(moved.totals.disturbed, 1);
  ASSERT_EQ(moved.moved.size(), 1);
  EXPECT_NE(moved.moved[0].to.card, moved.served[0]->card);
  const auto pinned =
      Solved({.cards = {CardWith({Pinned("2g.10gb", 2)}), CardWith({Pinned("3g.20gb", 0)})},
              .wants = wants});
  EXPECT_FALSE(pinned.served[0]);
}

TEST(Repartition, MovesNobodyForNothing) {
  const auto answer =
      Solved({.cards = {CardWith({Movable("1g.5gb", 3)}), CardWith({Movable("1g.5gb", 3)})},
              .wants = {{For("2g.10gb")}}});
  EXPECT_EQ(answer.totals.disturbed, 0);
  EXPECT_TRUE(answer.moved.empty());
}

TEST(Repartition, TakesASubstituteAtItsCost) {
  FleetCard card{.model = &A100(), .change = LayoutChange::kNever};
  card.free = {At("2g.10gb", 0)};
  Request request = For("1g.5gb");
  request.push_back({&ProfileOf("2g.10gb"), 5});
  const auto answer = Solved({.cards = {card}, .wants = {{request}}});
  ASSERT_TRUE(answer.served[0]);
  EXPECT_EQ(answer.totals.cost, 5);
  EXPECT_EQ(answer.totals.changed, 0);
}

TEST(Repartition, AHigherPriorityCountsMoreThanAnyWeight) {
  const auto answer =
      Solved({.cards = {CardWith({})},
              .wants = {{For("4g.20gb"), 0, 100}, {For("7g.40gb"), 1, 1}, {For("3g.20gb"), 0, 1}}});
  EXPECT_FALSE(answer.served[0]);
  EXPECT_TRUE(answer.served[1]);
  EXPECT_EQ(answer.totals.served, (std::vector<std::pair<int, std::int64_t>>{{1, 1}, {0, 0}}));
}

TEST(Repartition, LeavesRoomForLargeInstances) {
  const auto answer = Solved({.cards = {CardWith({})}, .wants = {{For("1g.5gb")}}});
  EXPECT_EQ(answer.served[0]->at.start, 6) << "4g.20gb has room beside it";
}

TEST(Repartition, ACardThatIsWipedChangesOnlyOnceNobodyHoldsIt) {
  FleetCard wiped = CardWith({Pinned("1g.5gb", 0)});
  wiped.change = LayoutChange::kWhenEmpty;
  EXPECT_FALSE(Solved({.cards = {wiped}, .wants = {{For("3g.20gb")}}}).served[0]);
  wiped.held = {Movable("1g.5gb", 0)};
  const auto answer =
      Solved({.cards = {wiped, CardWith({Pinned("3g.20gb", 0)})}, .wants = {{For("4g.20gb")}}});
  EXPECT_TRUE(answer.served[0]);
  EXPECT_EQ(answer.totals.disturbed, 1);
}

TEST(Repartition, StaysOnItsSites) {
  FleetCard far = CardWith({});
  far.site = 1;
  Request near = For("7g.40gb");
  near[0].sites = 1;
  EXPECT_FALSE(Solved({.cards = {far}, .wants = {{near}}}).served[0]);
}

TEST(Repartition, TotalsRefuseWhatBreaksARule) {
  const Fleet fleet{.cards = {CardWith({Pinned("4g.20gb", 0)})}, .wants = {{For("3g.20gb")}}};
  const auto with = [&](std::vector<std::optional<PlacedOn>> served, std::vector<Moved> moved) {
    Repartitioning answer{.served = std::move(served), .moved = std::move(moved)};
    return TotalsOf(fleet, answer);
  };
  EXPECT_TRUE(with({PlacedOn{0, At("3g.20gb", 4)}}, {}));
  EXPECT_FALSE(with({PlacedOn{0, At("3g.20gb", 0)}}, {})) << "it is held";
  EXPECT_FALSE(with({PlacedOn{0, At("2g.10gb", 4)}}, {})) << "not what is asked for";
  EXPECT_FALSE(with({PlacedOn{1, At("3g.20gb", 4)}}, {})) << "no such card";
  EXPECT_FALSE(with({std::nullopt}, {{0, 0, {0, At("4g.20gb", 0)}}})) << "it stays";
  EXPECT_FALSE(with({}, {})) << "a want is missing";
}

// TANGRAM_ROUNDS=10000 tries more.
unsigned Rounds() {
  const char* asked = std::getenv("TANGRAM_ROUNDS");
  if (asked != nullptr) return static_cast<unsigned>(std::strtoul(asked, nullptr, 10));
  return base::kSanitized ? 20 : 300;
}

TEST(RepartitionLaw, EqualsExhaustionOnSmallFleets) {
  int moves = 0;
  int unserved = 0;
  const unsigned rounds = Rounds();
  for (unsigned seed = 0; seed < rounds; ++seed) {
    const Fleet fleet = RandomFleet(seed).Make();
    const Repartitioning answer = RepartitionFleet(fleet);
    ASSERT_TRUE(answer.proven()) << seed;
    ASSERT_EQ(TotalsOf(fleet, answer), answer.totals) << seed;
    ASSERT_TRUE(answer.totals == Exhaustion(fleet).Best()) << seed;
    moves += static_cast<int>(answer.moved.size());
    for (const auto& served : answer.served) unserved += served ? 0 : 1;
  }
  if (base::kSanitized) return;  // too few to count
  EXPECT_GT(moves, rounds / 20);
  EXPECT_GT(unserved, rounds / 20);
}

}  // namespace
}  // namespace tangram::plan::mig

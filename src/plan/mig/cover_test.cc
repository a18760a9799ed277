// The integer program against exhaustion, on programs that are harder than any card.
#include "plan/mig/cover.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>

#include "plan/mig/tableau.h"

namespace tangram::plan::mig {
namespace {

using Columns = std::vector<std::vector<int>>;
using Amounts = std::vector<std::int64_t>;

void ExpectCovers(const Columns& columns, const Amounts& demand, const Cover& cover) {
  std::int64_t total = 0;
  Amounts rest = demand;
  for (std::size_t j = 0; j < columns.size(); ++j) {
    ASSERT_GE(cover.times[j], 0);
    total += cover.times[j];
    for (std::size_t i = 0; i < rest.size(); ++i) rest[i] -= cover.times[j] * columns[j][i];
  }
  EXPECT_EQ(total, cover.total);
  for (const std::int64_t left : rest) EXPECT_LE(left, 0);
  EXPECT_LE(cover.lower_bound, cover.total);
  std::int64_t worth = 0;
  for (std::size_t i = 0; i < demand.size(); ++i) {
    EXPECT_GE(cover.weights[i], 0);
    worth += cover.weights[i] * demand[i];
  }
  EXPECT_LE((worth + cover.denominator - 1) / cover.denominator, cover.lower_bound);
  for (const std::vector<int>& column : columns) {
    std::int64_t of_column = 0;
    for (std::size_t i = 0; i < column.size(); ++i) of_column += cover.weights[i] * column[i];
    EXPECT_LE(of_column, cover.denominator);
  }
}

// Iterative deepening over the first row that is not covered yet.
bool CoverableBy(const Columns& columns, const Amounts& rest, std::int64_t total) {
  const auto open = std::find_if(rest.begin(), rest.end(), [](auto left) { return left > 0; });
  if (open == rest.end()) return true;
  if (total == 0) return false;
  return std::any_of(columns.begin(), columns.end(), [&](const std::vector<int>& column) {
    if (column[static_cast<std::size_t>(open - rest.begin())] == 0) return false;
    Amounts left = rest;
    for (std::size_t i = 0; i < left.size(); ++i) left[i] -= column[i];
    return CoverableBy(columns, left, total - 1);
  });
}

std::int64_t LeastByExhaustion(const Columns& columns, const Amounts& demand) {
  std::int64_t total = 0;
  while (!CoverableBy(columns, demand, total)) ++total;
  return total;
}

// The complements of the seven lines of the Fano plane: 7/4 by the linear program, but any two miss
// the point where their lines meet.
const Columns kFano = {{0, 0, 0, 1, 1, 1, 1}, {0, 1, 1, 0, 0, 1, 1}, {0, 1, 1, 1, 1, 0, 0},
                       {1, 0, 1, 0, 1, 0, 1}, {1, 0, 1, 1, 0, 1, 0}, {1, 1, 0, 0, 1, 1, 0},
                       {1, 1, 0, 1, 0, 0, 1}};

TEST(LeastCover, ProvesABoundThatTheLinearProgramDoesNotReach) {
  const Amounts demand(7, 1);
  const Cover cover = LeastCover(kFano, demand, 1000);
  ExpectCovers(kFano, demand, cover);
  EXPECT_EQ(cover.total, 3);
  EXPECT_EQ(cover.lower_bound, 3);
  EXPECT_GT(cover.nodes, 1);
}

TEST(LeastCover, SaysWhatIsProvenWhereWorkIsCutShort) {
  const Amounts demand(7, 1);
  const Cover cover = LeastCover(kFano, demand, 1);
  ExpectCovers(kFano, demand, cover);
  EXPECT_EQ(cover.lower_bound, 2);
  EXPECT_EQ(4 * cover.weights[0], cover.denominator);
  EXPECT_GE(cover.total, 3);
  EXPECT_EQ(cover.nodes, 1);
}

TEST(LeastCover, OfNothingIsNothing) {
  const Cover cover = LeastCover(kFano, Amounts(7, 0), 1);
  EXPECT_EQ(cover.total, 0);
  EXPECT_EQ(cover.lower_bound, 0);
  EXPECT_EQ(LeastCover({}, {}, 1).total, 0);
}

TEST(LeastCover, AgreesWithExhaustionOnRandomPrograms) {
  std::mt19937 random(20'261'121);
  const auto up_to = [&](int most) {
    return static_cast<int>(random() % static_cast<unsigned>(most + 1));
  };
  std::int64_t branched = 0;
  for (int round = 0; round < 3000; ++round) {
    const auto rows = static_cast<std::size_t>(2 + up_to(3));
    Columns columns(static_cast<std::size_t>(3 + up_to(4)), std::vector<int>(rows, 0));
    for (auto& column : columns) {
      for (int& entry : column) entry = std::max(0, up_to(4) - 1);
    }
    columns.emplace_back(rows, 1);  // so that every row can be covered
    Amounts demand;
    for (std::size_t i = 0; i < rows; ++i) demand.push_back(up_to(7));
    const Cover cover = LeastCover(columns, demand, 100'000);
    ExpectCovers(columns, demand, cover);
    ASSERT_EQ(cover.total, LeastByExhaustion(columns, demand)) << "round " << round;
    ASSERT_EQ(cover.lower_bound, cover.total);
    branched += cover.nodes > 1 ? 1 : 0;
  }
  EXPECT_GT(branched, 30) << "the programs are too easy to test branching";
}

TEST(LeastCover, OfABillionIsExact) {
  const Columns columns = {{7, 0}, {4, 1}, {3, 1}, {0, 2}};
  const Amounts demand = {1'000'000'000, 999'999'999};
  const Cover cover = LeastCover(columns, demand, 1000);
  ExpectCovers(columns, demand, cover);
  // Duals 1/8 and 1/2: 125,000,000 + 499,999,999.5.
  EXPECT_EQ(cover.total, 625'000'000);
  EXPECT_EQ(cover.lower_bound, 625'000'000);
}

TEST(Tableau, GivesTheBoundAndBranches) {
  const Columns columns = {{2}};
  Tableau tableau(columns, Amounts{5});
  ASSERT_EQ(tableau.Solve(), Tableau::Outcome::kOptimal);
  EXPECT_EQ(tableau.Bound(), 3);
  EXPECT_EQ(tableau.Floor(), Amounts{2});
  const auto half = tableau.SmallestFractional();
  ASSERT_TRUE(half);
  EXPECT_EQ(half->floor, 2);
  Tableau down = tableau;
  down.RoundDown(*half);
  EXPECT_EQ(down.Solve(), Tableau::Outcome::kInfeasible);
  tableau.RoundUp(*half);
  ASSERT_EQ(tableau.Solve(), Tableau::Outcome::kOptimal);
  EXPECT_EQ(tableau.Floor(), Amounts{3});
  EXPECT_FALSE(tableau.SmallestFractional());
}

}  // namespace
}  // namespace tangram::plan::mig

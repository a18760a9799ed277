// Linear programs in whole numbers: an exact dual simplex.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

namespace tangram::plan::mig {

__extension__ using Wide = __int128;

// The linear program
//   least   sum of x[j]
//   so that sum over j of columns[j][i] * x[j] >= demand[i] for each row i, and x >= 0,
// and what branching adds to it. No floating point: every value is a whole number over one common
// denominator, which is the determinant of the basis (fraction-free pivots), so a bound that is
// read here is proven.
//
// A number in the tableau is a minor of the matrix. By Hadamard's inequality a minor is at most the
// product of the lengths of its columns: below 7^11 for the 11 rows of the largest model and at
// most 7 instances a card; bounds of single variables are unit rows and add nothing. So 64 bits
// hold the tableau, and 128 bits its products and the right-hand side for demands up to 10^9.
class Tableau {
 public:
  Tableau(std::span<const std::vector<int>> columns, std::span<const std::int64_t> demand);

  enum class Outcome { kOptimal, kInfeasible };
  // Makes the program optimal again. After kInfeasible the tableau must not be used any more.
  Outcome Solve();

  // The least sum, rounded up: no solution in whole numbers is better.
  std::int64_t Bound() const;

  // The dual solution: what one unit of each row is worth, as numerators over denominator(). By
  // duality no column is worth more than 1, and the demand is worth the least sum. Right after the
  // first Solve(); with bounds on variables it no longer is the whole proof.
  std::vector<std::int64_t> Weights() const;
  std::int64_t denominator() const { return denominator_; }

  // x[column], rounded down.
  std::vector<std::int64_t> Floor() const;

  // A variable that is not whole now.
  struct Fractional {
    std::size_t row = 0;
    std::size_t column = 0;
    std::int64_t floor = 0;
  };
  // The one with the smallest value, ties by column; nothing if all of x is whole. Small variables
  // have few values left to try.
  std::optional<Fractional> SmallestFractional() const;

  // Adds x <= floor, or x >= floor + 1; then call Solve().
  void RoundDown(const Fractional& variable);
  void RoundUp(const Fractional& variable);

 private:
  struct Row {
    std::size_t variable = 0;           // which is basic here
    std::vector<std::int64_t> entries;  // by nonbasic column
    Wide right = 0;                     // of it, over denominator_
  };

  std::optional<std::size_t> Leaving() const;
  std::optional<std::size_t> Entering(const Row& leaving) const;
  void Pivot(std::size_t row, std::size_t column);
  void Eliminate(Row& row, const Row& pivot_row, std::size_t column) const;

  std::size_t demands_ = 0;
  std::size_t structural_ = 0;  // variables below it are x, the others slack
  std::size_t variables_ = 0;
  std::int64_t denominator_ = 1;       // > 0
  std::vector<std::size_t> nonbasic_;  // variable, by column
  Row objective_;                      // entries <= 0: dual feasible
  std::vector<Row> rows_;
};

}  // namespace tangram::plan::mig

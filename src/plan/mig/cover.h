// The fewest columns that cover a demand: an integer program, solved exactly.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace tangram::plan::mig {

// An answer and its proof.
struct Cover {
  std::vector<std::int64_t> times;  // how often each column is taken
  std::int64_t total = 0;           // their sum
  std::int64_t lower_bound = 0;     // no cover is smaller; equal to `total` where that is proven
  std::int64_t nodes = 0;           // linear programs solved
  // What a unit of each row is worth, over `denominator`: no column is worth more than 1, so the
  // worth of the demand, rounded up, is a bound. Equal to `lower_bound` unless the search raised
  // it.
  std::vector<std::int64_t> weights;
  std::int64_t denominator = 1;
};

// The least sum of times[j] so that sum over j of columns[j][i] * times[j] >= demand[i] for each
// row i. Branch and bound over the exact linear program of tableau.h, at most `most_nodes` (> 0) of
// them; then the best cover so far, and the bound that is proven. Deterministic.
// Asks for entries from 0 to 7, demands from 0 to 10^9, at most 12 rows (tableau.h says why), and
// for every row with a demand a column that has it.
Cover LeastCover(std::span<const std::vector<int>> columns, std::span<const std::int64_t> demand,
                 std::int64_t most_nodes);

}  // namespace tangram::plan::mig

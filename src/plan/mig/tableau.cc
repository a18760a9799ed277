#include "plan/mig/tableau.h"

#include <numeric>

namespace tangram::plan::mig {
namespace {

Wide FloorDivide(Wide a, std::int64_t positive) {
  const Wide quotient = a / positive;
  return quotient * positive > a ? quotient - 1 : quotient;
}

}  // namespace

// Surplus variables are the first basis: -A x + s = -d. All costs are positive, so it is dual
// feasible, and the dual simplex needs no first phase.
Tableau::Tableau(std::span<const std::vector<int>> columns, std::span<const std::int64_t> demand)
    : demands_(demand.size()),
      structural_(columns.size()),
      variables_(columns.size() + demand.size()),
      nonbasic_(columns.size()) {
  std::iota(nonbasic_.begin(), nonbasic_.end(), std::size_t{0});
  objective_.entries.assign(columns.size(), -1);
  for (std::size_t i = 0; i < demand.size(); ++i) {
    Row row{columns.size() + i, {}, -Wide{demand[i]}};
    for (const std::vector<int>& column : columns) row.entries.push_back(-column[i]);
    rows_.push_back(std::move(row));
  }
}

Tableau::Outcome Tableau::Solve() {
  while (const auto row = Leaving()) {
    const auto column = Entering(rows_[*row]);
    if (!column) return Outcome::kInfeasible;
    Pivot(*row, *column);
  }
  return Outcome::kOptimal;
}

// Bland's rule, here and in Entering(): the smallest variable, so that degenerate pivots end.
std::optional<std::size_t> Tableau::Leaving() const {
  std::optional<std::size_t> best;
  for (std::size_t i = 0; i < rows_.size(); ++i) {
    if (rows_[i].right >= 0) continue;
    if (!best || rows_[i].variable < rows_[*best].variable) best = i;
  }
  return best;
}

std::optional<std::size_t> Tableau::Entering(const Row& leaving) const {
  std::optional<std::size_t> best;
  for (std::size_t j = 0; j < nonbasic_.size(); ++j) {
    if (leaving.entries[j] >= 0) continue;
    if (!best) {
      best = j;
      continue;
    }
    // objective[j] / leaving[j] against that of the best; both are quotients of negatives.
    const Wide mine = Wide{objective_.entries[j]} * leaving.entries[*best];
    const Wide theirs = Wide{objective_.entries[*best]} * leaving.entries[j];
    if (mine < theirs || (mine == theirs && nonbasic_[j] < nonbasic_[*best])) best = j;
  }
  return best;
}

// row * pivot - row[column] * pivot_row, over the old denominator: the division leaves no rest.
void Tableau::Eliminate(Row& row, const Row& pivot_row, std::size_t column) const {
  const std::int64_t pivot = pivot_row.entries[column];
  const std::int64_t factor = row.entries[column];
  for (std::size_t j = 0; j < row.entries.size(); ++j) {
    if (j == column) continue;
    const Wide product = Wide{row.entries[j]} * pivot - Wide{factor} * pivot_row.entries[j];
    row.entries[j] = static_cast<std::int64_t>(product / denominator_);
  }
  row.right = (row.right * pivot - pivot_row.right * factor) / denominator_;
  // row[column] stays as it is: it is now the entry of the variable that left.
}

void Tableau::Pivot(std::size_t row, std::size_t column) {
  Row& pivot_row = rows_[row];
  // The leaving entry is negative: turning signs first keeps every denominator positive.
  for (std::int64_t& entry : pivot_row.entries) entry = -entry;
  pivot_row.right = -pivot_row.right;
  for (std::size_t i = 0; i < rows_.size(); ++i) {
    if (i != row) Eliminate(rows_[i], pivot_row, column);
  }
  Eliminate(objective_, pivot_row, column);
  const std::int64_t pivot = pivot_row.entries[column];
  pivot_row.entries[column] = -denominator_;
  denominator_ = pivot;
  std::swap(pivot_row.variable, nonbasic_[column]);
}

std::int64_t Tableau::Bound() const {
  return static_cast<std::int64_t>(-FloorDivide(-objective_.right, denominator_));
}

// Reduced costs of the surplus variables.
std::vector<std::int64_t> Tableau::Weights() const {
  std::vector<std::int64_t> weights(demands_, 0);
  for (std::size_t j = 0; j < nonbasic_.size(); ++j) {
    const std::size_t variable = nonbasic_[j];
    if (variable < structural_ || variable >= structural_ + demands_) continue;
    weights[variable - structural_] = -objective_.entries[j];
  }
  return weights;
}

std::vector<std::int64_t> Tableau::Floor() const {
  std::vector<std::int64_t> x(structural_, 0);
  for (const Row& row : rows_) {
    if (row.variable >= structural_) continue;
    x[row.variable] = static_cast<std::int64_t>(row.right / denominator_);
  }
  return x;
}

std::optional<Tableau::Fractional> Tableau::SmallestFractional() const {
  std::optional<Fractional> best;
  for (std::size_t i = 0; i < rows_.size(); ++i) {
    const Row& row = rows_[i];
    if (row.variable >= structural_ || row.right % denominator_ == 0) continue;
    const auto floor = static_cast<std::int64_t>(row.right / denominator_);
    const bool smaller =
        !best || floor < best->floor || (floor == best->floor && row.variable < best->column);
    if (smaller) best = Fractional{i, row.variable, floor};
  }
  return best;
}

// x + s = floor, with x written by its row.
void Tableau::RoundDown(const Fractional& variable) {
  Row row = rows_[variable.row];
  for (std::int64_t& entry : row.entries) entry = -entry;
  row.right = Wide{variable.floor} * denominator_ - row.right;
  row.variable = variables_++;
  rows_.push_back(std::move(row));
}

// x - s = floor + 1.
void Tableau::RoundUp(const Fractional& variable) {
  Row row = rows_[variable.row];
  row.right -= Wide{variable.floor + 1} * denominator_;
  row.variable = variables_++;
  rows_.push_back(std::move(row));
}

}  // namespace tangram::plan::mig

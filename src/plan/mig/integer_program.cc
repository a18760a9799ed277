#include "plan/mig/integer_program.h"

#include <CbcHeuristicDiveCoefficient.hpp>
#include <CbcModel.hpp>
#include <CoinPackedMatrix.hpp>
#include <OsiClpSolverInterface.hpp>
#include <algorithm>
#include <cmath>
#include <numeric>
#include <tuple>
#include <utility>

namespace tangram::plan::mig {
namespace {

constexpr double kRounding = 1e-6;  // relative, of bounds and of whole numbers

std::int64_t ValueOf(std::span<const std::int64_t> objective,
                     std::span<const std::int64_t> values) {
  return std::inner_product(objective.begin(), objective.end(), values.begin(), std::int64_t{0});
}

double Limit(std::int64_t limit) {
  if (std::abs(limit) != IntegerProgram::kNoLimit) return static_cast<double>(limit);
  return limit > 0 ? COIN_DBL_MAX : -COIN_DBL_MAX;
}

std::int64_t RoundUp(double bound) {
  return static_cast<std::int64_t>(std::ceil(bound - kRounding * std::max(1.0, std::abs(bound))));
}

std::vector<std::int64_t> Rounded(const double* values, std::size_t count) {
  std::vector<std::int64_t> rounded(count);
  std::transform(values, values + count, rounded.begin(),
                 [](double value) { return std::llround(value); });
  return rounded;
}

bool IsWhole(const double* values, std::size_t count) {
  return std::all_of(values, values + count,
                     [](double value) { return std::abs(value - std::round(value)) < kRounding; });
}

struct Searched {
  std::vector<double> best{};  // empty: nothing better was found
  bool whole = false;          // the tree was searched to its end
  double bound = 0;
};

// For what is better than `value` by one at least: the objective is a whole number.
Searched Search(OsiClpSolverInterface& solver, std::int64_t value, int most_nodes) {
  const int columns = solver.getNumCols();
  for (int c = 0; c < columns; ++c) solver.setInteger(c);
  CbcModel model(solver);
  model.setLogLevel(0);
  model.messageHandler()->setLogLevel(0);
  model.setMaximumNodes(most_nodes);
  model.setDblParam(CbcModel::CbcCutoffIncrement, 1 - 1e-3);
  model.setCutoff(static_cast<double>(value) - (1 - 1e-3));
  // Most programs are tight: the relaxation only has to be rounded well.
  CbcHeuristicDiveCoefficient dive(model);
  model.addHeuristic(&dive);
  model.branchAndBound();
  Searched searched{.whole = model.isProvenOptimal() || model.isProvenInfeasible(),
                    .bound = model.getBestPossibleObjValue()};
  if (model.bestSolution() != nullptr) {
    searched.best.assign(model.bestSolution(), model.bestSolution() + columns);
  }
  return searched;
}

}  // namespace

int IntegerProgram::AddColumn(std::int64_t most) {
  most_.push_back(most);
  return static_cast<int>(most_.size()) - 1;
}

void IntegerProgram::AddRow(std::vector<Entry> entries, std::int64_t least, std::int64_t most) {
  rows_.push_back({std::move(entries), least, most});
}

bool IntegerProgram::Allows(std::span<const std::int64_t> values) const {
  for (std::size_t c = 0; c < most_.size(); ++c) {
    if (values[c] < 0 || values[c] > most_[c]) return false;
  }
  return std::all_of(rows_.begin(), rows_.end(), [&](const Row& row) {
    std::int64_t sum = 0;
    for (const auto& [column, factor] : row.entries) {
      sum += factor * values[static_cast<std::size_t>(column)];
    }
    return row.least <= sum && sum <= row.most;
  });
}

IntegerAnswer IntegerProgram::Minimise(std::span<const std::int64_t> objective,
                                       std::vector<std::int64_t> start, int most_nodes) const {
  std::vector<int> row_of;
  std::vector<int> column_of;
  std::vector<double> factors;
  std::vector<double> least;
  std::vector<double> most;
  for (const Row& row : rows_) {
    for (const auto& [column, factor] : row.entries) {
      row_of.push_back(static_cast<int>(least.size()));
      column_of.push_back(column);
      factors.push_back(static_cast<double>(factor));
    }
    least.push_back(Limit(row.least));
    most.push_back(Limit(row.most));
  }
  CoinPackedMatrix matrix(true, row_of.data(), column_of.data(), factors.data(),
                          static_cast<CoinBigIndex>(factors.size()));
  matrix.setDimensions(static_cast<int>(rows_.size()), static_cast<int>(most_.size()));
  const std::vector<double> lowest(most_.size(), 0.0);
  const std::vector<double> highest(most_.begin(), most_.end());
  const std::vector<double> costs(objective.begin(), objective.end());

  OsiClpSolverInterface solver;
  solver.messageHandler()->setLogLevel(0);
  solver.loadProblem(matrix, lowest.data(), highest.data(), costs.data(), least.data(),
                     most.data());
  IntegerAnswer answer{.values = std::move(start)};
  answer.value = ValueOf(objective, answer.values);
  // False where rounding breaks what was found.
  const auto take = [&](const double* values) {
    auto found = Rounded(values, most_.size());
    if (!Allows(found)) return false;
    const std::int64_t value = ValueOf(objective, found);
    if (value < answer.value) std::tie(answer.values, answer.value) = std::pair(found, value);
    return true;
  };
  solver.resolve();  // initialSolve() of this Clp may print to standard output
  if (!solver.isProvenOptimal()) {
    answer.bound = std::numeric_limits<std::int64_t>::min();  // CBC lost its way: nothing is proven
    return answer;
  }
  answer.bound = std::min(answer.value, RoundUp(solver.getObjValue()));
  if (IsWhole(solver.getColSolution(), most_.size())) take(solver.getColSolution());
  if (answer.proven()) return answer;

  const Searched tree = Search(solver, answer.value, most_nodes);
  const bool sound = tree.best.empty() || take(tree.best.data());
  answer.bound = sound && tree.whole
                     ? answer.value
                     : std::min(answer.value, std::max(answer.bound, RoundUp(tree.bound)));
  return answer;
}

}  // namespace tangram::plan::mig

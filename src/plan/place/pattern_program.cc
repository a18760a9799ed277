#include "plan/place/pattern_program.h"

#include <ClpSimplex.hpp>
#include <algorithm>
#include <limits>
#include <numeric>

namespace tangram::plan {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::max();  // as Clp has it
// Above what a core can earn: the most GPUs for a core that a request takes.
constexpr double kCoreNotThere = 0.5;
constexpr int kMostRounds = 200;
constexpr double kGain = 1e-6;       // GPUs that a pattern must earn above what it costs
constexpr double kRounding = 1e-12;  // of sums of duals
// Of all GPUs: as near to the optimum as the patterns are sought.
constexpr double kGap = 1e-5;

// Whether whatever room `b` finds, `a` fits into.
bool AsksNoMore(const Shape& a, const Shape& b) {
  const bool gpus = a.gpus == 0 || (a.gpus <= b.gpus && a.share <= b.share);
  return gpus && a.cpu <= b.cpu && (b.models & ~a.models) == 0;
}

// How often each share stands on one GPU: (shape, times).
using Pattern = std::vector<std::pair<std::size_t, int>>;

class Program {
 public:
  Program(std::span<const NodeKind> kinds, std::span<const ExpectedShape> shapes, CpuOnly cpu_only)
      : kinds_(kinds), shapes_(shapes), cpu_only_(cpu_only) {
    FindSteps();
    FindOrder();
    AddRows();
    AddAccepted();
    AddCoresNotThere();
    AddWhole();
    AddPatternsOfOneShape();
  }

  std::optional<PatternSolution> Solve() {
    std::optional<PatternSolution> solution;
    for (int round = 0; round < kMostRounds; ++round) {
      model_.primal(round == 0 ? 0 : 1);
      if (!model_.isProvenOptimal()) break;
      const std::vector<Better> better = BetterPatterns();
      solution = Read(better);
      if (better.empty() || Missing(better) <= kGap * AllGpus()) break;
      for (const auto& [kind, pattern, gain] : better) AddPattern(kind, pattern);
    }
    return solution;
  }

 private:
  // Rows: packed by shape, GPUs by kind, cores by kind, then the order of acceptance.
  int Packed(std::size_t shape) const { return static_cast<int>(shape); }
  int Gpus(std::size_t kind) const { return static_cast<int>(shapes_.size() + kind); }
  int Cores(std::size_t kind) const {
    return static_cast<int>(shapes_.size() + kinds_.size() + kind);
  }
  int Order(std::size_t pair) const {
    return static_cast<int>(shapes_.size() + 2 * kinds_.size() + pair);
  }

  struct Better {
    std::size_t kind = 0;
    Pattern pattern{};
    double gain = 0;  // GPUs a GPU of the kind
  };

  bool IsHosted(std::size_t shape) const {
    return std::any_of(kinds_.begin(), kinds_.end(),
                       [&](const NodeKind& kind) { return Hosts(kind, shapes_[shape]); });
  }

  double AllGpus() const {
    return std::accumulate(kinds_.begin(), kinds_.end(), 0.0,
                           [](double sum, const NodeKind& kind) { return sum + kind.all_gpus; });
  }

  // GPUs by which the optimum over all patterns may lie above the present one: the duals are those
  // of the whole program once the price of each kind's GPUs is raised by what its best pattern
  // gains.
  double Missing(const std::vector<Better>& better) const {
    double missing = 0;
    for (const auto& [kind, pattern, gain] : better) missing += gain * kinds_[kind].all_gpus;
    return missing;
  }

  PatternSolution Read(const std::vector<Better>& better) const {
    PatternSolution solution;
    const double* dual = model_.dualRowSolution();
    for (std::size_t s = 0; s < shapes_.size(); ++s) {
      solution.worth.push_back(IsHosted(s) ? std::max(0.0, dual[Packed(s)]) : 0);
    }
    solution.most_gpus = Missing(better) - model_.objectiveValue();
    return solution;
  }

  // A GPU in steps that every share is a whole number of.
  void FindSteps() {
    for (const ExpectedShape& one : shapes_) {
      if (one.shape.is_share()) step_ = std::gcd(step_, one.shape.share.value());
    }
  }

  std::size_t StepsOf(base::MilliGpu share) const {
    return static_cast<std::size_t>(share.value() / step_);
  }

  // The pairs (a, b) where a asks for no more than b, without those that follow from others.
  void FindOrder() {
    const std::size_t count = shapes_.size();
    std::vector<std::vector<std::size_t>> above(count);  // that ask for no less
    for (std::size_t a = 0; a < count; ++a) {
      for (std::size_t b = 0; b < count; ++b) {
        if (a != b && AsksNoMore(shapes_[a].shape, shapes_[b].shape)) above[a].push_back(b);
      }
    }
    for (std::size_t a = 0; a < count; ++a) {
      std::vector<bool> follows(count, false);
      for (const std::size_t between : above[a]) {
        for (const std::size_t b : above[between]) follows[b] = true;
      }
      for (const std::size_t b : above[a]) {
        if (!follows[b]) order_.emplace_back(a, b);
      }
    }
  }

  void AddRows() {
    model_.setLogLevel(0);
    model_.resize(Order(order_.size()), 0);
    for (std::size_t s = 0; s < shapes_.size(); ++s) model_.setRowBounds(Packed(s), 0, 0);
    for (std::size_t k = 0; k < kinds_.size(); ++k) {
      model_.setRowBounds(Gpus(k), -kInfinity, kinds_[k].all_gpus);
      model_.setRowBounds(Cores(k), -kInfinity, kinds_[k].all_cores);
    }
    for (std::size_t p = 0; p < order_.size(); ++p) model_.setRowBounds(Order(p), 0, kInfinity);
  }

  struct Entry {
    int row = 0;
    double value = 0;
  };

  void AddColumn(const std::vector<Entry>& entries, double least, double most, double cost) {
    std::vector<int> rows;
    std::vector<double> values;
    for (const auto& [row, value] : entries) {
      rows.push_back(row);
      values.push_back(value);
    }
    model_.addColumn(static_cast<int>(rows.size()), rows.data(), values.data(), least, most, cost);
  }

  // t(s), the first columns. Clp minimises, so what is gained has a negative cost.
  void AddAccepted() {
    std::vector<std::vector<Entry>> entries(shapes_.size());
    for (std::size_t s = 0; s < shapes_.size(); ++s) {
      entries[s].push_back({Packed(s), -shapes_[s].count});
    }
    for (std::size_t p = 0; p < order_.size(); ++p) {
      entries[order_[p].first].push_back({Order(p), 1});
      entries[order_[p].second].push_back({Order(p), -1});
    }
    for (std::size_t s = 0; s < shapes_.size(); ++s) {
      const double most = IsHosted(s) ? 1 : 0;
      const bool always = shapes_[s].shape.gpus == 0 && cpu_only_ == CpuOnly::kAlways;
      AddColumn(entries[s], always ? most : 0, most, -shapes_[s].gpus() * shapes_[s].count);
    }
  }

  void AddCoresNotThere() {
    if (cpu_only_ != CpuOnly::kAlways) return;
    for (std::size_t k = 0; k < kinds_.size(); ++k) {
      AddColumn({{Cores(k), -1}}, 0, kInfinity, kCoreNotThere);
    }
  }

  void AddWhole() {
    for (std::size_t k = 0; k < kinds_.size(); ++k) {
      for (std::size_t s = 0; s < shapes_.size(); ++s) {
        const ExpectedShape& asked = shapes_[s];
        if (asked.shape.is_share() || !Hosts(kinds_[k], shapes_[s])) continue;
        AddColumn({{Packed(s), 1},
                   {Gpus(k), static_cast<double>(asked.shape.gpus)},
                   {Cores(k), asked.cores()}},
                  0, kInfinity, 0);
      }
    }
  }

  void AddPattern(std::size_t kind, const Pattern& pattern) {
    std::vector<Entry> entries{{Gpus(kind), 1}};
    double cores = 0;
    for (const auto& [shape, times] : pattern) {
      entries.push_back({Packed(shape), static_cast<double>(times)});
      cores += times * shapes_[shape].cores();
    }
    entries.push_back({Cores(kind), cores});
    AddColumn(entries, 0, kInfinity, 0);
  }

  void AddPatternsOfOneShape() {
    for (std::size_t k = 0; k < kinds_.size(); ++k) {
      for (std::size_t s = 0; s < shapes_.size(); ++s) {
        const Shape& asked = shapes_[s].shape;
        if (!asked.is_share() || !Hosts(kinds_[k], shapes_[s])) continue;
        AddPattern(k, {{s, static_cast<int>(kWholeGpu.value() / asked.share.value())}});
      }
    }
  }

  struct Item {
    std::size_t shape = 0;
    std::size_t steps = 0;
    double earns = 0;
  };

  // The shares that earn something on a GPU of the kind at the present prices.
  std::vector<Item> EarningShares(std::size_t kind) const {
    const double* dual = model_.dualRowSolution();
    std::vector<Item> items;
    for (std::size_t s = 0; s < shapes_.size(); ++s) {
      const Shape& asked = shapes_[s].shape;
      if (!asked.is_share() || !Hosts(kinds_[kind], shapes_[s])) continue;
      // Duals of <= rows of a minimum are not positive: what a core costs, negated.
      const double earns = dual[Packed(s)] + dual[Cores(kind)] * shapes_[s].cores();
      if (earns > kRounding) items.push_back({s, StepsOf(asked.share), earns});
    }
    return items;
  }

  // The pattern for a GPU of the kind that earns most at the present prices, if that is more than
  // the GPU costs.
  std::optional<Better> BetterPattern(std::size_t kind) const {
    const std::vector<Item> items = EarningShares(kind);
    const std::size_t whole = StepsOf(kWholeGpu);
    std::vector<double> best(whole + 1, 0.0);
    std::vector<const Item*> last(whole + 1, nullptr);  // none: a step is left empty
    for (std::size_t room = 1; room <= whole; ++room) {
      best[room] = best[room - 1];
      for (const Item& item : items) {
        if (item.steps > room) continue;
        const double earns = best[room - item.steps] + item.earns;
        if (earns <= best[room] + kRounding) continue;
        best[room] = earns;
        last[room] = &item;
      }
    }
    const double gain = best[whole] + model_.dualRowSolution()[Gpus(kind)];
    if (gain <= kGain) return std::nullopt;
    return Better{kind, Trace(last), gain};
  }

  static Pattern Trace(const std::vector<const Item*>& last) {
    Pattern pattern;
    for (std::size_t room = last.size() - 1; room > 0;) {
      if (last[room] == nullptr) {
        --room;
        continue;
      }
      pattern.emplace_back(last[room]->shape, 1);
      room -= last[room]->steps;
    }
    return Merged(std::move(pattern));
  }

  // A row stands once in a column.
  static Pattern Merged(Pattern pattern) {
    std::sort(pattern.begin(), pattern.end());
    Pattern merged;
    for (const auto& [shape, times] : pattern) {
      if (merged.empty() || merged.back().first != shape) merged.emplace_back(shape, 0);
      merged.back().second += times;
    }
    return merged;
  }

  std::vector<Better> BetterPatterns() const {
    std::vector<Better> better;
    for (std::size_t k = 0; k < kinds_.size(); ++k) {
      if (auto found = BetterPattern(k)) better.push_back(*std::move(found));
    }
    return better;
  }

  std::span<const NodeKind> kinds_;
  std::span<const ExpectedShape> shapes_;
  CpuOnly cpu_only_;
  std::vector<std::pair<std::size_t, std::size_t>> order_;
  std::int64_t step_ = kWholeGpu.value();  // thousandths
  ClpSimplex model_;
};

}  // namespace

bool Hosts(const NodeKind& kind, const ExpectedShape& shape) {
  const Shape& asked = shape.shape;
  if (shape.cores() > kind.cores) return false;
  return asked.gpus == 0 || (((asked.models >> kind.model) & 1U) != 0 && asked.gpus <= kind.gpus);
}

std::optional<PatternSolution> SolvePatterns(std::span<const NodeKind> kinds,
                                             std::span<const ExpectedShape> shapes,
                                             CpuOnly cpu_only) {
  if (kinds.empty() || shapes.empty()) return PatternSolution{std::vector(shapes.size(), 0.0), 0};
  return Program(kinds, shapes, cpu_only).Solve();
}

}  // namespace tangram::plan

#include "plan/mig/cover.h"

#include <algorithm>
#include <numeric>
#include <utility>

#include "plan/mig/tableau.h"

namespace tangram::plan::mig {
namespace {

using Columns = std::span<const std::vector<int>>;
using Times = std::vector<std::int64_t>;

// A column's worth against what is still to cover: an instance counts as the share of a card that
// it takes where it stands with its like.
class Greedy {
 public:
  explicit Greedy(Columns columns, std::size_t rows) : columns_(columns), weights_(rows, 0) {
    constexpr std::int64_t kDivisible = 27'720;  // by every number of instances up to 12
    for (std::size_t i = 0; i < rows; ++i) {
      int most = 1;
      for (const std::vector<int>& column : columns) most = std::max(most, column[i]);
      weights_[i] = kDivisible / most;
    }
  }

  // Adds to `times` until all of `rest` is covered.
  Times Finish(Times times, Times rest) const {
    while (std::any_of(rest.begin(), rest.end(), [](std::int64_t r) { return r > 0; })) {
      const std::size_t best = Best(rest);
      const std::int64_t count = Repeats(columns_[best], rest);
      times[best] += count;
      for (std::size_t i = 0; i < rest.size(); ++i) rest[i] -= count * columns_[best][i];
    }
    return times;
  }

 private:
  std::int64_t Worth(const std::vector<int>& column, const Times& rest) const {
    std::int64_t worth = 0;
    for (std::size_t i = 0; i < rest.size(); ++i) {
      if (rest[i] > 0) worth += weights_[i] * std::min<std::int64_t>(column[i], rest[i]);
    }
    return worth;
  }

  std::size_t Best(const Times& rest) const {
    std::size_t best = 0;
    std::int64_t most = 0;
    for (std::size_t j = 0; j < columns_.size(); ++j) {
      const std::int64_t worth = Worth(columns_[j], rest);
      if (worth <= most) continue;
      best = j;
      most = worth;
    }
    return best;
  }

  // As long as it is of full use; at least once.
  static std::int64_t Repeats(const std::vector<int>& column, const Times& rest) {
    std::int64_t repeats = 0;
    for (std::size_t i = 0; i < rest.size(); ++i) {
      if (column[i] == 0 || rest[i] <= 0) continue;
      const std::int64_t full = rest[i] / column[i];
      repeats = repeats == 0 ? full : std::min(repeats, full);
    }
    return std::max<std::int64_t>(repeats, 1);
  }

  Columns columns_;
  std::vector<std::int64_t> weights_;
};

class Search {
 public:
  Search(Columns columns, std::span<const std::int64_t> demand, std::int64_t most_nodes)
      : columns_(columns),
        demand_(demand),
        most_nodes_(most_nodes),
        greedy_(columns, demand.size()) {
    Offer(greedy_.Finish(Times(columns.size(), 0), Times(demand.begin(), demand.end())));
  }

  Cover Run() && {
    Tableau root(columns_, demand_);
    root.Solve();  // every row has a column, so there is an optimum
    best_.weights = root.Weights();
    best_.denominator = root.denominator();
    best_.lower_bound = root.Bound();
    Open(std::move(root));
    while (!open_.empty() && best_.total > best_.lower_bound && best_.nodes < most_nodes_) {
      Node node = std::move(open_.back());
      open_.pop_back();
      if (node.bound < best_.total) Branch(std::move(node));
    }
    best_.lower_bound = Proven();
    return std::move(best_);
  }

 private:
  struct Node {
    Tableau tableau;  // optimal
    std::int64_t bound;
  };

  // Keeps a part of the search where it can still hold something better.
  void Open(Tableau tableau) {
    ++best_.nodes;
    if (tableau.Solve() == Tableau::Outcome::kInfeasible) return;
    const std::int64_t bound = tableau.Bound();
    if (bound >= best_.total) return;
    RoundToCover(tableau);
    if (bound < best_.total) open_.push_back({std::move(tableau), bound});
  }

  // What is rounded down leaves little to cover; where nothing had to be, it is optimal here.
  void RoundToCover(const Tableau& tableau) {
    Times times = tableau.Floor();
    Times rest(demand_.begin(), demand_.end());
    for (std::size_t j = 0; j < columns_.size(); ++j) {
      if (times[j] == 0) continue;
      for (std::size_t i = 0; i < rest.size(); ++i) rest[i] -= times[j] * columns_[j][i];
    }
    Offer(greedy_.Finish(std::move(times), std::move(rest)));
  }

  void Branch(Node node) {
    const auto variable = node.tableau.SmallestFractional();
    if (!variable) return;  // whole, so it was offered
    Tableau up = node.tableau;
    up.RoundUp(*variable);
    node.tableau.RoundDown(*variable);
    Open(std::move(node.tableau));
    Open(std::move(up));  // looked at first: more is decided
  }

  void Offer(Times times) {
    const std::int64_t total = std::accumulate(times.begin(), times.end(), std::int64_t{0});
    if (!best_.times.empty() && total >= best_.total) return;
    best_.times = std::move(times);
    best_.total = total;
  }

  // The least that a part not yet searched could hold.
  std::int64_t Proven() const {
    std::int64_t least = best_.total;
    for (const Node& node : open_) least = std::min(least, node.bound);
    return std::max(least, best_.lower_bound);
  }

  Columns columns_;
  std::span<const std::int64_t> demand_;
  std::int64_t most_nodes_;
  Greedy greedy_;
  Cover best_;
  std::vector<Node> open_;
};

}  // namespace

Cover LeastCover(Columns columns, std::span<const std::int64_t> demand, std::int64_t most_nodes) {
  const bool any = std::any_of(demand.begin(), demand.end(), [](std::int64_t d) { return d > 0; });
  if (!any) {
    Cover nothing;
    nothing.times.assign(columns.size(), 0);
    nothing.weights.assign(demand.size(), 0);
    return nothing;
  }
  return Search(columns, demand, most_nodes).Run();
}

}  // namespace tangram::plan::mig

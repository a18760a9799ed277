// Programs in whole numbers, solved by CBC.
//
// CBC works in floating point: an answer is rounded and checked against every row in whole numbers
// before it is given out, and its bound is rounded with a margin of 10^-6. Coefficients and values
// up to about 10^9 are safe. Deterministic on one machine: work is limited by nodes of the search,
// not by time. One thread; programs are independent of each other.
#pragma once

#include <cstdint>
#include <limits>
#include <span>
#include <vector>

namespace tangram::plan::mig {

struct Entry {
  int column = 0;
  std::int64_t factor = 0;
};

struct IntegerAnswer {
  std::vector<std::int64_t> values;  // by column
  std::int64_t value = 0;            // of the objective
  std::int64_t bound = 0;            // no answer has less
  bool proven() const { return value == bound; }
};

class IntegerProgram {
 public:
  static constexpr std::int64_t kNoLimit = std::numeric_limits<std::int64_t>::max();

  // A variable from 0 to `most`; its number, from 0.
  int AddColumn(std::int64_t most);
  // least <= sum of factor x column <= most; `least` may be -kNoLimit,
  // `most` kNoLimit. A column stands in a row
  // once.
  void AddRow(std::vector<Entry> entries, std::int64_t least, std::int64_t most);

  // The least sum of objective[c] x column c. `start` is an answer that is known already: what
  // comes back is never worse. At most `most_nodes` nodes of the search tree.
  IntegerAnswer Minimise(std::span<const std::int64_t> objective, std::vector<std::int64_t> start,
                         int most_nodes) const;

  // Whether `values` keep every bound and row.
  bool Allows(std::span<const std::int64_t> values) const;

  std::size_t columns() const { return most_.size(); }

 private:
  struct Row {
    std::vector<Entry> entries;
    std::int64_t least = 0;
    std::int64_t most = 0;
  };
  std::vector<std::int64_t> most_;  // by column
  std::vector<Row> rows_;
};

}  // namespace tangram::plan::mig

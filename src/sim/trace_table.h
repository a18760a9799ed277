// A published table whose every line must be right: the first wrong cell stops the import.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/csv.h"
#include "base/result.h"

namespace tangram::sim {

class TraceTable;

// One line. Borrows the table, which must outlive it.
class TraceRow {
 public:
  TraceRow(const TraceTable& table, base::CsvRow cells);

  int line() const { return cells_.line; }
  // The cell; empty where the file has no such column.
  std::string_view Text(std::string_view column) const;
  // A whole number from 0 to `most`.
  base::Result<std::int64_t> Number(std::string_view column, std::int64_t most) const;
  // An error that names file, line, column, what was found and `remedy`.
  tl::unexpected<base::Error> Refuse(std::string_view column, std::string_view remedy) const;

 private:
  const TraceTable* table_;
  base::CsvRow cells_;
};

class TraceTable {
 public:
  struct Columns {
    std::vector<std::string_view> needed;
    std::vector<std::vector<std::string_view>> optional;  // of each group all or none
  };

  // `file` names the file in errors. Borrows `csv`. Fails on an empty file, a missing column and
  // one that stands there twice; other columns are ignored.
  static base::Result<TraceTable> Open(std::string file, std::string_view csv,
                                       const Columns& columns);

  // The next line; nothing at the end.
  base::Result<std::optional<TraceRow>> Next();
  // Whether the file has the optional columns.
  bool HasColumn(std::string_view column) const { return PositionOf(column).has_value(); }

 private:
  friend class TraceRow;
  TraceTable(std::string file, base::CsvReader reader) : file_(std::move(file)), reader_(reader) {}
  std::optional<std::size_t> PositionOf(std::string_view column) const;
  base::Result<bool> FindColumns(const base::CsvRow& header, const Columns& columns);

  std::string file_;
  base::CsvReader reader_;
  std::vector<std::pair<std::string, std::size_t>> positions_;
  std::size_t width_ = 0;
};

}  // namespace tangram::sim

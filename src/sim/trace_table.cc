#include "sim/trace_table.h"

#include <algorithm>

#include "base/text.h"

namespace tangram::sim {
namespace {

std::string Where(const std::string& file, int line) {
  return file + ": line " + std::to_string(line) + ": ";
}

tl::unexpected<base::Error> Invalid(std::string message) {
  return base::Fail(base::ErrorCode::kInvalid, std::move(message));
}

}  // namespace

TraceRow::TraceRow(const TraceTable& table, base::CsvRow cells)
    : table_(&table), cells_(std::move(cells)) {}

std::string_view TraceRow::Text(std::string_view column) const {
  const auto position = table_->PositionOf(column);
  return position ? std::string_view(cells_.cells[*position]) : std::string_view();
}

base::Result<std::int64_t> TraceRow::Number(std::string_view column, std::int64_t most) const {
  const auto number = base::ParseInteger(Text(column));
  if (number && *number >= 0 && *number <= most) return *number;
  return Refuse(column, "write a whole number from 0 to " + std::to_string(most));
}

tl::unexpected<base::Error> TraceRow::Refuse(std::string_view column,
                                             std::string_view remedy) const {
  return Invalid(Where(table_->file_, line()) + "column " + std::string(column) + ": found \"" +
                 base::Shorten(Text(column), 40) + "\"; " + std::string(remedy));
}

base::Result<TraceTable> TraceTable::Open(std::string file, std::string_view csv,
                                          const Columns& columns) {
  TraceTable table(std::move(file), base::CsvReader(csv));
  const auto header = table.reader_.Next();
  if (!header) return Invalid(table.file_ + ": it is empty; the first line names the columns");
  if (!header->problem.empty()) {
    return Invalid(Where(table.file_, header->line) + header->problem +
                   "; the first line names the columns");
  }
  if (auto found = table.FindColumns(*header, columns); !found) {
    return tl::unexpected(found.error());
  }
  return table;
}

base::Result<bool> TraceTable::FindColumns(const base::CsvRow& header, const Columns& columns) {
  width_ = header.cells.size();
  const auto has = [&](std::string_view column) {
    return std::find(header.cells.begin(), header.cells.end(), column) != header.cells.end();
  };
  std::vector<std::string_view> wanted = columns.needed;
  for (const auto& group : columns.optional) {
    if (std::any_of(group.begin(), group.end(), has)) {
      wanted.insert(wanted.end(), group.begin(), group.end());
    }
  }
  for (const std::string_view column : wanted) {
    const auto first = std::find(header.cells.begin(), header.cells.end(), column);
    if (first == header.cells.end()) {
      return Invalid(Where(file_, header.line) + "no column " + std::string(column) +
                     "; use the file as published");
    }
    if (std::count(first, header.cells.end(), column) > 1) {
      return Invalid(Where(file_, header.line) + "column " + std::string(column) +
                     " stands there twice; keep one");
    }
    positions_.emplace_back(column, static_cast<std::size_t>(first - header.cells.begin()));
  }
  return true;
}

base::Result<std::optional<TraceRow>> TraceTable::Next() {
  auto cells = reader_.Next();
  if (!cells) return std::nullopt;
  if (!cells->problem.empty()) {
    return Invalid(Where(file_, cells->line) + cells->problem + "; use the file as published");
  }
  if (cells->cells.size() != width_) {
    return Invalid(Where(file_, cells->line) + "found " + std::to_string(cells->cells.size()) +
                   " cells; the first line has " + std::to_string(width_));
  }
  return TraceRow(*this, std::move(*cells));
}

std::optional<std::size_t> TraceTable::PositionOf(std::string_view column) const {
  for (const auto& [name, position] : positions_) {
    if (name == column) return position;
  }
  return std::nullopt;
}

}  // namespace tangram::sim

// Reading price tables.
#include <algorithm>
#include <array>
#include <cctype>
#include <charconv>
#include <chrono>
#include <map>
#include <tuple>

#include "base/csv.h"
#include "base/text.h"
#include "cluster/price.h"

namespace tangram::cluster {
namespace {

constexpr std::string_view kBundled =
#include "prices.inc"
    ;

enum Column : std::size_t {
  kCloud,
  kRegion,
  kInstanceType,
  kGpuModel,
  kGpuCount,
  kOnDemand,
  kSpot,
  kAsOf,
  kSource,
};
constexpr std::array<std::string_view, 9> kColumns = {
    "cloud",          "region", "instance_type", "gpu_model", "gpu_count", "on_demand_usd_per_h",
    "spot_usd_per_h", "as_of",  "source"};

constexpr std::int64_t kMostGpus = 1024;
constexpr base::MicroUsdPerHour kMostPerHour{100'000 * std::int64_t{1'000'000}};

// A row, or why it is none.
template <class T>
using Read = tl::expected<T, std::string>;

struct Line {
  int number = 0;
  PriceRow row;
};

std::string Quoted(std::string_view text) { return "\"" + base::Shorten(text, 40) + "\""; }

tl::unexpected<std::string> Bad(Column column, std::string_view found, std::string_view remedy) {
  return tl::unexpected(std::string(kColumns[column]) + ": found " + Quoted(found) + "; " +
                        std::string(remedy));
}

// Where each of kColumns stands in the file.
using Positions = std::array<std::size_t, kColumns.size()>;

base::Result<Positions> FindColumns(const base::CsvRow& header) {
  Positions positions{};
  std::string missing;
  for (std::size_t column = 0; column < kColumns.size(); ++column) {
    const auto& cells = header.cells;
    const auto found = std::find(cells.begin(), cells.end(), kColumns[column]);
    positions[column] = static_cast<std::size_t>(found - cells.begin());
    if (found == cells.end()) {
      missing += (missing.empty() ? "" : ", ") + std::string(kColumns[column]);
    } else if (std::count(found, cells.end(), kColumns[column]) > 1) {
      return base::Fail(base::ErrorCode::kInvalid,
                        "price table: line " + std::to_string(header.line) + ": column " +
                            std::string(kColumns[column]) + " stands there twice; keep one");
    }
  }
  if (missing.empty()) return positions;
  return base::Fail(base::ErrorCode::kInvalid,
                    "price table: line " + std::to_string(header.line) + ": no column " + missing +
                        "; the first line names the columns, and these are all needed (cells may "
                        "be blank)");
}

Read<std::optional<base::MicroUsdPerHour>> ReadFigure(const std::string& text, Column column) {
  if (text.empty()) return std::nullopt;
  const auto millionths = base::ParseMillionths(text);
  if (!millionths || *millionths == 0 || base::MicroUsdPerHour(*millionths) > kMostPerHour) {
    return Bad(column, text,
               "write dollars an hour above 0 and up to 100000 with at most 6 digits of fraction, "
               "or leave it blank where it is unknown");
  }
  return base::MicroUsdPerHour(*millionths);
}

bool IsDate(std::string_view text) {
  if (text.size() != 10 || text[4] != '-' || text[7] != '-') return false;
  const auto number = [text](std::size_t from, std::size_t count) {
    int value = -1;
    const char* end = text.data() + from + count;
    const auto [stopped, status] = std::from_chars(text.data() + from, end, value);
    return status == std::errc() && stopped == end ? value : -1;
  };
  const int month = number(5, 2);
  const int day = number(8, 2);
  if (number(0, 4) < 0 || month < 0 || day < 0) return false;
  return std::chrono::year_month_day(std::chrono::year(number(0, 4)),
                                     std::chrono::month(static_cast<unsigned>(month)),
                                     std::chrono::day(static_cast<unsigned>(day)))
      .ok();
}

// The cells in the order of kColumns.
using Cells = std::array<std::string, kColumns.size()>;

Read<PriceRow> ReadRow(const Cells& cells) {
  PriceRow row;
  row.cloud = cells[kCloud];
  row.region = cells[kRegion];
  row.instance_type = cells[kInstanceType];
  row.gpu_model = cells[kGpuModel];
  row.as_of = cells[kAsOf];
  row.source = cells[kSource];
  if (row.instance_type.empty() && row.gpu_model.empty()) {
    return tl::unexpected(
        std::string("instance_type and gpu_model are both blank; name one of them"));
  }
  if (row.region.starts_with('/') || row.region.ends_with('/') ||
      std::count(row.region.begin(), row.region.end(), '/') > 1) {
    return Bad(kRegion, row.region, "write region or region/zone");
  }
  if (row.instance_type.empty() && row.region.find('/') != std::string::npos) {
    return Bad(kRegion, row.region, "leave the zone out: a row by GPU model holds for a region");
  }
  const auto count = base::ParseInteger(cells[kGpuCount]);
  if (!count || *count < 1 || *count > kMostGpus) {
    return Bad(kGpuCount, cells[kGpuCount], "write how many GPUs the figures pay for, 1 to 1024");
  }
  row.gpu_count = static_cast<int>(*count);
  const auto on_demand = ReadFigure(cells[kOnDemand], kOnDemand);
  if (!on_demand) return tl::unexpected(on_demand.error());
  const auto spot = ReadFigure(cells[kSpot], kSpot);
  if (!spot) return tl::unexpected(spot.error());
  row.on_demand = *on_demand;
  row.spot = *spot;
  if (!row.on_demand && !row.spot) {
    return tl::unexpected(
        std::string("on_demand_usd_per_h and spot_usd_per_h are both blank; give one of them"));
  }
  if (!row.as_of.empty() && !IsDate(row.as_of)) {
    return Bad(kAsOf, row.as_of, "write a date as 2026-07-20, or leave it blank");
  }
  return row;
}

Read<PriceRow> ReadLine(const base::CsvRow& line, const Positions& positions, std::size_t width) {
  if (!line.problem.empty()) return tl::unexpected(line.problem);
  if (line.cells.size() != width) {
    return tl::unexpected(std::to_string(line.cells.size()) + " cells where the first line has " +
                          std::to_string(width));
  }
  Cells cells;
  for (std::size_t i = 0; i < cells.size(); ++i) cells[i] = line.cells[positions[i]];
  return ReadRow(cells);
}

// What a row gives the price of.
auto Subject(const PriceRow& row) {
  return std::make_tuple(base::Lower(row.cloud), base::Lower(row.region),
                         base::Lower(row.instance_type),
                         row.instance_type.empty() ? base::Lower(row.gpu_model) : std::string());
}

bool SameFigures(const PriceRow& a, const PriceRow& b) {
  return std::tie(a.on_demand, a.spot, a.gpu_count) == std::tie(b.on_demand, b.spot, b.gpu_count);
}

// Newest first. What is left of the order after the date only picks among equal figures.
bool Newer(const Line* a, const Line* b) {
  const auto rest = [](const Line* line) {
    const PriceRow& row = line->row;
    return std::tie(row.source, row.gpu_model, row.instance_type, row.region, row.cloud,
                    line->number);
  };
  if (a->row.as_of != b->row.as_of) return a->row.as_of > b->row.as_of;
  return rest(a) < rest(b);
}

// Of several rows for one thing: the newest, if the newest agree; all others as bad.
struct Choice {
  const Line* good = nullptr;
  std::vector<BadPriceRow> bad;
};

Choice ChooseOne(std::vector<const Line*> lines) {
  std::sort(lines.begin(), lines.end(), Newer);
  const Line& first = *lines.front();
  const auto other = std::find_if(lines.begin(), lines.end(), [&first](const Line* line) {
    return line->row.as_of == first.row.as_of && !SameFigures(line->row, first.row);
  });
  Choice choice;
  std::string why = "line " + std::to_string(first.number) +
                    " gives the price of the same thing and is as new or newer";
  if (other == lines.end()) {
    choice.good = &first;
  } else {
    const auto [low, high] = std::minmax(first.number, (*other)->number);
    why = "lines " + std::to_string(low) + " and " + std::to_string(high) +
          " give different prices of the same thing; keep one";
  }
  for (const Line* line : lines) {
    if (line != choice.good) choice.bad.push_back({line->number, why});
  }
  return choice;
}

PriceTable KeepOneOfEach(const std::vector<Line>& lines, std::vector<BadPriceRow> bad) {
  std::map<decltype(Subject(PriceRow{})), std::vector<const Line*>> subjects;
  for (const Line& line : lines) subjects[Subject(line.row)].push_back(&line);
  std::vector<const Line*> good;
  for (auto& [subject, same] : subjects) {
    Choice choice = ChooseOne(std::move(same));
    if (choice.good != nullptr) good.push_back(choice.good);
    bad.insert(bad.end(), choice.bad.begin(), choice.bad.end());
  }
  std::sort(good.begin(), good.end(),
            [](const Line* a, const Line* b) { return a->number < b->number; });
  std::sort(bad.begin(), bad.end(),
            [](const BadPriceRow& a, const BadPriceRow& b) { return a.line < b.line; });
  PriceTable table;
  for (const Line* line : good) table.rows.push_back(line->row);
  table.bad = std::move(bad);
  return table;
}

}  // namespace

base::Result<PriceTable> ParsePrices(std::string_view csv) {
  base::CsvReader reader(csv);
  const auto header = reader.Next();
  if (!header) {
    return base::Fail(base::ErrorCode::kInvalid,
                      "price table: it is empty; the first line names the columns");
  }
  if (!header->problem.empty()) {
    return base::Fail(base::ErrorCode::kInvalid,
                      "price table: line " + std::to_string(header->line) + ": " + header->problem);
  }
  const auto positions = FindColumns(*header);
  if (!positions) return tl::unexpected(positions.error());
  std::vector<BadPriceRow> bad;
  std::vector<Line> lines;
  while (const auto line = reader.Next()) {
    auto row = ReadLine(*line, *positions, header->cells.size());
    if (row) {
      lines.push_back({line->line, std::move(*row)});
    } else {
      bad.push_back({line->line, std::move(row.error())});
    }
  }
  PriceTable table = KeepOneOfEach(lines, std::move(bad));
  if (!table.rows.empty()) return table;
  if (table.bad.empty()) {
    return base::Fail(base::ErrorCode::kInvalid,
                      "price table: no row behind the first line; add one or leave the file out");
  }
  return base::Fail(base::ErrorCode::kInvalid,
                    "price table: none of " + std::to_string(table.bad.size()) +
                        " rows can be used; line " + std::to_string(table.bad.front().line) + ": " +
                        table.bad.front().why);
}

const PriceTable& BundledPrices() {
  // Constant data: the text is fixed at build time, and a test holds that every row is good.
  static const PriceTable table = ParsePrices(kBundled).value_or(PriceTable{});
  return table;
}

}  // namespace tangram::cluster

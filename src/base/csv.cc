#include "base/csv.h"

#include <algorithm>
#include <cstdint>

#include "base/text.h"

namespace tangram::base {
namespace {

constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";

// The bytes that a UTF-8 sequence with this first byte has; 0: no sequence starts so.
std::size_t SequenceLength(unsigned char first) {
  if (first < 0x80) return 1;
  if (first >= 0xC2 && first <= 0xDF) return 2;
  if (first >= 0xE0 && first <= 0xEF) return 3;
  return first >= 0xF0 && first <= 0xF4 ? 4 : 0;
}

bool IsSequence(std::string_view bytes) {
  const auto at = [bytes](std::size_t i) { return static_cast<unsigned char>(bytes[i]); };
  for (std::size_t i = 1; i < bytes.size(); ++i) {
    if ((at(i) & 0xC0U) != 0x80U) return false;
  }
  if (bytes.size() < 3) return true;
  const unsigned char first = at(0);
  const unsigned char second = at(1);
  if (first == 0xE0) return second >= 0xA0;  // else overlong
  if (first == 0xED) return second <= 0x9F;  // else a surrogate
  if (first == 0xF0) return second >= 0x90;  // else overlong
  return first != 0xF4 || second <= 0x8F;    // else past U+10FFFF
}

bool IsControl(char c) { return (c >= 0 && c < 0x20 && c != '\t') || c == 0x7F; }

std::string WhyUnreadable(std::string_view line) {
  if (line.size() > CsvReader::kMaxLine) {
    return "the line has " + std::to_string(line.size()) + " bytes; at most " +
           std::to_string(CsvReader::kMaxLine) + " are read";
  }
  if (std::any_of(line.begin(), line.end(), IsControl)) return "a control character is in the line";
  return IsUtf8(line) ? "" : "the line is not UTF-8";
}

// Takes one cell off the front of `line`, with the comma behind it.
struct Cell {
  std::string text;
  std::string_view rest;
  bool last = false;
  std::string problem;
};

Cell TakeBare(std::string_view line) {
  const auto comma = line.find(',');
  const std::string_view text = Trim(line.substr(0, comma));
  Cell cell;
  cell.text = std::string(text);
  cell.last = comma == std::string_view::npos;
  if (!cell.last) cell.rest = line.substr(comma + 1);
  if (text.find('"') != std::string_view::npos) cell.problem = "a quote is inside a cell";
  return cell;
}

// `line` starts behind the opening quote.
Cell TakeQuoted(std::string_view line) {
  Cell cell;
  std::size_t at = 0;
  for (;; ++at) {
    if (at == line.size()) {
      cell.problem = "a quote is not closed on its line";
      return cell;
    }
    if (line[at] == '"') {
      if (at + 1 == line.size() || line[at + 1] != '"') break;
      ++at;  // a doubled quote stands for one
    }
    cell.text += line[at];
  }
  const std::string_view behind = line.substr(at + 1);
  const auto comma = behind.find(',');
  if (!Trim(behind.substr(0, comma)).empty()) cell.problem = "text stands behind a closing quote";
  cell.last = comma == std::string_view::npos;
  if (!cell.last) cell.rest = behind.substr(comma + 1);
  return cell;
}

Cell TakeCell(std::string_view line) {
  const auto first = line.find_first_not_of(" \t");
  const bool quoted = first != std::string_view::npos && line[first] == '"';
  return quoted ? TakeQuoted(line.substr(first + 1)) : TakeBare(line);
}

}  // namespace

bool IsUtf8(std::string_view text) {
  while (!text.empty()) {
    const std::size_t length = SequenceLength(static_cast<unsigned char>(text.front()));
    if (length == 0 || length > text.size() || !IsSequence(text.substr(0, length))) return false;
    text.remove_prefix(length);
  }
  return true;
}

CsvReader::CsvReader(std::string_view text) : rest_(text) {
  if (rest_.starts_with(kByteOrderMark)) rest_.remove_prefix(kByteOrderMark.size());
}

std::optional<CsvRow> CsvReader::Next() {
  while (!rest_.empty()) {
    const auto end = rest_.find('\n');
    std::string_view line = rest_.substr(0, end);
    rest_ = end == std::string_view::npos ? std::string_view() : rest_.substr(end + 1);
    ++line_;
    if (line.ends_with('\r')) line.remove_suffix(1);
    if (Trim(line).empty()) continue;
    CsvRow row{.line = line_, .cells = {}, .problem = WhyUnreadable(line)};
    bool more = row.problem.empty();
    while (more) {
      Cell cell = TakeCell(line);
      row.problem = std::move(cell.problem);
      row.cells.push_back(std::move(cell.text));
      line = cell.rest;
      more = !cell.last && row.problem.empty();
    }
    return row;
  }
  return std::nullopt;
}

}  // namespace tangram::base

#include "report/table.h"

#include <algorithm>

#include "base/text.h"

namespace tangram::report {
namespace {

std::string_view CodeOf(Color color) {
  switch (color) {
    case Color::kNone:
      return "";
    case Color::kBold:
      return "\x1b[1m";
    case Color::kDim:
      return "\x1b[2m";
    case Color::kRed:
      return "\x1b[31m";
    case Color::kYellow:
      return "\x1b[33m";
    case Color::kGreen:
      return "\x1b[32m";
    case Color::kCyan:
      return "\x1b[36m";
  }
  return "";
}

// Bytes that the UTF-8 sequence at the front of `text` takes; 0 where it is not valid.
std::size_t SequenceLength(std::string_view text) {
  const auto lead = static_cast<unsigned char>(text.front());
  if (lead < 0x80) return 1;
  const std::size_t length = lead >= 0xF0 && lead < 0xF5   ? 4
                             : lead >= 0xE0 && lead < 0xF0 ? 3
                             : lead >= 0xC2 && lead < 0xE0 ? 2
                                                           : 0;
  if (length == 0 || text.size() < length) return 0;
  for (std::size_t i = 1; i < length; ++i) {
    if ((static_cast<unsigned char>(text[i]) & 0xC0U) != 0x80U) return 0;
  }
  return length;
}

// C0, DEL, and the two-byte C1 set; the bidirectional overrides U+202A..U+202E, U+2066..U+2069.
bool IsControl(std::string_view sequence) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(sequence[i]); };
  if (sequence.size() == 1) return byte(0) < 0x20 || byte(0) == 0x7F;
  if (sequence.size() == 2) return byte(0) == 0xC2 && byte(1) < 0xA0;
  if (sequence.size() != 3 || byte(0) != 0xE2) return false;
  const bool overrides = byte(1) == 0x80 && byte(2) >= 0xAA && byte(2) <= 0xAE;
  const bool isolates = byte(1) == 0x81 && byte(2) >= 0xA6 && byte(2) <= 0xA9;
  return overrides || isolates;
}

std::string Aligned(const std::string& text, std::size_t width, Column::Align align) {
  const std::size_t taken = std::min(base::Columns(text), width);
  const std::string blanks(width - taken, ' ');
  return align == Column::Align::kRight ? blanks + text : text + blanks;
}

std::string TrimRight(std::string line) {
  line.erase(line.find_last_not_of(' ') + 1);
  return line + "\n";
}

}  // namespace

std::string Printable(std::string_view text) {
  std::string clean;
  while (!text.empty()) {
    const std::size_t length = SequenceLength(text);
    const std::string_view sequence = text.substr(0, std::max<std::size_t>(1, length));
    if (length == 0 || IsControl(sequence)) {
      clean += '?';
    } else {
      clean += sequence;
    }
    text.remove_prefix(sequence.size());
  }
  return clean;
}

std::string Paint(const std::string& text, Color color, ColorMode mode) {
  if (mode == ColorMode::kPlain || color == Color::kNone || text.empty()) return text;
  return std::string(CodeOf(color)) + text + "\x1b[0m";
}

std::string RenderTable(const std::vector<Column>& columns,
                        const std::vector<std::vector<Cell>>& rows, ColorMode mode) {
  std::vector<std::size_t> widths;
  for (std::size_t c = 0; c < columns.size(); ++c) {
    std::size_t width = base::Columns(columns[c].title);
    for (const auto& row : rows) {
      if (c < row.size()) width = std::max(width, base::Columns(Printable(row[c].text)));
    }
    widths.push_back(columns[c].most == 0 ? width : std::min(width, columns[c].most));
  }
  std::string out;
  std::string head;
  for (std::size_t c = 0; c < columns.size(); ++c) {
    head += "  " + Aligned(base::Shorten(columns[c].title, widths[c]), widths[c], columns[c].align);
  }
  head.erase(head.find_last_not_of(' ') + 1);
  out += Paint(head, Color::kDim, mode) + "\n";
  for (const auto& row : rows) {
    std::string line;
    for (std::size_t c = 0; c < row.size() && c < columns.size(); ++c) {
      const std::string text = base::Shorten(Printable(row[c].text), widths[c]);
      const std::string cell = Aligned(text, widths[c], columns[c].align);
      line += "  " + Paint(cell, row[c].color, mode);
    }
    out += TrimRight(std::move(line));
  }
  return out;
}

}  // namespace tangram::report

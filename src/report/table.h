// Columns of text for a terminal.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace tangram::report {

enum class Color { kNone, kBold, kDim, kRed, kYellow, kGreen, kCyan };
enum class ColorMode { kPlain, kAnsi };

// `text` in `color`, or as it is in plain mode.
std::string Paint(const std::string& text, Color color, ColorMode mode);

struct Cell {
  std::string text;
  Color color = Color::kNone;
};

struct Column {
  std::string title;
  enum class Align { kLeft, kRight } align = Align::kLeft;
  std::size_t most = 0;  // columns of text at most; 0: as wide as its longest cell
};

// Rows under a dim heading, two blanks between columns and before the first. Cells that are too
// long are cut with "…"; control characters of hostile names become '?', so that no name can move
// the cursor.
std::string RenderTable(const std::vector<Column>& columns,
                        const std::vector<std::vector<Cell>>& rows, ColorMode mode);

// Printable: control characters become '?', so do bytes that are not UTF-8.
std::string Printable(std::string_view text);

}  // namespace tangram::report

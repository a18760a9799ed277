// Comma-separated values, a line at a time, for input that may be hostile.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace tangram::base {

struct CsvRow {
  int line = 0;                    // 1-based
  std::vector<std::string> cells;  // blanks and quotes around them taken off
  std::string problem;             // why the line cannot be used; empty: it can
};

// RFC 4180 with one difference: a quoted cell ends on its own line, so that a quote left open
// spoils one line and not the rest of the file. Lines end in LF or CRLF, a byte order mark is
// skipped, empty lines too. Refused, with the reason in `problem`: a line above kMaxLine bytes,
// control characters, text that is not UTF-8, a quote that is misplaced or not closed.
class CsvReader {
 public:
  static constexpr std::size_t kMaxLine = 64 * 1024;

  // Borrows `text`, which must outlive the reader.
  explicit CsvReader(std::string_view text);

  // The next line that is not empty; nothing at the end.
  std::optional<CsvRow> Next();

 private:
  std::string_view rest_;
  int line_ = 0;
};

// True where `text` is well-formed UTF-8 (no overlong forms, no surrogates).
bool IsUtf8(std::string_view text);

}  // namespace tangram::base

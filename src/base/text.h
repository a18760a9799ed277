// Small text helpers shared by readers and writers.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace tangram::base {

// "a,b,,c" by ',' -> {"a","b","","c"}. Views into `text`.
std::vector<std::string_view> Split(std::string_view text, char separator);

// Without blanks and line ends at both sides. A view into `text`.
std::string_view Trim(std::string_view text);

// With the letters of ASCII in lower case; every other byte as it is.
char Lower(char letter);
std::string Lower(std::string_view text);

// Whether they differ in nothing but the case of ASCII letters.
bool SameIgnoringCase(std::string_view a, std::string_view b);

// Terminal columns that UTF-8 `text` takes: code points, wide ones not counted double.
std::size_t Columns(std::string_view text);

// At most `columns` columns, the last one "…" where something was cut.
std::string Shorten(std::string_view text, std::size_t columns);

// Broken at blanks into lines of at most `columns`; a word that is longer stands alone, whole where
// `columns` is npos, else cut. Never empty.
std::vector<std::string> WrapText(std::string_view text, std::size_t columns);

// A whole decimal number, nothing before or after it.
std::optional<std::int64_t> ParseInteger(std::string_view text);

// A decimal number with at most 6 digits of fraction, times one million: "1.5" -> 1'500'000. Digits
// past the sixth are refused, so that no figure is changed in silence. Not negative.
std::optional<std::int64_t> ParseMillionths(std::string_view text);

}  // namespace tangram::base

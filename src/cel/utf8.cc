#include "cel/utf8.h"

#include <cstdint>

namespace tangram::cel {
namespace {

constexpr char32_t kReplacement = 0xFFFD;

struct Decoded {
  char32_t rune = kReplacement;
  std::size_t size = 1;
  bool valid = false;
};

Decoded Decode(std::string_view text) {
  const auto byte = [&](std::size_t i) { return static_cast<std::uint8_t>(text[i]); };
  const std::uint8_t first = byte(0);
  if (first < 0x80) return {first, 1, true};
  const std::size_t size = first >= 0xF0 ? 4 : first >= 0xE0 ? 3 : 2;
  if (first < 0xC2 || first > 0xF4 || text.size() < size) return {};
  char32_t rune = first & (0xFFU >> (size + 1));
  for (std::size_t i = 1; i < size; ++i) {
    if ((byte(i) & 0xC0U) != 0x80) return {};
    rune = (rune << 6) | (byte(i) & 0x3FU);
  }
  const bool shortest = size == 2 || (size == 3 ? rune >= 0x800 : rune >= 0x10000);
  if (!shortest || !IsValidRune(rune)) return {};
  return {rune, size, true};
}

}  // namespace

bool IsValidRune(char32_t rune) { return rune < 0xD800 || (rune > 0xDFFF && rune <= 0x10FFFF); }

std::u32string Runes(std::string_view text) {
  std::u32string runes;
  runes.reserve(text.size());
  while (!text.empty()) {
    const Decoded next = Decode(text);
    runes += next.rune;
    text.remove_prefix(next.size);
  }
  return runes;
}

bool IsValidUtf8(std::string_view text) {
  while (!text.empty()) {
    const Decoded next = Decode(text);
    if (!next.valid) return false;
    text.remove_prefix(next.size);
  }
  return true;
}

std::string Utf8(std::u32string_view runes) {
  std::string text;
  for (char32_t rune : runes) {
    if (!IsValidRune(rune)) rune = kReplacement;
    if (rune < 0x80) {
      text += static_cast<char>(rune);
      continue;
    }
    const int rest = rune < 0x800 ? 1 : rune < 0x10000 ? 2 : 3;
    text += static_cast<char>((0xFF00U >> (rest + 1) & 0xFFU) | (rune >> (6 * rest)));
    for (int i = rest - 1; i >= 0; --i) {
      text += static_cast<char>(0x80U | (rune >> (6 * i) & 0x3FU));
    }
  }
  return text;
}

}  // namespace tangram::cel

// Text as code points, as Go's range over a string sees it.
#pragma once

#include <string>
#include <string_view>

namespace tangram::cel {

// A byte that starts no valid code point becomes U+FFFD.
std::u32string Runes(std::string_view text);
std::string Utf8(std::u32string_view runes);

bool IsValidRune(char32_t rune);
bool IsValidUtf8(std::string_view text);

}  // namespace tangram::cel

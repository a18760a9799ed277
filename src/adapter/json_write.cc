#include "adapter/json_write.h"

#include <fmt/format.h>

#include <cstddef>
#include <iterator>

namespace tangram::adapter {
namespace {

// Length of the UTF-8 sequence that `text` begins with; 0: it begins with none.
std::size_t SequenceAt(std::string_view text) {
  const auto byte = [&](std::size_t at) { return static_cast<unsigned char>(text[at]); };
  const unsigned char lead = byte(0);
  std::size_t length = 0;
  unsigned char least = 0x80;  // of the second byte: no overlong forms, no surrogates
  unsigned char most = 0xBF;
  if (lead >= 0xC2 && lead <= 0xDF) length = 2;
  if (lead >= 0xE0 && lead <= 0xEF) length = 3;
  if (lead >= 0xF0 && lead <= 0xF4) length = 4;
  if (lead == 0xE0) least = 0xA0;
  if (lead == 0xED) most = 0x9F;
  if (lead == 0xF0) least = 0x90;
  if (lead == 0xF4) most = 0x8F;
  if (length == 0 || text.size() < length || byte(1) < least || byte(1) > most) return 0;
  for (std::size_t at = 2; at < length; ++at) {
    if (byte(at) < 0x80 || byte(at) > 0xBF) return 0;
  }
  return length;
}

void AppendEscaped(std::string& out, char letter) {
  switch (letter) {
    case '"':
      out += "\\\"";
      return;
    case '\\':
      out += "\\\\";
      return;
    case '\n':
      out += "\\n";
      return;
    default:
      fmt::format_to(std::back_inserter(out), "\\u{:04x}", static_cast<unsigned char>(letter));
  }
}

}  // namespace

void AppendJson(std::string& out, std::string_view text) {
  out += '"';
  while (!text.empty()) {
    const auto letter = static_cast<unsigned char>(text.front());
    std::size_t taken = 1;
    if (letter >= 0x80) {
      taken = SequenceAt(text);
      out += taken == 0 ? std::string_view("\xEF\xBF\xBD") : text.substr(0, taken);
      if (taken == 0) taken = 1;
    } else if (letter < 0x20 || letter == '"' || letter == '\\' || letter == 0x7F) {
      AppendEscaped(out, text.front());
    } else {
      out += text.front();
    }
    text.remove_prefix(taken);
  }
  out += '"';
}

std::string PointerStep(std::string_view key) {
  std::string step;
  for (const char letter : key) {
    if (letter == '~') {
      step += "~0";
    } else if (letter == '/') {
      step += "~1";
    } else {
      step += letter;
    }
  }
  return step;
}

}  // namespace tangram::adapter

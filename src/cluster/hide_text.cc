#include "cluster/hide_text.h"

#include <algorithm>

#include "cluster/public_words.h"

namespace tangram::cluster {
namespace {

using std::string_view;

bool IsWordByte(char c) {
  const auto byte = static_cast<unsigned char>(c);
  return byte >= 0x80 || (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') ||
         (c >= 'A' && c <= 'Z') || c == '_';
}

bool IsBlank(char c) { return c == ' ' || c == '\n' || c == '\t' || c == '\r'; }

// The length of the front of `text` whose bytes all satisfy `is_in`.
template <class Predicate>
std::size_t RunLength(string_view text, Predicate is_in) {
  std::size_t length = 0;
  while (length < text.size() && is_in(text[length])) ++length;
  return length;
}

constexpr string_view kOpening = "([{\"'`";
constexpr string_view kClosing = ")]}\"'`,.;:!?";

std::string HideWord(string_view word, const std::unordered_set<std::string>& nodes,
                     NameHasher& hasher) {
  if (IsPlainWord(word)) return std::string(word);
  const auto first = std::min(word.find_first_not_of(kOpening), word.size());
  const auto last = word.find_last_not_of(kClosing);
  const string_view before = word.substr(0, first);
  if (last == string_view::npos || last < first) return std::string(word);
  const string_view core = word.substr(first, last - first + 1);
  if (std::none_of(core.begin(), core.end(), IsWordByte)) return std::string(word);
  const string_view after = word.substr(last + 1);
  const bool is_node = nodes.contains(std::string(core));
  if (!is_node && IsPlainWord(core)) return std::string(word);
  return std::string(before) + hasher.Of(is_node ? "node" : "word", core) + std::string(after);
}

// The length of the text that starts with a quote, both quotes included; to the end where it does
// not end.
std::size_t LiteralLength(string_view text) {
  const char quote = text.front();
  for (std::size_t i = 1; i < text.size(); ++i) {
    if (text[i] == '\\') {
      ++i;
    } else if (text[i] == quote) {
      return i + 1;
    }
  }
  return text.size();
}

std::string HideLiteral(string_view literal, NameHasher& hasher) {
  const char quote = literal.front();
  string_view inner = literal.substr(1);
  if (inner.ends_with(quote)) inner.remove_suffix(1);
  const bool plain = IsHardwareText(inner) || IsPublicKey(inner);
  return quote + (plain ? std::string(inner) : hasher.Of("text", inner)) + quote;
}

}  // namespace

std::string HideNames(string_view sentence, const std::unordered_set<std::string>& nodes,
                      NameHasher& hasher) {
  std::string hidden;
  while (!sentence.empty()) {
    const std::size_t blanks = RunLength(sentence, IsBlank);
    hidden += sentence.substr(0, blanks);
    sentence.remove_prefix(blanks);
    const std::size_t length = RunLength(sentence, [](char c) { return !IsBlank(c); });
    if (length > 0) hidden += HideWord(sentence.substr(0, length), nodes, hasher);
    sentence.remove_prefix(length);
  }
  return hidden;
}

std::string HideCel(string_view expression, NameHasher& hasher) {
  std::string hidden;
  while (!expression.empty()) {
    const char first = expression.front();
    std::size_t length = 1;
    if (first == '"' || first == '\'') {
      length = LiteralLength(expression);
      hidden += HideLiteral(expression.substr(0, length), hasher);
    } else if (IsWordByte(first)) {
      length = RunLength(expression, IsWordByte);
      const string_view word = expression.substr(0, length);
      hidden += IsCelWord(word) ? std::string(word) : hasher.Of("name", word);
    } else {
      hidden += first;
    }
    expression.remove_prefix(length);
  }
  return hidden;
}

}  // namespace tangram::cluster

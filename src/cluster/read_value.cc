#include "cluster/read_value.h"

namespace tangram::cluster {
namespace {

using simdjson::ondemand::value;

constexpr std::string_view kBlank = " \t\r\n";

// The value's own text, without the blanks behind it.
std::string_view Token(value& value) {
  std::string_view token = value.raw_json_token();
  while (!token.empty() && kBlank.find(token.back()) != std::string_view::npos) {
    token.remove_suffix(1);
  }
  return token;
}

// Sorts by key; the key that is there twice, or nullptr.
template <class List, class KeyOf>
const std::string* SortByKey(List& list, KeyOf key_of) {
  const auto before = [&](const auto& a, const auto& b) { return key_of(a) < key_of(b); };
  const auto not_before = [&](const auto& a, const auto& b) { return !before(a, b); };
  auto twice = std::adjacent_find(list.begin(), list.end(), not_before);
  if (twice == list.end()) return nullptr;
  std::sort(list.begin(), list.end(), before);
  twice = std::adjacent_find(list.begin(), list.end(), not_before);
  return twice == list.end() ? nullptr : &key_of(*twice);
}

}  // namespace

bool ValueReader::Malformed(simdjson::error_code error) {
  syntax_ = error;
  return Refuse("the text is not JSON");
}

bool ValueReader::Mismatch(value value, std::string_view want) {
  const std::string_view token = Token(value);
  const char first = token.empty() ? '\0' : token.front();
  const std::string found = first == '{' ? "an object" : first == '[' ? "a list" : Shown(token);
  return Refuse(fmt::format("found {}; write {}", found, want));
}

bool ValueReader::ReadText(value value, std::string& out) {
  std::string_view token = Token(value);
  if (token.empty() || token.front() != '"') return Mismatch(value, "a text \"...\"");
  if (token.size() < 2 || token.back() != '"') return Malformed(simdjson::STRING_ERROR);
  token = token.substr(1, token.size() - 2);
  if (token.size() > kMostTextBytes) {
    return Refuse(
        fmt::format("found a text of {} bytes; at most {} are read", token.size(), kMostTextBytes));
  }
  if (std::memchr(token.data(), '\\', token.size()) == nullptr) {
    out.assign(token);
    return value.get_raw_json_string().error() == simdjson::SUCCESS;
  }
  std::string_view plain;
  if (value.get_string().get(plain)) {
    return Refuse(
        fmt::format("found \"{}\"; it has an escape that JSON does not know", Shown(token)));
  }
  out.assign(plain);
  return true;
}

bool ValueReader::Read(value value, bool& out, const Rules&) {
  const std::string_view token = Token(value);
  if (value.get_bool().get(out)) {
    return Refuse(fmt::format("found {}; write true or false", Shown(token)));
  }
  return true;
}

bool ValueReader::OutOfRange(std::string_view found, const Rules& rules) {
  return Refuse(fmt::format("found {}; write a whole number from {} to {}", Shown(found),
                            rules.least, rules.most));
}

bool ValueReader::Read(value value, std::int64_t& out, const Rules& rules) {
  const std::string_view token = Token(value);
  if (value.get_int64().get(out)) return OutOfRange(token, rules);
  if (out < rules.least || out > rules.most) return OutOfRange(token, rules);
  return true;
}

bool ValueReader::Read(value value, base::Time& out, const Rules&) {
  std::string text;
  if (!ReadText(value, text)) return false;
  const auto time = base::ParseTime(text);
  if (!time) {
    return Refuse(
        fmt::format("found \"{}\"; write a time as 2026-11-21T13:20:41Z (RFC 3339)", Shown(text)));
  }
  out = *time;
  return true;
}

std::size_t ValueReader::RowsAt(const char* start) const {
  // Bounds what a file of odd lines can make us set aside.
  constexpr std::size_t kMostRows = 2'000'000;
  std::size_t rows = 0;
  const char* at = start + 1;
  while (rows < kMostRows && at + 1 < end_ && at[0] == '\n' && at[1] == '{') {
    ++rows;
    const void* const line_end = std::memchr(at + 1, '\n', static_cast<std::size_t>(end_ - at - 1));
    if (line_end == nullptr) break;
    at = static_cast<const char*>(line_end);
  }
  return rows;
}

std::string_view ValueReader::RawKey(const FieldCursor& cursor) const {
  const char* const start = cursor.key();
  if (start >= end_) return {};
  const auto left = static_cast<std::size_t>(end_ - start);
  const void* const quote = std::memchr(start, '"', left);
  if (quote == nullptr) return {start, left};
  return {start, static_cast<std::size_t>(static_cast<const char*>(quote) - start)};
}

bool ValueReader::ReadKey(FieldCursor& cursor, std::string& out) {
  const std::string_view raw = RawKey(cursor);
  if (raw.empty()) return Refuse("found an empty key; give it a name or remove it");
  if (std::memchr(raw.data(), '\\', raw.size()) == nullptr) {
    out.assign(raw);
    return true;
  }
  std::string_view plain;
  if (cursor.field().unescaped_key().get(plain)) {
    return Refuse(
        fmt::format("found key \"{}\"; it has an escape that JSON does not know", Shown(raw)));
  }
  out.assign(plain);
  return true;
}

bool ValueReader::Read(value value, Labels& out, const Rules&) {
  simdjson::ondemand::object object;
  if (value.get_object().get(object)) return Mismatch(value, "an object {\"key\": \"text\"}");
  FieldCursor cursor(object);
  for (; !cursor.done(); cursor.Next()) {
    auto& [key, text] = out.emplace_back();
    if (!ReadKey(cursor, key)) return false;
    if (!ReadText(cursor.value(), text)) {
      fault_.Within(Shown(key));
      return false;
    }
  }
  if (cursor.error() != simdjson::SUCCESS) return Malformed(cursor.error());
  const auto* const twice = SortByKey(out, [](const auto& entry) -> auto& { return entry.first; });
  if (twice == nullptr) return true;
  return Refuse(fmt::format("found key \"{}\" twice; keep one", Shown(*twice)));
}

bool ValueReader::Read(value value, std::vector<ResourceCount>& out, const Rules& rules) {
  simdjson::ondemand::object object;
  if (value.get_object().get(object)) return Mismatch(value, "an object {\"resource\": count}");
  FieldCursor cursor(object);
  for (; !cursor.done(); cursor.Next()) {
    ResourceCount& resource = out.emplace_back();
    if (!ReadKey(cursor, resource.name)) return false;
    if (!Read(cursor.value(), resource.count, rules)) {
      fault_.Within(Shown(resource.name));
      return false;
    }
  }
  if (cursor.error() != simdjson::SUCCESS) return Malformed(cursor.error());
  const auto* const twice =
      SortByKey(out, [](const ResourceCount& resource) -> auto& { return resource.name; });
  if (twice == nullptr) return true;
  return Refuse(fmt::format("found resource \"{}\" twice; keep one", Shown(*twice)));
}

}  // namespace tangram::cluster

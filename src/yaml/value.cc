#include "yaml/value.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <charconv>
#include <unordered_set>
#include <utility>

#include "base/text.h"

namespace tangram::yaml {
namespace {

// Whether YAML 1.1, which Kubernetes reads, or another reader may take it for another type.
bool MayReadAsAnotherType(const std::string& text) {
  constexpr std::array<std::string_view, 11> kWords = {"",   "~",  "null", "true", "false", "yes",
                                                       "no", "on", "off",  "y",    "n"};
  const std::string lower = base::Lower(text);
  if (std::find(kWords.begin(), kWords.end(), lower) != kWords.end()) return true;
  return text.find_first_not_of("0123456789.eE+-_:xXabcdfABCDFinI") == std::string::npos;
}

// Decimal, with a fraction or an exponent; hexadecimal, octal and binary; infinity and no number.
bool ReadsAsNumber(std::string text) {
  std::erase(text, '_');
  if (text.starts_with('+') || text.starts_with('-')) text.erase(0, 1);
  const std::string lower = base::Lower(text);
  if (lower == ".inf" || lower == ".nan") return true;
  const auto all = [&](std::string_view digits) {
    return lower.size() > 2 && lower.find_first_not_of(digits, 2) == std::string::npos;
  };
  if (lower.starts_with("0x")) return all("0123456789abcdef");
  if (lower.starts_with("0o")) return all("01234567");
  if (lower.starts_with("0b")) return all("01");
  if (lower.empty() || (lower[0] != '.' && (lower[0] < '0' || lower[0] > '9'))) return false;
  double number = 0;
  const auto read = std::from_chars(lower.data(), lower.data() + lower.size(), number);
  return read.ptr == lower.data() + lower.size();
}

bool ReadsAsNullOrBool(const std::string& text) {
  constexpr std::array<std::string_view, 9> kWords = {"",    "~",  "null", "true", "false",
                                                      "yes", "no", "on",   "off"};
  const std::string lower = base::Lower(text);
  return std::find(kWords.begin(), kWords.end(), lower) != kWords.end();
}

bool IsPlainKey(std::string_view key) {
  return !key.empty() && std::all_of(key.begin(), key.end(), [](unsigned char c) {
    return std::isalnum(c) != 0 || c == '_' || c == '-';
  });
}

}  // namespace

bool Value::is_text() const {
  if (!is_scalar() || style == Style::kQuoted) return is_scalar();
  return !ReadsAsNullOrBool(text) && !ReadsAsNumber(text);
}

const Value* Value::Find(std::string_view key) const {
  const auto found = std::find_if(members.rbegin(), members.rend(),
                                  [key](const Member& member) { return member.key == key; });
  return found == members.rend() ? nullptr : &found->value;
}

Value* Value::Find(std::string_view key) {
  return const_cast<Value*>(std::as_const(*this).Find(key));
}

std::string_view Value::TextOf(std::string_view key) const {
  const Value* value = Find(key);
  return value == nullptr || !value->is_scalar() ? std::string_view() : value->text;
}

void Value::Set(std::string_view key, Value value) {
  if (kind != Kind::kMap) *this = Map({});
  if (Value* there = Find(key)) {
    *there = std::move(value);
  } else {
    members.push_back({std::string(key), std::move(value)});
  }
}

void Value::Remove(std::string_view key) {
  std::erase_if(members, [key](const Member& member) { return member.key == key; });
}

Value Text(std::string text) {
  Value value;
  value.kind = Value::Kind::kScalar;
  value.style = MayReadAsAnotherType(text) ? Value::Style::kQuoted : Value::Style::kPlain;
  value.text = std::move(text);
  return value;
}

Value Number(std::string text) {
  Value value;
  value.kind = Value::Kind::kScalar;
  value.text = std::move(text);
  return value;
}

Value List(std::vector<Value> items) {
  Value value;
  value.kind = Value::Kind::kList;
  value.items = std::move(items);
  return value;
}

Value Map(std::vector<Member> members) {
  Value value;
  value.kind = Value::Kind::kMap;
  value.members = std::move(members);
  return value;
}

Path operator/(Path path, std::string_view key) {
  path.push_back({std::string(key), std::nullopt});
  return path;
}

Path operator/(Path path, std::size_t index) {
  path.push_back({"", index});
  return path;
}

std::string TextOf(const Path& path) {
  std::string text;
  for (const Step& step : path) {
    if (step.index) {
      text += "[" + std::to_string(*step.index) + "]";
    } else if (IsPlainKey(step.key)) {
      text += (text.empty() ? "" : ".") + step.key;
    } else {
      text += "[\"" + step.key + "\"]";
    }
  }
  return text;
}

const Value* At(const Value& root, const Path& path) {
  const Value* at = &root;
  for (const Step& step : path) {
    if (!step.index) {
      at = at->Find(step.key);
    } else {
      at = *step.index < at->items.size() ? &at->items[*step.index] : nullptr;
    }
    if (at == nullptr) return nullptr;
  }
  return at;
}

void DropHidden(Value& root) {
  std::unordered_set<std::string> seen;
  auto& members = root.members;
  const auto kept = std::remove_if(members.rbegin(), members.rend(), [&seen](const Member& member) {
    return !seen.insert(member.key).second;
  });
  members.erase(members.begin(), kept.base());
  for (Member& member : members) DropHidden(member.value);
  for (Value& item : root.items) DropHidden(item);
}

}  // namespace tangram::yaml

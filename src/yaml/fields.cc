#include "yaml/fields.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <set>

#include "base/nearest.h"
#include "base/text.h"
#include "base/time_text.h"

namespace tangram::yaml {
namespace {

constexpr std::size_t kLongestShown = 60;  // columns
constexpr base::Milliseconds kLongestSpan = std::chrono::hours(24 * 3660);

constexpr std::string_view kTextRemedy = "write text, in quotes where YAML reads another type";

const Value kNoFields;

std::string NearestOf(std::string_view text, const std::vector<std::string>& names) {
  const auto near = base::Nearest(text, names, {.most = 4, .count = 1});
  return near.empty() ? "" : near.front();
}

bool IsPlain(const Value& value) {
  return value.is_scalar() && value.style == Value::Style::kPlain;
}

std::optional<double> AsNumber(const Value& value, double most) {
  if (!IsPlain(value)) return std::nullopt;
  const auto millionths = base::ParseMillionths(value.text);
  if (!millionths) return std::nullopt;
  const double number = static_cast<double>(*millionths) / 1e6;
  if (number > most) return std::nullopt;
  return number;
}

// On one line, whatever stands in the file.
std::string Shown(std::string_view text) {
  std::string shown = base::Shorten(text, kLongestShown);
  std::replace_if(
      shown.begin(), shown.end(),
      [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7F; }, ' ');
  return shown;
}

}  // namespace

std::string Found(const Value& value) {
  if (value.is_map()) return "a map";
  if (value.is_list()) return "a list";
  if (!value.is_scalar()) return "nothing";
  const std::string text = Shown(value.text);
  return value.is_text() ? '"' + text + '"' : text;
}

void Faults::Wrong(int line, std::string_view what) {
  if (first_) return;
  first_ = base::Error{base::ErrorCode::kInvalid,
                       fmt::format("line {}: {}{}{}", std::max(line, 1), object_,
                                   object_.empty() ? "" : ": ", what)};
}

Fields::Fields(Faults& faults, const Value* map, std::string path)
    : faults_(&faults), map_(map == nullptr ? &kNoFields : map), path_(std::move(path)) {
  if (!map_->is_map() && map_->kind != Value::Kind::kNull) {
    faults.Wrong(map_->line, fmt::format("{} is {}; write a map of fields",
                                         path_.empty() ? "it" : path_, Found(*map_)));
  }
  std::set<std::string_view> keys;
  for (const auto& [key, value] : map_->members) {
    if (keys.insert(key).second) continue;
    faults.Wrong(value.line, fmt::format("{} stands there twice; keep one", PathOf(key)));
  }
}

void Fields::Allow(const std::vector<std::string>& fields) {
  for (const auto& [key, value] : map_->members) {
    if (std::find(fields.begin(), fields.end(), key) != fields.end()) continue;
    const std::string near = NearestOf(key, fields);
    faults_->Wrong(value.line,
                   fmt::format("{} is no field of it; {}", PathOf(key),
                               near.empty() ? fmt::format("known are {}", fmt::join(fields, ", "))
                                            : fmt::format("did you mean {}?", near)));
  }
}

void Fields::Need(std::string_view key, std::string_view remedy) {
  if (!Has(key)) Wrong(key, fmt::format("is not there; {}", remedy));
}

const Value* Fields::Find(std::string_view key) const {
  const Value* value = map_->Find(key);
  return value == nullptr || value->kind == Value::Kind::kNull ? nullptr : value;
}

std::string Fields::PathOf(std::string_view key) const {
  const std::string shown = Shown(key);
  return path_.empty() ? shown : fmt::format("{}.{}", path_, shown);
}

void Fields::Wrong(std::string_view key, std::string_view what) {
  const Value* value = map_->Find(key);
  faults_->Wrong(value == nullptr ? map_->line : value->line,
                 fmt::format("{} {}", PathOf(key), what));
}

void Fields::Unlike(std::string_view key, std::string_view remedy) {
  Wrong(key, fmt::format("is {}; {}", Found(*Find(key)), remedy));
}

void Fields::WrongItem(std::string_view key, std::size_t i, std::string_view what) {
  faults_->Wrong(Find(key)->items[i].line, fmt::format("{}[{}] {}", PathOf(key), i, what));
}

void Fields::UnlikeItem(std::string_view key, std::size_t i, std::string_view remedy) {
  WrongItem(key, i, fmt::format("is {}; {}", Found(Find(key)->items[i]), remedy));
}

std::optional<bool> Fields::Flag(std::string_view key) {
  const Value* value = Find(key);
  if (value == nullptr) return std::nullopt;
  if (IsPlain(*value) && (value->text == "true" || value->text == "false")) {
    return value->text == "true";
  }
  Unlike(key, "write true or false");
  return std::nullopt;
}

std::optional<int> Fields::Whole(std::string_view key, Range range) {
  const Value* value = Find(key);
  if (value == nullptr) return std::nullopt;
  const auto number = IsPlain(*value) ? base::ParseInteger(value->text) : std::nullopt;
  if (number && *number >= range.least && *number <= range.most) return static_cast<int>(*number);
  Unlike(key, fmt::format("write a whole number from {} to {}", range.least, range.most));
  return std::nullopt;
}

std::optional<double> Fields::Number(std::string_view key, double most) {
  const Value* value = Find(key);
  if (value == nullptr) return std::nullopt;
  const auto number = AsNumber(*value, most);
  if (!number) {
    Unlike(key,
           fmt::format("write a number from 0 to {}, with at most 6 digits after the point", most));
  }
  return number;
}

std::optional<std::string> Fields::Text(std::string_view key) {
  const Value* value = Find(key);
  if (value == nullptr) return std::nullopt;
  if (value->is_text()) return value->text;
  Unlike(key, kTextRemedy);
  return std::nullopt;
}

std::optional<base::Milliseconds> Fields::Span(std::string_view key) {
  const Value* value = Find(key);
  if (value == nullptr) return std::nullopt;
  if (value->is_text()) {
    const auto span = base::ParseSpan(value->text);
    if (span && *span <= kLongestSpan) return *span;
  }
  Unlike(key, "write a span as 30s, 5m, 8h or 7d, at most ten years");
  return std::nullopt;
}

std::optional<std::string> Fields::Word(std::string_view key,
                                        const std::vector<std::string>& words) {
  const Value* value = Find(key);
  if (value == nullptr) return std::nullopt;
  const bool known =
      value->is_text() && std::find(words.begin(), words.end(), value->text) != words.end();
  if (known) return value->text;
  const std::string near = value->is_scalar() ? NearestOf(value->text, words) : "";
  Unlike(key, fmt::format("write {}{}", base::OneOf(words),
                          near.empty() ? "" : fmt::format(", did you mean {}?", near)));
  return std::nullopt;
}

std::vector<std::string> Fields::Texts(std::string_view key) {
  const Value* list = Find(key);
  std::vector<std::string> texts;
  if (list == nullptr) return texts;
  if (!list->is_list()) Unlike(key, "write a list, as [A, B]");
  for (std::size_t i = 0; i < list->items.size(); ++i) {
    if (!list->items[i].is_text()) {
      UnlikeItem(key, i, kTextRemedy);
      return {};
    }
    texts.push_back(list->items[i].text);
  }
  return texts;
}

std::vector<double> Fields::Numbers(std::string_view key, std::size_t count, double most) {
  const Value* list = Find(key);
  std::vector<double> numbers;
  if (list == nullptr) return numbers;
  const std::string remedy = fmt::format("write a list of {} numbers from 0 to {}", count, most);
  if (!list->is_list()) {
    Unlike(key, remedy);
  } else if (list->items.size() != count) {
    Wrong(key, fmt::format("has {} of them; {}", list->items.size(), remedy));
    return {};
  }
  for (std::size_t i = 0; i < list->items.size(); ++i) {
    const auto number = AsNumber(list->items[i], most);
    if (!number) {
      UnlikeItem(key, i, remedy);
      return {};
    }
    numbers.push_back(*number);
  }
  return numbers;
}

std::vector<Fields> Fields::Maps(std::string_view key) {
  const Value* list = Find(key);
  std::vector<Fields> maps;
  if (list == nullptr) return maps;
  if (!list->is_list()) Unlike(key, "write a list, each item after a dash");
  for (std::size_t i = 0; i < list->items.size(); ++i) {
    maps.emplace_back(*faults_, &list->items[i], fmt::format("{}[{}]", PathOf(key), i));
  }
  return maps;
}

Fields Fields::Map(std::string_view key) { return {*faults_, Find(key), PathOf(key)}; }

}  // namespace tangram::yaml

#include "pool/fields.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/nearest.h"
#include "base/text.h"

namespace tangram::pool {
namespace {

constexpr std::size_t kLongestShown = 60;

std::string DidYouMean(std::string_view text, const std::vector<std::string>& names) {
  const auto near = base::Nearest(text, names, {.most = 4, .count = 1});
  return near.empty() ? "" : fmt::format(", did you mean {}?", near.front());
}

}  // namespace

std::string Found(const yaml::Value& value) {
  if (value.is_map()) return "a map";
  if (value.is_list()) return "a list";
  if (!value.is_scalar()) return "nothing";
  std::string text = value.text.substr(0, kLongestShown);
  if (text.size() < value.text.size()) text += "...";
  return value.is_text() ? '"' + text + '"' : text;
}

void Reading::Wrong(int line, std::string_view what) {
  if (error_) return;
  error_ =
      base::Error{base::ErrorCode::kInvalid, fmt::format("line {}: {}: {}", line, object_, what)};
}

Fields::Fields(Reading& reading, const yaml::Value* map, std::string path)
    : reading_(reading), map_(map), path_(std::move(path)) {
  if (map_ == nullptr || map_->is_map()) return;
  if (map_->kind != yaml::Value::Kind::kNull) {
    reading_.Wrong(map_->line, fmt::format("{} is {}; write a map of fields",
                                           path_.empty() ? "it" : path_, Found(*map_)));
  }
  map_ = nullptr;
}

const yaml::Value* Fields::Find(std::string_view key) {
  known_.emplace_back(key);
  const yaml::Value* value = map_ == nullptr ? nullptr : map_->Find(key);
  return value == nullptr || value->kind == yaml::Value::Kind::kNull ? nullptr : value;
}

int Fields::LineOf(std::string_view key) const {
  if (map_ == nullptr) return 1;
  const yaml::Value* value = map_->Find(key);
  return value == nullptr ? map_->line : value->line;
}

std::string Fields::PathOf(std::string_view key) const {
  return path_.empty() ? std::string(key) : fmt::format("{}.{}", path_, key);
}

void Fields::Wrong(std::string_view key, std::string_view what) {
  reading_.Wrong(LineOf(key), fmt::format("{} {}", PathOf(key), what));
}

void Fields::Missing(std::string_view key, std::string_view remedy) {
  Wrong(key, fmt::format("is not there; {}", remedy));
}

std::optional<bool> Fields::Bool(std::string_view key) {
  const yaml::Value* value = Find(key);
  if (value == nullptr) return std::nullopt;
  const bool plain = value->is_scalar() && value->style == yaml::Value::Style::kPlain;
  if (plain && (value->text == "true" || value->text == "false")) return value->text == "true";
  Wrong(key, fmt::format("is {}; write true or false", Found(*value)));
  return std::nullopt;
}

std::optional<int> Fields::Count(std::string_view key, Range range) {
  const yaml::Value* value = Find(key);
  if (value == nullptr) return std::nullopt;
  const bool plain = value->is_scalar() && value->style == yaml::Value::Style::kPlain;
  const auto number = plain ? base::ParseInteger(value->text) : std::nullopt;
  if (number && *number >= range.least && *number <= range.most) return static_cast<int>(*number);
  Wrong(key, fmt::format("is {}; write a whole number from {} to {}", Found(*value), range.least,
                         range.most));
  return std::nullopt;
}

std::optional<std::string> Fields::Text(std::string_view key) {
  const yaml::Value* value = Find(key);
  if (value == nullptr) return std::nullopt;
  if (value->is_text()) return value->text;
  Wrong(key,
        fmt::format("is {}; write text, in quotes where YAML reads another type", Found(*value)));
  return std::nullopt;
}

std::optional<std::string> Fields::Word(std::string_view key,
                                        const std::vector<std::string>& words) {
  const yaml::Value* value = Find(key);
  if (value == nullptr) return std::nullopt;
  const bool known =
      value->is_text() && std::find(words.begin(), words.end(), value->text) != words.end();
  if (known) return value->text;
  const std::string near = value->is_scalar() ? DidYouMean(value->text, words) : "";
  Wrong(key, fmt::format("is {}; write {}{}", Found(*value), base::OneOf(words), near));
  return std::nullopt;
}

void Fields::Finish() {
  if (map_ == nullptr) return;
  for (std::size_t i = 0; i < map_->members.size(); ++i) {
    const auto& [key, value] = map_->members[i];
    if (std::find(known_.begin(), known_.end(), key) == known_.end()) {
      const auto near = base::Nearest(key, known_, {.most = 4, .count = 1});
      const std::string what = near.empty() ? fmt::format("known are {}", fmt::join(known_, ", "))
                                            : fmt::format("did you mean {}?", near.front());
      const std::string shown = key.substr(0, kLongestShown);
      reading_.Wrong(value.line, fmt::format("{} is no field of it; {}", PathOf(shown), what));
    }
    const auto same = [name = std::string_view(key)](const yaml::Member& member) {
      return member.key == name;
    };
    const auto behind = map_->members.begin() + static_cast<std::ptrdiff_t>(i);
    if (std::any_of(map_->members.begin(), behind, same)) {
      reading_.Wrong(value.line, fmt::format("{} stands there twice; keep one", PathOf(key)));
    }
  }
}

}  // namespace tangram::pool

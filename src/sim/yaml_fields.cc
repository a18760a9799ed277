#include "sim/yaml_fields.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/nearest.h"
#include "base/text.h"
#include "base/time_text.h"

namespace tangram::sim {
namespace {

const yaml::Value kNothing;

std::string Shown(const yaml::Value& value) {
  if (value.is_map()) return "a map";
  if (value.is_list()) return "a list";
  if (!value.is_scalar()) return "nothing";
  return fmt::format("\"{}\"", base::Shorten(value.text, 40));
}

std::optional<double> AsNumber(const yaml::Value& value, double most) {
  const auto millionths = base::ParseMillionths(value.text);
  if (!value.is_scalar() || !millionths) return std::nullopt;
  const double number = static_cast<double>(*millionths) / 1e6;
  if (number > most) return std::nullopt;
  return number;
}

}  // namespace

void YamlFaults::Tell(int line, std::string_view field, std::string_view found,
                      std::string_view remedy) {
  if (first_) return;
  first_ = base::Error{
      base::ErrorCode::kInvalid,
      fmt::format("{}: line {}: {}: found {}; {}", file_, std::max(line, 1), field, found, remedy)};
}

YamlFields::YamlFields(const yaml::Value& map, std::string path, YamlFaults& faults)
    : map_(&map), path_(std::move(path)), faults_(&faults) {
  if (map.is_map() || &map == &kNothing) return;
  faults.Tell(map.line, path_.empty() ? "the file" : path_, Shown(map),
              "write a map of fields (docs/simulate.md)");
  map_ = &kNothing;
}

void YamlFields::Allow(const std::vector<std::string>& fields) {
  for (const yaml::Member& member : map_->members) {
    if (std::find(fields.begin(), fields.end(), member.key) == fields.end()) {
      const auto near = base::Nearest(member.key, fields, {.most = 3, .count = 1});
      faults_->Tell(member.value.line, PathOf(base::Shorten(member.key, 40)),
                    "a field unknown here",
                    near.empty() ? "the fields are " + base::OneOf(fields)
                                 : "did you mean " + near.front() + "?");
    }
    const auto twice = [&](const yaml::Member& other) { return other.key == member.key; };
    if (std::count_if(map_->members.begin(), map_->members.end(), twice) > 1) {
      faults_->Tell(member.value.line, PathOf(base::Shorten(member.key, 40)), "it twice",
                    "keep one");
    }
  }
}

std::string YamlFields::PathOf(std::string_view field) const {
  return path_.empty() ? std::string(field) : fmt::format("{}.{}", path_, field);
}

const yaml::Value* YamlFields::Find(std::string_view field) const { return map_->Find(field); }

bool YamlFields::Has(std::string_view field) const { return Find(field) != nullptr; }

void YamlFields::Tell(std::string_view field, std::string_view found, std::string_view remedy) {
  const yaml::Value* value = Find(field);
  faults_->Tell(value != nullptr ? value->line : map_->line, PathOf(field), found, remedy);
}

std::optional<std::string> YamlFields::Scalar(std::string_view field, bool needed,
                                              std::string_view remedy) {
  const yaml::Value* value = Find(field);
  if (value == nullptr && !needed) return std::nullopt;
  if (value != nullptr && value->is_scalar()) return value->text;
  Tell(field, value == nullptr ? "nothing" : Shown(*value), remedy);
  return std::nullopt;
}

std::string YamlFields::Text(std::string_view field, std::optional<std::string> absent) {
  constexpr std::size_t kLongest = 200;
  const auto text = Scalar(field, !absent, "write a text");
  if (text && (text->empty() || text->size() > kLongest)) {
    Tell(field, fmt::format("\"{}\"", base::Shorten(*text, 40)), "write 1 to 200 characters");
  }
  return text.value_or(absent.value_or(""));
}

std::vector<std::string> YamlFields::Texts(std::string_view field) {
  const yaml::Value* list = Find(field);
  std::vector<std::string> texts;
  if (list == nullptr) return texts;
  if (!list->is_list()) Tell(field, Shown(*list), "write a list, as [A, B]");
  for (const yaml::Value& item : list->items) {
    if (!item.is_scalar()) Tell(field, Shown(item), "write a list of texts");
    texts.push_back(item.text);
  }
  return texts;
}

bool YamlFields::Flag(std::string_view field, bool absent) {
  const auto text = Scalar(field, false, "write true or false");
  if (!text) return absent;
  if (*text != "true" && *text != "false") {
    Tell(field, fmt::format("\"{}\"", base::Shorten(*text, 40)), "write true or false");
  }
  return *text == "true";
}

std::int64_t YamlFields::Whole(std::string_view field, std::int64_t least, std::int64_t most,
                               std::optional<std::int64_t> absent) {
  const std::string remedy = fmt::format("write a whole number from {} to {}", least, most);
  const auto text = Scalar(field, !absent, remedy);
  if (!text) return absent.value_or(least);
  const auto number = base::ParseInteger(*text);
  if (number && *number >= least && *number <= most) return *number;
  Tell(field, fmt::format("\"{}\"", base::Shorten(*text, 40)), remedy);
  return least;
}

double YamlFields::Number(std::string_view field, double most, std::optional<double> absent) {
  const std::string remedy =
      fmt::format("write a number from 0 to {}, with at most 6 digits after the point", most);
  const auto text = Scalar(field, !absent, remedy);
  if (!text) return absent.value_or(0);
  const auto number = AsNumber(*Find(field), most);
  if (!number) Tell(field, fmt::format("\"{}\"", base::Shorten(*text, 40)), remedy);
  return number.value_or(0);
}

std::vector<double> YamlFields::Numbers(std::string_view field, std::size_t count, double most) {
  const yaml::Value* list = Find(field);
  std::vector<double> numbers;
  if (list == nullptr) return numbers;
  const std::string remedy = fmt::format("write a list of {} numbers from 0 to {}", count, most);
  if (!list->is_list()) Tell(field, Shown(*list), remedy);
  if (list->is_list() && list->items.size() != count) {
    Tell(field, fmt::format("{} of them", list->items.size()), remedy);
  }
  for (const yaml::Value& item : list->items) {
    const auto number = AsNumber(item, most);
    if (!number) Tell(field, Shown(item), remedy);
    numbers.push_back(number.value_or(0));
  }
  numbers.resize(count);
  return numbers;
}

base::Milliseconds YamlFields::Span(std::string_view field,
                                    std::optional<base::Milliseconds> absent) {
  constexpr std::string_view kRemedy = "write a span as 30s, 5m, 8h or 7d, at most ten years";
  const auto text = Scalar(field, !absent, kRemedy);
  if (!text) return absent.value_or(base::Milliseconds(0));
  const auto span = base::ParseSpan(*text);
  if (span && *span <= std::chrono::hours(24 * 3660)) return *span;
  Tell(field, fmt::format("\"{}\"", base::Shorten(*text, 40)), kRemedy);
  return base::Milliseconds(0);
}

std::vector<YamlFields> YamlFields::Maps(std::string_view field) {
  std::vector<YamlFields> maps;
  const yaml::Value* list = Find(field);
  if (list == nullptr) return maps;
  if (!list->is_list()) Tell(field, Shown(*list), "write a list, each item after a dash");
  for (std::size_t i = 0; i < list->items.size(); ++i) {
    maps.emplace_back(list->items[i], fmt::format("{}[{}]", PathOf(field), i), *faults_);
  }
  return maps;
}

YamlFields YamlFields::Map(std::string_view field) {
  const yaml::Value* map = Find(field);
  return {map != nullptr ? *map : kNothing, PathOf(field), *faults_};
}

}  // namespace tangram::sim

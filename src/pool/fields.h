// The fields of an object in a file, read one after another; what is wrong names where it stands.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "yaml/value.h"

namespace tangram::pool {

// One object while it is read: the first thing wrong with it is kept.
class Reading {
 public:
  // "GpuPool training", as messages name it.
  explicit Reading(std::string object) : object_(std::move(object)) {}

  void Wrong(int line, std::string_view what);
  const std::optional<base::Error>& error() const { return error_; }

 private:
  std::string object_;
  std::optional<base::Error> error_;
};

template <class Value, std::size_t N>
using Words = std::array<std::pair<std::string_view, Value>, N>;

struct Range {
  std::int64_t least = 0;
  std::int64_t most = 0;
};

// The members of one map. Each is asked for by name; what nobody asked for is unknown.
class Fields {
 public:
  // `map` may be nullptr or null: then it has no fields. It and `reading` must outlive this.
  Fields(Reading& reading, const yaml::Value* map, std::string path);

  // nullptr where it is not there, or null.
  const yaml::Value* Find(std::string_view key);
  // Where that stands, for messages: its line and "spec.sharing.maxReplicas".
  int LineOf(std::string_view key) const;
  std::string PathOf(std::string_view key) const;
  void Wrong(std::string_view key, std::string_view what);
  void Missing(std::string_view key, std::string_view remedy);

  std::optional<bool> Bool(std::string_view key);
  std::optional<int> Count(std::string_view key, Range range);
  std::optional<std::string> Text(std::string_view key);
  template <class Value, std::size_t N>
  std::optional<Value> OneOf(std::string_view key, const Words<Value, N>& words);

  // Says which of its fields nobody asked for, or are there twice.
  void Finish();

 private:
  std::optional<std::string> Word(std::string_view key, const std::vector<std::string>& words);

  Reading& reading_;
  const yaml::Value* map_;
  std::string path_;
  std::vector<std::string> known_;
};

// "4", "a list", "\"x\" as text": what was found, for messages.
std::string Found(const yaml::Value& value);

template <class Value, std::size_t N>
std::optional<Value> Fields::OneOf(std::string_view key, const Words<Value, N>& words) {
  std::vector<std::string> names;
  for (const auto& [name, value] : words) names.emplace_back(name);
  const auto found = Word(key, names);
  if (!found) return std::nullopt;
  for (const auto& [name, value] : words) {
    if (name == *found) return value;
  }
  return std::nullopt;
}

}  // namespace tangram::pool

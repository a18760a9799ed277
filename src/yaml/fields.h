// The fields of a map in a file, read one after another; what is wrong names where it stands.
#pragma once

#include <array>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "yaml/value.h"

namespace tangram::yaml {

// What is wrong with one object of a file, if anything: the first fault that is told.
class Faults {
 public:
  // `object` is how messages name it: "GpuPool training"; "" where the file is one object.
  explicit Faults(std::string object) : object_(std::move(object)) {}

  // Makes "line 12: GpuPool training: spec.mode is 4; write Observe" of the line (0 counts as 1)
  // and what comes behind the object.
  void Wrong(int line, std::string_view what);
  const std::optional<base::Error>& first() const { return first_; }

 private:
  std::string object_;
  std::optional<base::Error> first_;
};

// Both ends belong to it.
struct Range {
  int least = 0;
  int most = 0;
};

template <class T, std::size_t N>
using Words = std::array<std::pair<std::string_view, T>, N>;

// The members of one map. A getter gives nothing where the field is not there or null, and where
// it is wrong, which it tells. Types are those that Kubernetes reads: "4" in quotes is no number.
// Borrows the map and the faults. A field that stands there twice is a fault.
class Fields {
 public:
  // `path` names the map: "nodes[0]"; "" for the object itself. A null, or nullptr, has no fields;
  // what else is no map is a fault.
  Fields(Faults& faults, const Value* map, std::string path);

  // Any other field is a fault: it would be ignored in silence. Comes before Need(), which would
  // call a field that is misspelt absent.
  void Allow(const std::vector<std::string>& fields);
  // That it is not there is a fault. `remedy` says what to write: "write a name".
  void Need(std::string_view key, std::string_view remedy);
  bool Has(std::string_view key) const { return Find(key) != nullptr; }
  // nullptr where it is not there, or null.
  const Value* Find(std::string_view key) const;

  std::optional<bool> Flag(std::string_view key);
  std::optional<int> Whole(std::string_view key, Range range);
  // From 0 to `most`, with at most 6 digits behind the point.
  std::optional<double> Number(std::string_view key, double most);
  std::optional<std::string> Text(std::string_view key);
  // As "5m", from 0 to ten years.
  std::optional<base::Milliseconds> Span(std::string_view key);
  template <class T, std::size_t N>
  std::optional<T> OneOf(std::string_view key, const Words<T, N>& words);

  // Lists; empty where getters give nothing.
  std::vector<std::string> Texts(std::string_view key);
  // So many, as Number().
  std::vector<double> Numbers(std::string_view key, std::size_t count, double most);
  std::vector<Fields> Maps(std::string_view key);
  Fields Map(std::string_view key);

  // A fault of the field: "spec.mode" and what comes behind it, "is 4; write Observe".
  void Wrong(std::string_view key, std::string_view what);
  // A fault of an item of the list there: "spec.models[0]" and what comes behind it.
  void WrongItem(std::string_view key, std::size_t i, std::string_view what);

 private:
  std::optional<std::string> Word(std::string_view key, const std::vector<std::string>& words);
  // What stands there, or an item of it, is not what the remedy says.
  void Unlike(std::string_view key, std::string_view remedy);
  void UnlikeItem(std::string_view key, std::size_t i, std::string_view remedy);
  std::string PathOf(std::string_view key) const;

  Faults* faults_;
  const Value* map_;
  std::string path_;
};

// What was found, for messages: 4, "x" where that is text, a map, a list, nothing.
std::string Found(const Value& value);

template <class T, std::size_t N>
std::optional<T> Fields::OneOf(std::string_view key, const Words<T, N>& words) {
  std::vector<std::string> names;
  for (const auto& [name, value] : words) names.emplace_back(name);
  const auto found = Word(key, names);
  if (!found) return std::nullopt;
  for (const auto& [name, value] : words) {
    if (name == *found) return value;
  }
  return std::nullopt;
}

}  // namespace tangram::yaml

// Reads the fields of a YAML map; the first that is wrong is kept as the error.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "yaml/value.h"

namespace tangram::sim {

// What is wrong with a file, if anything: the first fault that is told.
class YamlFaults {
 public:
  explicit YamlFaults(std::string file) : file_(std::move(file)) {}
  // "day.yaml: line 12: workloads[0].priority: found "x"; write a whole number"
  void Tell(int line, std::string_view field, std::string_view found, std::string_view remedy);
  bool any() const { return first_.has_value(); }
  const base::Error& first() const { return *first_; }

 private:
  std::string file_;
  std::optional<base::Error> first_;
};

// A map. What is absent gives the default, or a fault where there is none; so does what is wrong.
// Borrows the value and the faults.
class YamlFields {
 public:
  // `path` names the map in errors: "nodes[0]". A value that is no map is a fault.
  YamlFields(const yaml::Value& map, std::string path, YamlFaults& faults);

  // Any other field is a fault: it would be ignored in silence.
  void Allow(const std::vector<std::string>& fields);

  bool Has(std::string_view field) const;
  std::string Text(std::string_view field, std::optional<std::string> absent = std::nullopt);
  std::vector<std::string> Texts(std::string_view field);
  bool Flag(std::string_view field, bool absent);
  std::int64_t Whole(std::string_view field, std::int64_t least, std::int64_t most,
                     std::optional<std::int64_t> absent = std::nullopt);
  // With a fraction of at most 6 digits; from 0 to `most`.
  double Number(std::string_view field, double most, std::optional<double> absent = std::nullopt);
  std::vector<double> Numbers(std::string_view field, std::size_t count, double most);
  // As "5m", from 0 to ten years.
  base::Milliseconds Span(std::string_view field,
                          std::optional<base::Milliseconds> absent = std::nullopt);
  // The maps of a list; empty where it is absent.
  std::vector<YamlFields> Maps(std::string_view field);
  // The map of that name; an empty one where it is absent.
  YamlFields Map(std::string_view field);

  void Tell(std::string_view field, std::string_view found, std::string_view remedy);

 private:
  const yaml::Value* Find(std::string_view field) const;
  // The text of a scalar; nothing, with a fault where there is no default.
  std::optional<std::string> Scalar(std::string_view field, bool needed, std::string_view remedy);
  std::string PathOf(std::string_view field) const;

  const yaml::Value* map_;
  std::string path_;
  YamlFaults* faults_;
};

}  // namespace tangram::sim

// Corrections as edits of a document, and the part of it that a person is shown.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "yaml/value.h"

namespace tangram::lint {

using yaml::List;
using yaml::Map;
using yaml::Member;
using yaml::Number;
using yaml::Path;
using yaml::Step;
using yaml::Text;
using yaml::Value;

struct Edit {
  Path path;                         // a missing map on the way is made; index == size appends
  std::optional<Value> value;        // nothing: what is there goes
  std::optional<std::string> shown;  // in a fragment, in place of a text that may hold a secret
};

// `root` with `edits` made: first what is set, then what is removed.
Value Apply(Value root, const std::vector<Edit>& edits);

// The corrected parts of an object as YAML, under its apiVersion, kind and name. Of a list only the
// items with a correction are there; what is removed is named in a comment.
std::string Fragment(const Value& root, const std::vector<Edit>& edits);

// A whole document as YAML.
std::string Emit(const Value& value);

}  // namespace tangram::lint

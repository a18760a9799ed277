// What can be called with which types.
//
// functions.txt is what the real implementation declares, in its order; the comparison with it
// (testbed/dra_differential) fails if the two differ.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "cel/types.h"

namespace tangram::cel {

struct Signature {
  bool is_member = false;
  std::vector<TypePtr> arguments{};
  TypePtr result;
  // The names of its type variables; each call gets fresh ones in their place.
  std::vector<std::string> variables{};
};

// By name; the same table for everybody, made at the first call. Safe from any thread.
const std::map<std::string, std::vector<Signature>, std::less<>>& AllSignatures();

}  // namespace tangram::cel

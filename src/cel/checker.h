// Types: what the API server refuses before anything is evaluated.
//
// Source: checker/checker.go and cel/validator.go of cel-go 0.26, with the declarations of
// k8s.io/dynamic-resource-allocation/cel.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "cel/expr.h"

namespace tangram::cel {

struct CheckResult {
  std::string beyond{};  // what the checker does not go into, with its place; empty if nothing
};

// Writes the type of every node. kInvalid: the expression is refused. `text` is for messages.
base::Result<CheckResult> Check(Expr& root, std::string_view text);

}  // namespace tangram::cel

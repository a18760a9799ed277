// Text to tree.
//
// Source: the grammar of cel-go 0.26 (parser/gen/CEL.g4, parser/parser.go).
#pragma once

#include <string_view>

#include "base/result.h"
#include "cel/expr.h"

namespace tangram::cel {

// As in the API: longer expressions are not admitted.
inline constexpr std::size_t kMostBytes = 10 * 1024;
// Real expressions have some ten levels; kube-scheduler gives up at 250.
inline constexpr int kMostDepth = 100;

struct ParseResult {
  ExprPtr root{};        // null where the expression is beyond our limits
  std::string beyond{};  // then: what is
};

// kInvalid: no expression of CEL.
base::Result<ParseResult> Parse(std::string_view text);

}  // namespace tangram::cel

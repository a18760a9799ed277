// An expression as tokens.
//
// Source: the grammar of cel-go 0.26 (parser/gen/CEL.g4) and its unescape.go.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace tangram::cel {

struct Token {
  enum class Kind { kIdentifier, kInt, kUint, kDouble, kString, kBytes, kSign, kEnd };
  Kind kind = Kind::kEnd;
  std::string text{};      // of kString and kBytes: what the literal stands for
  std::size_t offset = 0;  // in the expression, in bytes
};

// The tokens, ended by kEnd. `in`, `true`, `false` and `null` are kSign.
base::Result<std::vector<Token>> Tokens(std::string_view expression);

// "line 1, column 7", for messages; columns are counted in characters from 1.
std::string Place(std::string_view expression, std::size_t offset);

}  // namespace tangram::cel

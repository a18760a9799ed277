// all, exists, map and the other macros: calls that are rewritten when they are read.
//
// Source: parser/macro.go, cel/library.go, ext/{bindings,comprehensions,lists}.go of cel-go 0.26.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "cel/expr.h"

namespace tangram::cel {

// What `call` becomes; null where it is no macro. The error's message names no place.
base::Result<ExprPtr> ExpandMacro(const Call& call, std::size_t offset);

}  // namespace tangram::cel

// Hostile text -> values.
#pragma once

#include <string_view>
#include <vector>

#include "base/result.h"
#include "yaml/value.h"

namespace tangram::yaml {

// Bounds of one file. A Kubernetes object ends at 1.5 MiB (etcd); charts render to a few MiB.
inline constexpr std::size_t kMaxBytes = 8U << 20U;
inline constexpr int kMaxDepth = 100;
inline constexpr std::size_t kMaxValues = 500'000;        // after aliases are written out
inline constexpr std::size_t kMaxTextBytes = 64U << 20U;  // likewise

// The documents of `text`, empty ones as null. Aliases are written out and merge keys applied.
// Error kInvalid says what is wrong and in which line.
base::Result<std::vector<Value>> Load(std::string_view text);

}  // namespace tangram::yaml

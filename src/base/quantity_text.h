// Amounts as Kubernetes writes them: "80Gi", "100m", "1e3", "0.5".
//
// Source: k8s.io/apimachinery/pkg/api/resource, Quantity.
#pragma once

#include <cstdint>
#include <string_view>

#include "base/result.h"

namespace tangram::base {

// The amount in whole units (bytes, devices), rounded up, away from zero. kInvalid: not a quantity,
// or past 64 bits.
Result<std::int64_t> ParseUnits(std::string_view text);

// The amount in thousandths (of a core), rounded likewise.
Result<std::int64_t> ParseMilli(std::string_view text);

}  // namespace tangram::base

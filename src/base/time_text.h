// Times and spans as text.
#pragma once

#include <chrono>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/result.h"

namespace tangram::base {

// RFC 3339 in UTC: "2026-11-21T13:20:41Z", with ".123" only where milliseconds are not zero.
std::string FormatTime(Time time);

// Reads RFC 3339 with any offset and any number of fraction digits (those past milliseconds are
// dropped). Years 1970 to 9999.
Result<Time> ParseTime(std::string_view text);

// Spans as people and Prometheus write them: "14d", "1h30m", "45s", "250ms", "2w". Not negative.
Result<std::chrono::milliseconds> ParseSpan(std::string_view text);

// The shortest exact form ParseSpan reads back: 90 min -> "1h30m", 14 days -> "14d".
std::string FormatSpan(std::chrono::milliseconds span);

}  // namespace tangram::base

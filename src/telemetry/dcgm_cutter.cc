#include "telemetry/dcgm_cutter.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/clock.h"
#include "base/time_text.h"

namespace tangram::telemetry {

using std::chrono::milliseconds;

Cutter::Cutter(const Limits& limits) : limits_(limits), length_(limits.longest) {
  SetMultiple(limits.multiple_of);
}

void Cutter::SetMultiple(milliseconds multiple_of) {
  limits_.multiple_of = std::max(multiple_of, milliseconds(1));
  length_ = std::max(length_ / limits_.multiple_of, std::int64_t{1}) * limits_.multiple_of;
}

void Cutter::Shorten(milliseconds from) {
  const milliseconds half = std::max(from / 2, limits_.smallest);
  length_ = std::max(half / limits_.multiple_of, std::int64_t{1}) * limits_.multiple_of;
}

base::Result<void> Cutter::Walk(const Part& window, const Read& read) {
  base::Time end = window.to;
  while (end > window.from) {
    const Part part{std::max(window.from, end - length_), end};
    const auto started = base::MonotonicNow();
    const auto next = read(part);
    const milliseconds asked = part.to - part.from;
    if (next) {
      if (*next == Next::kStop) return {};
      if (base::MonotonicNow() - started > limits_.slow_after) Shorten(asked);
      end = part.from;
      continue;
    }
    const milliseconds before = asked;
    if (next.error().code == base::ErrorCode::kUnavailable) Shorten(asked);
    if (next.error().code != base::ErrorCode::kUnavailable || length_ >= before) {
      return base::Wrap(next.error(),
                        fmt::format("usage from {} to {}", base::FormatTime(part.from),
                                    base::FormatTime(part.to)));
    }
  }
  return {};
}

}  // namespace tangram::telemetry

#include "agent/use_meter.h"

#include <algorithm>
#include <tuple>
#include <utility>

namespace tangram::agent {

void UseMeter::Add(std::vector<ProcessSample> samples) {
  constexpr std::uint64_t kSamePeriod = 5'000;  // microseconds between processes' samples
  std::sort(samples.begin(), samples.end(), [](const ProcessSample& a, const ProcessSample& b) {
    return std::tie(a.microseconds, a.pid) < std::tie(b.microseconds, b.pid);
  });
  bool period_known = end_ != 0;
  for (std::size_t i = 1; i < samples.size(); ++i) {
    const std::uint64_t gap = samples[i].microseconds - samples[i - 1].microseconds;
    if (samples[i - 1].microseconds < end_ || gap <= kSamePeriod) continue;
    period_ = std::min(period_, gap);
    period_known = true;
  }
  for (std::size_t i = 0; i < samples.size();) {
    const std::uint64_t end = samples[i].microseconds;
    if (end <= end_) {  // of a period that was counted
      ++i;
      continue;
    }
    const std::uint64_t gap = end - end_;
    if (end_ != 0 && gap > kSamePeriod) period_ = std::min(period_, gap);
    const bool follows = end_ != 0 && gap <= period_ + period_ / 2;
    // Of the very first one nobody knows how long its period was, but by those behind it.
    const std::uint64_t span = follows ? gap : period_known ? period_ : 0;
    for (; i < samples.size() && samples[i].microseconds <= end + kSamePeriod; ++i) {
      seconds_[samples[i].pid] +=
          static_cast<double>(samples[i].sm_percent) / 100 * static_cast<double>(span) / 1e6;
      end_ = samples[i].microseconds;
    }
    period_known = true;
  }
}

std::map<std::int64_t, double> UseMeter::Take() { return std::exchange(seconds_, {}); }

}  // namespace tangram::agent

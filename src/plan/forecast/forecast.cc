#include "plan/forecast/forecast.h"

#include <algorithm>
#include <chrono>

namespace tangram::plan {
namespace {

constexpr Hour kDay = 24;
constexpr Hour kWeek = 7 * kDay;
constexpr std::int64_t kSurely = 1'000'000;

// The epoch was a Thursday.
bool IsWeekend(Hour hour) { return (hour / kDay + 3) % 7 >= 5; }

std::vector<std::int64_t> PeaksLike(const DemandHistory& history, Hour hour, Basis basis) {
  std::vector<std::int64_t> peaks;
  const Hour step = basis == Basis::kSameHourOfWeek ? kWeek : kDay;
  for (Hour past = hour - step; past >= hour - kWeeksOfHistory * kWeek; past -= step) {
    if (basis == Basis::kSameKindOfDay && IsWeekend(past) != IsWeekend(hour)) continue;
    if (const auto peak = history.PeakIn(past)) peaks.push_back(*peak);
  }
  return peaks;
}

// The smallest of them that promises what is asked, or the greatest.
Forecast Smallest(std::vector<std::int64_t> peaks, Basis basis, base::PartsPerMillion asked) {
  const std::int64_t n = std::ssize(peaks);
  const std::int64_t k = std::min(n, (asked.value() * (n + 1) + kSurely - 1) / kSurely);
  const auto at = peaks.begin() + std::max<std::int64_t>(k, 1) - 1;
  std::nth_element(peaks.begin(), at, peaks.end());
  return {*at, base::PartsPerMillion(std::max<std::int64_t>(k, 1) * kSurely / (n + 1)), basis,
          static_cast<int>(n)};
}

}  // namespace

Hour HourOf(base::Time time) {
  return std::chrono::floor<std::chrono::hours>(time).time_since_epoch().count();
}

void DemandHistory::Add(Hour hour, std::int64_t count) {
  constexpr Hour kMost = (kWeeksOfHistory + 1) * kWeek;
  if (peaks.empty()) first = hour;
  if (hour < first) {
    const Hour more = first - hour;
    if (more + std::ssize(peaks) > kMost) return;
    peaks.insert(peaks.begin(), static_cast<std::size_t>(more), std::nullopt);
    first = hour;
  }
  if (hour - first >= kMost) {
    const Hour dropped = std::min<Hour>(hour - first - kMost + 1, std::ssize(peaks));
    peaks.erase(peaks.begin(), peaks.begin() + dropped);
    first = peaks.empty() ? hour : first + dropped;
  }
  const auto at = static_cast<std::size_t>(hour - first);
  if (at >= peaks.size()) peaks.resize(at + 1);
  peaks[at] = std::max(peaks[at].value_or(0), count);
}

std::optional<std::int64_t> DemandHistory::PeakIn(Hour hour) const {
  if (hour < first || hour - first >= std::ssize(peaks)) return std::nullopt;
  return peaks[static_cast<std::size_t>(hour - first)];
}

Forecast ForecastOf(const DemandHistory& history, Hour hour, base::PartsPerMillion asked) {
  Forecast best;
  for (const Basis basis : {Basis::kSameHourOfWeek, Basis::kSameKindOfDay, Basis::kSameHour}) {
    auto peaks = PeaksLike(history, hour, basis);
    if (std::ssize(peaks) <= best.samples) continue;
    best = Smallest(std::move(peaks), basis, asked);
    if (best.promise >= asked) return best;
  }
  return best;
}

Forecast ReadyAt(const DemandHistory& history, base::Time now, const ReadyOptions& options) {
  Forecast most;
  const Hour last = HourOf(now + options.ahead);
  for (Hour hour = HourOf(now - options.keep); hour <= last; ++hour) {
    const Forecast expected = ForecastOf(history, hour, options.promise);
    if (most.basis == Basis::kNone || expected.count > most.count) most = expected;
  }
  for (Hour hour = HourOf(now - options.keep); hour <= HourOf(now); ++hour) {
    most.count = std::max(most.count, history.PeakIn(hour).value_or(0));
  }
  return most;
}

base::Time NextReadyAt(base::Time now, const ReadyOptions& options) {
  const auto next = [](base::Time time) {
    return std::chrono::floor<std::chrono::hours>(time) + std::chrono::hours(1);
  };
  return std::min<base::Time>(next(now + options.ahead) - options.ahead,
                              next(now - options.keep) + options.keep);
}

}  // namespace tangram::plan

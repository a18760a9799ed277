#include "plan/windows.h"

#include <algorithm>

#include "base/time_zone.h"

namespace tangram::plan {
namespace {

using std::chrono::days;

bool IsOn(const MaintenanceWindow& window, std::chrono::local_days day) {
  return window.days.at(std::chrono::weekday(day).iso_encoding() - 1);
}

// The end of time where it never opens again; `now` where it is open.
base::Time OpensAt(const MaintenanceWindow& window, base::Time now) {
  const auto today = base::LocalDayAt(window.time_zone, now);
  if (!today) return base::Time::max();
  // It may have opened yesterday, or the day before where clocks skipped a day.
  for (auto day = *today - days(2); day <= *today + days(8); day += days(1)) {
    const auto opens = base::TimeOf(window.time_zone, day, window.start);
    if (!opens || !IsOn(window, day) || *opens + window.duration <= now) continue;
    return std::max(*opens, now);
  }
  return base::Time::max();
}

}  // namespace

std::optional<base::Time> OpensAt(const std::vector<MaintenanceWindow>& windows, base::Time now) {
  if (windows.empty()) return std::nullopt;
  base::Time first = base::Time::max();
  for (const MaintenanceWindow& window : windows) first = std::min(first, OpensAt(window, now));
  return first <= now ? std::nullopt : std::optional(first);
}

}  // namespace tangram::plan

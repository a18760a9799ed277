// Maintenance windows: when something may begin that disturbs.
#pragma once

#include <array>
#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"

namespace tangram::plan {

// On each of its days, by clocks in its time zone, it opens at `start`, and stays open for
// `duration`, whatever becomes of the clocks meanwhile.
struct MaintenanceWindow {
  std::array<bool, 7> days = {true, true, true, true, true, true, true};  // from Monday
  std::chrono::minutes start{};   // after midnight, below 24 h
  base::Milliseconds duration{};  // at most 24 h
  std::string time_zone = "UTC";  // IANA's name
  bool operator==(const MaintenanceWindow&) const = default;
};
inline constexpr base::Milliseconds kLongestWindow = std::chrono::hours(24);

// Nothing where one of them is open, or there is none; else when the next one opens. Windows of a
// zone that is not known never open; where that leaves none, the end of time.
std::optional<base::Time> OpensAt(const std::vector<MaintenanceWindow>& windows, base::Time now);

}  // namespace tangram::plan

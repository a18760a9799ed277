#include "base/time_zone.h"

#include <date/tz.h>

#include <stdexcept>

namespace tangram::base {
namespace {

// nullptr: there is no such zone, or no database.
const date::time_zone* Find(const std::string& name) {
  try {
    return date::locate_zone(name);
  } catch (const std::runtime_error&) {
    return nullptr;
  }
}

}  // namespace

bool IsTimeZone(const std::string& name) { return Find(name) != nullptr; }

std::optional<std::chrono::local_days> LocalDayAt(const std::string& zone, Time time) {
  const date::time_zone* found = Find(zone);
  if (found == nullptr) return std::nullopt;
  const auto local = found->to_local(time);
  return std::chrono::local_days(date::floor<date::days>(local).time_since_epoch());
}

std::optional<Time> TimeOf(const std::string& zone, std::chrono::local_days day,
                           std::chrono::minutes of_day) {
  const date::time_zone* found = Find(zone);
  if (found == nullptr) return std::nullopt;
  const date::local_time<Milliseconds> local(day.time_since_epoch() + of_day);
  return found->to_sys(local, date::choose::earliest);
}

}  // namespace tangram::base

// Local times of IANA time zones, as the system's database (/usr/share/zoneinfo) has them.
#pragma once

#include <chrono>
#include <optional>
#include <string>

#include "base/clock.h"

namespace tangram::base {

// Whether the database has it: "Europe/Berlin", "UTC". The first call reads the database's names.
// Safe from any thread.
bool IsTimeZone(const std::string& name);

// The day that it is there. Nothing: there is no such zone.
std::optional<std::chrono::local_days> LocalDayAt(const std::string& zone, Time time);

// When clocks there show that much after the day's midnight: the first time, where they are put
// back over it; the moment at which they are put forward, where they skip it. Nothing: there is no
// such zone.
std::optional<Time> TimeOf(const std::string& zone, std::chrono::local_days day,
                           std::chrono::minutes of_day);

}  // namespace tangram::base

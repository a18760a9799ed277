#include "base/clock.h"

#include <time.h>

namespace tangram::base {

Time SystemClock::Now() const {
  return std::chrono::time_point_cast<Milliseconds>(std::chrono::system_clock::now());
}

SteadyClock::SteadyClock() : start_(SystemClock().Now()), began_(MonotonicNow()) {}

Time SteadyClock::Now() const {
  return start_ + std::chrono::duration_cast<Milliseconds>(MonotonicNow() - began_);
}

std::chrono::steady_clock::time_point MonotonicNow() { return std::chrono::steady_clock::now(); }

std::chrono::steady_clock::time_point SuspendedTooNow() {
  timespec now{};
  clock_gettime(CLOCK_BOOTTIME, &now);
  return std::chrono::steady_clock::time_point(std::chrono::seconds(now.tv_sec) +
                                               std::chrono::nanoseconds(now.tv_nsec));
}

}  // namespace tangram::base

// Time: the only place that reads the machine's clock is clock.cc.
#pragma once

#include <chrono>

namespace tangram::base {

using Milliseconds = std::chrono::milliseconds;
// Wall time, UTC.
using Time = std::chrono::sys_time<Milliseconds>;

class Clock {
 public:
  virtual ~Clock() = default;
  virtual Time Now() const = 0;
};

// The machine's wall clock. Safe from any thread.
class SystemClock final : public Clock {
 public:
  Time Now() const override;
};

// The wall time of its making, and from there as the monotonic clock runs: never jumps, whoever
// sets the machine's clock. For what measures spans. Safe from any thread.
class SteadyClock final : public Clock {
 public:
  SteadyClock();
  Time Now() const override;

 private:
  Time start_;
  std::chrono::steady_clock::time_point began_;
};

// Stands still until told otherwise. For tests and the simulator; not thread-safe.
class ManualClock final : public Clock {
 public:
  explicit ManualClock(Time start = Time{}) : now_(start) {}
  Time Now() const override { return now_; }
  void Advance(Milliseconds by) { now_ += by; }

 private:
  Time now_;
};

// A monotonic reading for measuring spans (progress, timeouts); never written to a file.
std::chrono::steady_clock::time_point MonotonicNow();

// The same kind of reading from another epoch, which also counts the time that the machine is
// suspended; for leases, which run out while we sleep. Not to be mixed with MonotonicNow.
std::chrono::steady_clock::time_point SuspendedTooNow();

}  // namespace tangram::base

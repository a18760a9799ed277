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

}  // namespace tangram::base

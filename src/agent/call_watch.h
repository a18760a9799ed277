// Which call of the library is under way, for those who wait for it.
#pragma once

#include <chrono>
#include <optional>
#include <string>

#include "base/mutex.h"

namespace tangram::agent {

// Written by the thread that calls NVML, read by the one that waits. Safe from any thread.
class CallWatch {
 public:
  struct Call {
    std::string name;  // "nvmlDeviceGetName of card 3"
    std::chrono::steady_clock::time_point began;
  };

  // False: nobody waits for this thread any more, and the call is not to be made.
  bool Begin(std::string name) EXCLUDES(mutex_);
  void End() EXCLUDES(mutex_);

  std::optional<Call> Current() const EXCLUDES(mutex_);
  // No further call begins.
  void GiveUp() EXCLUDES(mutex_);

 private:
  mutable base::Mutex mutex_;
  std::optional<Call> current_ GUARDED_BY(mutex_);
  bool given_up_ GUARDED_BY(mutex_) = false;
};

}  // namespace tangram::agent

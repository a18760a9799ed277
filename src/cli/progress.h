// One line on standard error for whatever takes longer than two seconds.
#pragma once

#include <chrono>
#include <functional>
#include <string>

#include "base/clock.h"
#include "base/mutex.h"
#include "cli/cli.h"

namespace tangram::cli {

// Thread-safe. On a terminal one line is written over and removed at the end; elsewhere a line
// every two seconds at most.
class ProgressLine {
 public:
  using Now = std::function<std::chrono::steady_clock::time_point()>;

  // `now` never goes back; it is called with a lock held.
  explicit ProgressLine(Streams& streams, Now now = base::MonotonicNow);
  ~ProgressLine();
  ProgressLine(const ProgressLine&) = delete;
  ProgressLine& operator=(const ProgressLine&) = delete;

  void Show(const std::string& text);

 private:
  Streams& streams_;
  const Now now_;
  base::Mutex mu_;
  // When a line was written, or the start.
  std::chrono::steady_clock::time_point last_ GUARDED_BY(mu_);
  bool shown_ GUARDED_BY(mu_) = false;
};

}  // namespace tangram::cli

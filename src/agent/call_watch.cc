#include "agent/call_watch.h"

#include <utility>

#include "base/clock.h"

namespace tangram::agent {

bool CallWatch::Begin(std::string name) {
  const base::MutexLock lock(mutex_);
  if (given_up_) return false;
  current_ = Call{std::move(name), base::MonotonicNow()};
  return true;
}

void CallWatch::End() {
  const base::MutexLock lock(mutex_);
  current_.reset();
}

std::optional<CallWatch::Call> CallWatch::Current() const {
  const base::MutexLock lock(mutex_);
  return current_;
}

void CallWatch::GiveUp() {
  const base::MutexLock lock(mutex_);
  given_up_ = true;
}

}  // namespace tangram::agent

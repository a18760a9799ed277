// Letters from any thread to the one that owns the Controller.
#pragma once

#include <chrono>
#include <functional>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/mutex.h"
#include "control/controller.h"

namespace tangram::adapter {

// Thread-safe. Letters are read in the order in which they came.
class Mailbox {
 public:
  using Letter = std::function<void(control::Controller&)>;

  void Post(Letter letter) {
    const base::MutexLock lock(mutex_);
    letters_.push_back(std::move(letter));
    arrived_.NotifyAll();
  }
  // All that came; waits for some until `until`. Nothing more comes after Close.
  std::vector<Letter> Take(std::chrono::steady_clock::time_point until) {
    const base::MutexLock lock(mutex_);
    while (letters_.empty() && !closed_ && base::MonotonicNow() < until) {
      arrived_.WaitUntil(mutex_, until);
    }
    return std::exchange(letters_, {});
  }
  void Close() {
    const base::MutexLock lock(mutex_);
    closed_ = true;
    arrived_.NotifyAll();
  }
  bool closed() const {
    const base::MutexLock lock(mutex_);
    return closed_;
  }

 private:
  mutable base::Mutex mutex_;
  base::CondVar arrived_;
  std::vector<Letter> letters_ GUARDED_BY(mutex_);
  bool closed_ GUARDED_BY(mutex_) = false;
};

}  // namespace tangram::adapter

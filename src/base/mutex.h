// A mutex whose rules the compiler checks: `clang++ -Wthread-safety` reads the annotations, every
// other compiler sees none of them.
#pragma once

#include <chrono>
#include <condition_variable>
#include <mutex>

#if defined(__clang__)
#define TANGRAM_THREAD_ANNOTATION(x) __attribute__((x))
#else
#define TANGRAM_THREAD_ANNOTATION(x)
#endif

// What is written or read only with the mutex held.
#define GUARDED_BY(mutex) TANGRAM_THREAD_ANNOTATION(guarded_by(mutex))
#define PT_GUARDED_BY(mutex) TANGRAM_THREAD_ANNOTATION(pt_guarded_by(mutex))
// A function that its caller enters with (or without) the mutex held.
#define REQUIRES(...) TANGRAM_THREAD_ANNOTATION(requires_capability(__VA_ARGS__))
#define EXCLUDES(...) TANGRAM_THREAD_ANNOTATION(locks_excluded(__VA_ARGS__))
#define ACQUIRE(...) TANGRAM_THREAD_ANNOTATION(acquire_capability(__VA_ARGS__))
#define RELEASE(...) TANGRAM_THREAD_ANNOTATION(release_capability(__VA_ARGS__))
#define CAPABILITY(name) TANGRAM_THREAD_ANNOTATION(capability(name))
#define SCOPED_CAPABILITY TANGRAM_THREAD_ANNOTATION(scoped_lockable)
#define NO_THREAD_SAFETY_ANALYSIS TANGRAM_THREAD_ANNOTATION(no_thread_safety_analysis)

namespace tangram::base {

// Not recursive.
class CAPABILITY("mutex") Mutex {
 public:
  Mutex() = default;
  Mutex(const Mutex&) = delete;
  Mutex& operator=(const Mutex&) = delete;

  void Lock() ACQUIRE() { mutex_.lock(); }
  void Unlock() RELEASE() { mutex_.unlock(); }

 private:
  friend class CondVar;
  std::mutex mutex_;
};

// Holds the mutex from here to the end of the block.
class SCOPED_CAPABILITY MutexLock {
 public:
  explicit MutexLock(Mutex& mutex) ACQUIRE(mutex) : mutex_(mutex) { mutex_.Lock(); }
  ~MutexLock() RELEASE() { mutex_.Unlock(); }
  MutexLock(const MutexLock&) = delete;
  MutexLock& operator=(const MutexLock&) = delete;

 private:
  Mutex& mutex_;
};

// Waits let go of the mutex and hold it again on return. They may return early: loop on the
// condition.
class CondVar {
 public:
  void Wait(Mutex& mutex) REQUIRES(mutex) {
    std::unique_lock<std::mutex> lock(mutex.mutex_, std::adopt_lock);
    condition_.wait(lock);
    lock.release();
  }
  // At `until` at the latest, on the monotonic clock (base::MonotonicNow).
  void WaitUntil(Mutex& mutex, std::chrono::steady_clock::time_point until) REQUIRES(mutex) {
    std::unique_lock<std::mutex> lock(mutex.mutex_, std::adopt_lock);
    condition_.wait_until(lock, until);
    lock.release();
  }
  void NotifyAll() { condition_.notify_all(); }

 private:
  std::condition_variable condition_;
};

}  // namespace tangram::base

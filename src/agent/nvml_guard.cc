#include "agent/nvml_guard.h"

#include <fmt/format.h>

#include <algorithm>
#include <exception>
#include <utility>

#include "base/mutex.h"

namespace tangram::agent {

using base::ErrorCode;
using base::Fail;

// What the guard and its thread share. The thread alone may keep it alive, once it is given up.
class NvmlGuard::Worker {
 public:
  explicit Worker(Make make) : make_(std::move(make)) {}

  // The thread: jobs one after another until it is told to end.
  void Loop() {
    std::unique_ptr<Nvml> nvml = make_(watch_);
    while (const auto job = Next()) {
      std::string error;
      try {
        (*job)(*nvml);
      } catch (const std::exception& thrown) {  // memory: the read fails, the process goes on
        error = thrown.what();
      }
      Finish(error);
    }
    nvml.reset();  // calls the library too
    const base::MutexLock lock(mutex_);
    phase_ = Phase::kEnded;
    changed_.NotifyAll();
  }

  void Post(Job job) {
    const base::MutexLock lock(mutex_);
    job_ = std::move(job);
    phase_ = Phase::kWorking;
    changed_.NotifyAll();
  }

  // Waits for the job. The call that took over `most`, where one did.
  std::optional<CallWatch::Call> AwaitJob(base::Milliseconds most) {
    return Await(Phase::kIdle, most);
  }

  // Tells the thread to end, and waits for it likewise.
  std::optional<CallWatch::Call> End(base::Milliseconds most) {
    {
      const base::MutexLock lock(mutex_);
      end_ = true;
      changed_.NotifyAll();
    }
    return Await(Phase::kEnded, most);
  }

  void GiveUp() {
    watch_.GiveUp();
    const base::MutexLock lock(mutex_);
    end_ = true;
    changed_.NotifyAll();
  }

  std::string Error() const {
    const base::MutexLock lock(mutex_);
    return error_;
  }

 private:
  enum class Phase { kIdle, kWorking, kEnded };

  std::optional<Job> Next() {
    const base::MutexLock lock(mutex_);
    while (!job_ && !end_) changed_.Wait(mutex_);
    return std::exchange(job_, std::nullopt);
  }

  void Finish(const std::string& error) {
    const base::MutexLock lock(mutex_);
    error_ = error;
    phase_ = Phase::kIdle;
    changed_.NotifyAll();
  }

  std::optional<CallWatch::Call> Await(Phase phase, base::Milliseconds most) {
    const base::MutexLock lock(mutex_);
    while (phase_ != phase) {
      const auto now = base::MonotonicNow();
      const auto call = watch_.Current();
      if (call && call->began + most <= now) return call;
      changed_.WaitUntil(mutex_, (call ? call->began : now) + most);
    }
    return std::nullopt;
  }

  const Make make_;
  CallWatch watch_;
  mutable base::Mutex mutex_;
  base::CondVar changed_;
  std::optional<Job> job_ GUARDED_BY(mutex_);
  std::string error_ GUARDED_BY(mutex_);  // of the last job, where it threw
  Phase phase_ GUARDED_BY(mutex_) = Phase::kIdle;
  bool end_ GUARDED_BY(mutex_) = false;
};

NvmlGuard::NvmlGuard(Make make, Limits limits, const base::Clock& clock)
    : make_(std::move(make)), limits_(limits), clock_(clock) {}

NvmlGuard::~NvmlGuard() {
  if (!worker_) return;
  if (worker_->End(limits_.call)) {
    worker_->GiveUp();
    thread_.detach();
  } else {
    thread_.join();
  }
}

base::Error NvmlGuard::GiveUp(const CallWatch::Call& call) {
  worker_->GiveUp();
  thread_.detach();
  worker_.reset();
  ++given_up_;
  const auto pause = limits_.first_pause * (std::int64_t{1} << std::min(given_up_ - 1, 16));
  not_before_ = clock_.Now() + pause;
  last_ = fmt::format("{} did not answer within {} ms; its thread was given up ({} of {})",
                      call.name, limits_.call.count(), given_up_, limits_.most_given_up);
  return {ErrorCode::kUnavailable, last_};
}

base::Result<void> NvmlGuard::Run(Job job) {
  if (given_up_ >= limits_.most_given_up) {
    return Fail(ErrorCode::kUnavailable,
                "the NVIDIA library is not asked any more: " + last_ +
                    "; look for hung GPUs (dmesg), then restart this process or the node");
  }
  if (given_up_ > 0 && clock_.Now() < not_before_) {
    return Fail(ErrorCode::kUnavailable, "the NVIDIA library is left alone for a while: " + last_);
  }
  if (!worker_) {
    worker_ = std::make_shared<Worker>(make_);
    thread_ = std::thread([worker = worker_] { worker->Loop(); });
  }
  worker_->Post(std::move(job));
  if (const auto hung = worker_->AwaitJob(limits_.call)) {
    return tl::unexpected(GiveUp(*hung));
  }
  if (const std::string error = worker_->Error(); !error.empty()) {
    return Fail(ErrorCode::kUnavailable, "reading the GPUs: " + error);
  }
  return {};
}

namespace {

// Not inlined: g++ 12 takes what it sees through three std::functions for a free of no heap.
template <class T>
[[gnu::noinline]] void Put(std::optional<base::Result<T>>& answer,
                           const std::function<base::Result<T>(Nvml&)>& read, Nvml& nvml) {
  answer.emplace(read(nvml));
}

}  // namespace

template <class T>
base::Result<T> NvmlGuard::On(std::function<base::Result<T>(Nvml&)> read) {
  const auto answer = std::make_shared<std::optional<base::Result<T>>>();  // outlives a give-up
  const auto ran = Run([answer, read = std::move(read)](Nvml& nvml) { Put(*answer, read, nvml); });
  if (!ran) return tl::unexpected(ran.error());
  return std::move(**answer);
}

base::Result<Driver> NvmlGuard::ReadDriver() {
  return On<Driver>([](Nvml& nvml) { return nvml.ReadDriver(); });
}

base::Result<Card> NvmlGuard::ReadCard(int index) {
  return On<Card>([index](Nvml& nvml) { return nvml.ReadCard(index); });
}

base::Result<Links> NvmlGuard::ReadLinks(const std::vector<Card>& cards) {
  return On<Links>([cards](Nvml& nvml) { return nvml.ReadLinks(cards); });
}

base::Result<Reading> NvmlGuard::ReadAgain(const Card& known) {
  const auto card = std::make_shared<const Card>(known);  // the read may outlive the caller
  return On<Reading>([card](Nvml& nvml) { return nvml.ReadAgain(*card); });
}

base::Result<ProcessSamples> NvmlGuard::ReadProcessSamples(int index) {
  return On<ProcessSamples>([index](Nvml& nvml) { return nvml.ReadProcessSamples(index); });
}

base::Result<CutResult<void>> NvmlGuard::Do(const MigStep& step) {
  const auto kept = std::make_shared<const MigStep>(step);  // the call may outlive the caller
  return On<CutResult<void>>([kept](Nvml& nvml) { return nvml.Do(*kept); });
}

base::Result<CgroupMemory> NvmlGuard::ReadMemoryLimit(const CgroupOnCard& at) {
  return On<CgroupMemory>([at](Nvml& nvml) { return nvml.ReadMemoryLimit(at); });
}

base::Result<void> NvmlGuard::SetMemoryLimit(const CgroupOnCard& at, base::MiB most) {
  return On<void>([at, most](Nvml& nvml) { return nvml.SetMemoryLimit(at, most); });
}

base::Result<Events> NvmlGuard::AwaitEvents(const std::vector<int>& cards,
                                            base::Milliseconds most) {
  const auto watched = std::make_shared<const std::vector<int>>(cards);
  return On<Events>([watched, most](Nvml& nvml) { return nvml.AwaitEvents(*watched, most); });
}

}  // namespace tangram::agent

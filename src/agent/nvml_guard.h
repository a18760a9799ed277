// Outlives calls of NVML that never return.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <thread>

#include "agent/call_watch.h"
#include "agent/nvml.h"
#include "base/clock.h"

namespace tangram::agent {

// Every call of the Nvml that it guards is made on one thread. Where a single call of the library
// takes longer than it may, that thread is given up: it can't be ended, and makes no further call
// should it ever come back. The next read makes a new thread, after a pause that doubles, until so
// many were given up that only a restart of the process, or of the node, can help.
//
// Not thread-safe: one thread reads.
class NvmlGuard final : public Nvml {
 public:
  struct Limits {
    base::Milliseconds call{20'000};    // one call of the library; MIG handles can take 10 s
    base::Milliseconds first_pause{0};  // after the first thread that was given up
    int most_given_up = 3;
  };
  // Makes the Nvml of a thread, on that thread. It borrows the watch, and names its calls there.
  using Make = std::function<std::unique_ptr<Nvml>(CallWatch&)>;

  // Borrows `clock`, which times the pauses.
  NvmlGuard(Make make, Limits limits, const base::Clock& clock);
  // Waits for the thread no longer than for any call.
  ~NvmlGuard() override;
  NvmlGuard(const NvmlGuard&) = delete;
  NvmlGuard& operator=(const NvmlGuard&) = delete;

  base::Result<Driver> ReadDriver() override;
  base::Result<Card> ReadCard(int index) override;
  base::Result<Links> ReadLinks(const std::vector<Card>& cards) override;
  base::Result<Reading> ReadAgain(const Card& known) override;
  base::Result<ProcessSamples> ReadProcessSamples(int index) override;
  base::Result<Events> AwaitEvents(const std::vector<int>& cards, base::Milliseconds most) override;
  base::Result<CutResult<void>> Do(const MigStep& step) override;
  base::Result<CgroupMemory> ReadMemoryLimit(const CgroupOnCard& at) override;
  base::Result<void> SetMemoryLimit(const CgroupOnCard& at, base::MiB most) override;
  int HungCalls() const override { return given_up_; }
  // No further call will be made: as many as may have hung.
  bool Exhausted() const { return given_up_ >= limits_.most_given_up; }

 private:
  class Worker;
  using Job = std::function<void(Nvml&)>;

  template <class T>
  base::Result<T> On(std::function<base::Result<T>(Nvml&)> read);
  base::Result<void> Run(Job job);
  base::Error GiveUp(const CallWatch::Call& call);

  Make make_;
  Limits limits_;
  const base::Clock& clock_;
  std::shared_ptr<Worker> worker_;  // shared with its thread
  std::thread thread_;
  int given_up_ = 0;
  base::Time not_before_{};
  std::string last_;  // why the last one was given up
};

}  // namespace tangram::agent

// The thread that makes plans, away from the one that places pods.
#pragma once

#include <functional>
#include <optional>
#include <thread>

#include "adapter/live/mailbox.h"
#include "base/clock.h"
#include "base/mutex.h"
#include "control/plan_maker.h"

namespace tangram::adapter {

// What plans are made of: the snapshot, with what was measured. On the thread.
using AsMeasured = std::function<cluster::Snapshot(const cluster::Snapshot&)>;

// One order at a time; what it makes is posted to the mailbox.
class PlanThread final : public control::PlanMaker {
 public:
  // Borrowed: mailbox and clock must outlive it.
  PlanThread(Mailbox& mailbox, const base::Clock& clock, AsMeasured as_measured);
  // Ends the plan at hand.
  ~PlanThread() override;
  PlanThread(const PlanThread&) = delete;
  PlanThread& operator=(const PlanThread&) = delete;

  void Start(control::PlanOrder order) override;

 private:
  void Run();
  std::optional<control::PlanOrder> Next();

  Mailbox& mailbox_;
  const base::Clock& clock_;
  const AsMeasured as_measured_;
  base::Mutex mutex_;
  base::CondVar changed_;
  std::optional<control::PlanOrder> order_ GUARDED_BY(mutex_);
  bool stopped_ GUARDED_BY(mutex_) = false;
  std::thread thread_;  // last: it uses the others
};

}  // namespace tangram::adapter

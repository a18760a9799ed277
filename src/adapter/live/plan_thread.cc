#include "adapter/live/plan_thread.h"

#include <utility>

#include "plan/pool_plan.h"

namespace tangram::adapter {

PlanThread::PlanThread(Mailbox& mailbox, const base::Clock& clock, AsMeasured as_measured)
    : mailbox_(mailbox),
      clock_(clock),
      as_measured_(std::move(as_measured)),
      thread_([this] { Run(); }) {}

PlanThread::~PlanThread() {
  {
    const base::MutexLock lock(mutex_);
    stopped_ = true;
    changed_.NotifyAll();
  }
  thread_.join();
}

void PlanThread::Start(control::PlanOrder order) {
  const base::MutexLock lock(mutex_);
  order_ = std::move(order);
  changed_.NotifyAll();
}

// Waits for one; nothing: it is to stop.
std::optional<control::PlanOrder> PlanThread::Next() {
  const base::MutexLock lock(mutex_);
  while (!order_ && !stopped_) changed_.Wait(mutex_);
  if (stopped_) return std::nullopt;
  return std::exchange(order_, std::nullopt);
}

void PlanThread::Run() {
  while (auto order = Next()) {
    plan::PoolPlan made =
        plan::MakePoolPlan(as_measured_(*order->snapshot), order->policy, order->pool);
    mailbox_.Post([made = std::move(made), pool = order->pool, &clock = clock_](
                      control::Controller& to) { to.Planned(pool, made, clock.Now()); });
  }
}

}  // namespace tangram::adapter

// Makes plans when it is told to, as the thread of the control plane does, in the test's own time.
#pragma once

#include <utility>
#include <vector>

#include "control/controller.h"
#include "plan/pool_plan.h"

namespace tangram::control::testing {

class FakePlanMaker final : public PlanMaker {
 public:
  void Start(PlanOrder order) override { orders.push_back(std::move(order)); }

  // Makes what was ordered. Whether there was anything.
  bool Deliver(Controller& controller, base::Time now) {
    const auto open = std::exchange(orders, {});
    for (const PlanOrder& order : open) {
      ++made;
      controller.Planned(order.pool, plan::MakePoolPlan(*order.snapshot, order.policy, order.pool),
                         now);
    }
    return !open.empty();
  }

  std::vector<PlanOrder> orders;
  int made = 0;
};

}  // namespace tangram::control::testing

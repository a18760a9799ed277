// Plans are made on a thread of their own, and come by the mailbox.
#include "adapter/live/plan_thread.h"

#include <gtest/gtest.h>

#include <chrono>

namespace tangram::adapter {
namespace {

class NoWrites final : public control::Actuator {
 public:
  void Start(Id /*id*/, control::Write /*write*/) override {}
};

TEST(PlanThread, WhatIsOrderedComesByTheMailbox) {
  Mailbox mailbox;
  const base::SteadyClock clock;
  NoWrites actuator;
  PlanThread maker(mailbox, clock, [](const cluster::Snapshot& as_it_is) { return as_it_is; });
  control::Controller controller(actuator, maker, {});
  controller.SetSynced(true);
  controller.SetLeading(true);
  plan::PlanPolicy policy;
  policy.pools = {{.name = "all", .selector = {}, .policy = {}}};
  controller.SetPolicy(policy);
  cluster::Node node;
  node.name = "a";
  controller.model().Set(node);
  const auto until = base::MonotonicNow() + std::chrono::seconds(20);
  while (controller.proposals().counts().plans == 0 && base::MonotonicNow() < until) {
    controller.Run(clock.Now());
    for (const auto& letter : mailbox.Take(base::MonotonicNow() + std::chrono::milliseconds(5))) {
      letter(controller);
    }
  }
  EXPECT_EQ(controller.proposals().counts().plans, 1);
}

TEST(PlanThread, EndsWithAnOrderOpen) {
  Mailbox mailbox;
  const base::SteadyClock clock;
  PlanThread maker(mailbox, clock, [](const cluster::Snapshot& as_it_is) { return as_it_is; });
  maker.Start({.pool = "all", .snapshot = std::make_shared<const cluster::Snapshot>()});
}

}  // namespace
}  // namespace tangram::adapter

// A controller with everything around it in memory, in virtual time.
#pragma once

#include <algorithm>

#include "base/time_text.h"
#include "control/controller.h"
#include "control/fake_actuator_testing.h"
#include "control/fake_plan_maker_testing.h"

namespace tangram::control::testing {

struct Loop {
  explicit Loop(ControllerOptions options = {}) : controller(api, maker, options) {
    controller.SetSynced(true);
    controller.SetLeading(true);
  }

  // Runs as its owner would, for so long.
  void Run(base::Milliseconds span) {
    constexpr base::Milliseconds kStep{1};
    const base::Time end = now + span;
    while (now < end) {
      const base::Time next = controller.Run(now);
      bool changed = maker.Deliver(controller, now);
      changed = api.Deliver(controller, now) || changed;
      now = std::min(changed ? now + kStep : std::max(next, now + kStep), end);
    }
  }

  base::Time now = *base::ParseTime("2026-11-22T12:00:00Z");
  FakeActuator api;
  FakePlanMaker maker;
  Controller controller;
};

}  // namespace tangram::control::testing

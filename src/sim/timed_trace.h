// The openb trace with its times, as a scenario.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "cluster/price.h"
#include "sim/openb_trace.h"
#include "sim/scenario.h"

namespace tangram::sim {

struct TimedTraceOptions {
  const cluster::PriceBook* prices = nullptr;  // absent: no node has a price
  std::int64_t speed = 1;                      // arrivals come so many times as fast; runs last as
                                               // long as they did
  Milliseconds boot{};
  std::optional<Milliseconds> idle_after{};  // nodes come and go; absent: all of them stay on
  std::optional<Milliseconds> length{};      // absent: until the last task comes
};

struct TimedTrace {
  Scenario scenario;
  std::int64_t left_out = 0;  // tasks that were never scheduled: how long they run is not known
};

// A task arrives when it was created and runs for as long as it did, from schedule to deletion;
// without a deletion to the end. Fails as ClusterOf does, and on tasks without times.
base::Result<TimedTrace> ScenarioOf(const OpenbTrace& trace, const TimedTraceOptions& options);

}  // namespace tangram::sim

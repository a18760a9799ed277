// What was wanted in the hours before, from the Prometheus that scrapes our controllers.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "cluster/snapshot.h"
#include "telemetry/prometheus.h"
#include "telemetry/wanted.h"

namespace tangram::adapter {

// A row for each stretch of hours in a row.
cluster::List<cluster::Demand> DemandOf(const std::vector<telemetry::WantedHours>& wanted);

using Matchers = std::vector<std::pair<std::string, std::string>>;

// What was wanted before `now`, as long ago as forecasts look.
base::Result<cluster::List<cluster::Demand>> DemandBefore(base::Time now,
                                                          const telemetry::Prometheus& prometheus,
                                                          const Matchers& matchers);

// The snapshot with `demand`, or with a gap that says why there is none, where none says so of
// usage, which comes from the same server. Nothing was ever recorded: neither.
cluster::Snapshot ReadDemand(cluster::Snapshot snapshot, const telemetry::Prometheus& prometheus,
                             const Matchers& matchers);

// Why there is no demand, and what to do.
cluster::Gap GapOfDemand(const std::string& why);

}  // namespace tangram::adapter

// Where a Prometheus with DCGM's series is in the cluster.
#pragma once

#include <string>

#include "base/clock.h"
#include "base/result.h"
#include "kube/client.h"
#include "telemetry/prometheus.h"

namespace tangram::adapter {

struct FoundPrometheus {
  telemetry::Prometheus prometheus;
  std::string source;  // "service monitoring/prometheus-operated:9090", for people
};

// Asks each candidate, the likeliest first, and takes the first that has DCGM's series now or had
// them an hour ago; where none has, the first that answers PromQL. An error says what was looked
// for and how each candidate answered, with the remedy.
base::Result<FoundPrometheus> FindPrometheus(kube::Client& client, base::Time now);

}  // namespace tangram::adapter

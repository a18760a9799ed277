// Where usage is read from, and where a Prometheus with DCGM's series is in the cluster.
#pragma once

#include <string>
#include <variant>

#include "base/clock.h"
#include "base/result.h"
#include "kube/client.h"
#include "telemetry/prometheus.h"

namespace tangram::adapter {

// Where usage comes from.
struct NoUsage {};
struct FindInCluster {};  // a Prometheus of the cluster, through the API server
using UsageSource = std::variant<NoUsage, FindInCluster, telemetry::PrometheusUrl>;

// "https://me:word@10.0.0.1:6443/x" -> "10.0.0.1:6443": what may be shown of a URL.
std::string HostOf(std::string url);

struct FoundPrometheus {
  telemetry::Prometheus prometheus;
  std::string source;  // "service monitoring/prometheus-operated:9090", for people
};

// Asks each candidate, the likeliest first, and takes the first that has DCGM's series now or had
// them an hour ago; where none has, the first that answers PromQL. An error says what was looked
// for and how each candidate answered, with the remedy.
base::Result<FoundPrometheus> FindPrometheus(kube::Client& client, base::Time now);

// The one that `source` names, or that is found. kInvalid: it names none.
base::Result<FoundPrometheus> ReachPrometheus(const UsageSource& source, kube::Client& client,
                                              base::Time now);

}  // namespace tangram::adapter

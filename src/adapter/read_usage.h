// Usage of the cluster's GPUs, from Prometheus.
#pragma once

#include <chrono>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "adapter/read_cluster.h"
#include "cluster/snapshot.h"
#include "telemetry/prometheus.h"

namespace tangram::adapter {

struct UsageOptions {
  std::chrono::milliseconds window{0};  // that ends when the snapshot was taken
  std::vector<std::pair<std::string, std::string>> matchers;
  std::string source;  // for people, no credentials: "service monitoring/prometheus-operated:9090"
  std::function<void(const Progress&)> progress;  // may be empty
};

// The snapshot with usage (join_usage.h). Where there is none, or it cannot be read, the snapshot
// comes back without usage and with a gap that says why: nothing may then be called idle.
cluster::Snapshot ReadUsage(cluster::Snapshot snapshot, const telemetry::Prometheus& prometheus,
                            const UsageOptions& options);

// Why there is no usage, and what to do. `source`: as UsageOptions has it; may be empty.
cluster::Gap GapOfUsage(const std::string& source, const std::string& why);
// As Usage::source has it.
std::string SourceOf(const std::string& source);

}  // namespace tangram::adapter

// The front door: one call makes a snapshot of a live cluster.
#pragma once

#include <chrono>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "adapter/find_prometheus.h"
#include "adapter/read_cluster.h"
#include "base/clock.h"
#include "base/result.h"
#include "cluster/snapshot.h"
#include "kube/config.h"

namespace tangram::adapter {

struct SnapshotRequest {
  kube::ConfigSources cluster;  // --kubeconfig, --context
  UsageSource usage = FindInCluster{};
  std::chrono::milliseconds window{std::chrono::hours(24 * 14)};  // of usage, up to now
  // Label equals value on every series: one cluster of many in a Thanos, say.
  std::vector<std::pair<std::string, std::string>> matchers;
  std::function<void(const Progress&)> progress;  // any thread, one call at a time; may be empty
};

// Reads the cluster and then its usage. Blocks; needs no more than the rights in
// docs/permissions.md and changes nothing. Usage that cannot be read is a gap, never an error.
// `clock` is borrowed for the call.
base::Result<cluster::Snapshot> TakeSnapshot(const SnapshotRequest& request,
                                             const base::Clock& clock);

}  // namespace tangram::adapter

#include "adapter/adapter.h"

#include <memory>
#include <utility>

#include "adapter/read_demand.h"
#include "adapter/read_usage.h"
#include "kube/client.h"

namespace tangram::adapter {
base::Result<cluster::Snapshot> TakeSnapshot(const SnapshotRequest& request,
                                             const base::Clock& clock) {
  const auto config = kube::LoadConfig(request.cluster);
  if (!config) return tl::unexpected<base::Error>(config.error());
  const auto client = kube::Client::Open(*config, {.clock = &clock});
  if (!client) return tl::unexpected<base::Error>(client.error());
  ReadOptions options;
  options.progress = request.progress;
  auto snapshot = ReadCluster(**client, clock, options);
  if (!snapshot) return snapshot;
  snapshot->cluster = config->cluster.empty() ? HostOf(config->server) : config->cluster;
  if (std::holds_alternative<NoUsage>(request.usage)) return snapshot;
  const auto found = ReachPrometheus(request.usage, **client, snapshot->taken_at);
  if (!found) {
    snapshot->gaps.push_back({"usage", found.error().message,
                              "name a Prometheus that has DCGM's series with --prometheus URL"});
    cluster::Normalize(*snapshot);
    return snapshot;
  }
  UsageOptions usage;
  usage.window = request.window;
  usage.matchers = request.matchers;
  usage.source = found->source;
  usage.progress = request.progress;
  return ReadDemand(ReadUsage(std::move(*snapshot), found->prometheus, usage), found->prometheus,
                    request.matchers);
}

}  // namespace tangram::adapter

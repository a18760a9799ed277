#include "adapter/adapter.h"

#include <memory>
#include <utility>

#include "adapter/find_prometheus.h"
#include "adapter/read_usage.h"
#include "kube/client.h"

namespace tangram::adapter {
namespace {

// "https://10.0.0.1:6443/x" -> "10.0.0.1:6443".
std::string HostOf(std::string url) {
  if (const auto at = url.find("://"); at != std::string::npos) url.erase(0, at + 3);
  if (const auto at = url.find('/'); at != std::string::npos) url.resize(at);
  if (const auto at = url.rfind('@'); at != std::string::npos) url.erase(0, at + 1);
  return url;
}

base::Result<FoundPrometheus> Reach(const UsageSource& source, kube::Client& client,
                                    base::Time now) {
  if (const auto* where = std::get_if<telemetry::PrometheusUrl>(&source)) {
    auto prometheus = telemetry::Prometheus::Open(*where);
    if (!prometheus) return tl::unexpected<base::Error>(prometheus.error());
    return FoundPrometheus{std::move(*prometheus), HostOf(where->url)};
  }
  return FindPrometheus(client, now);
}

}  // namespace

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
  const auto found = Reach(request.usage, **client, snapshot->taken_at);
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
  return ReadUsage(std::move(*snapshot), found->prometheus, usage);
}

}  // namespace tangram::adapter

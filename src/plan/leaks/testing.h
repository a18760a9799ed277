// A small cluster in a few lines, for tests: names only what a test is about.
#pragma once

#include <string>

#include "base/time_text.h"
#include "cluster/snapshot.h"

namespace tangram::plan::testing {

inline base::Time Noon() { return *base::ParseTime("2026-11-21T12:00:00Z"); }

struct NodeSpec {
  std::string name;
  std::string product = "NVIDIA-A100-SXM4-40GB";
  int gpus = 1;
  std::int64_t usd_per_hour = 10;  // the node; 0: unknown
  std::int64_t spot_usd_per_hour = 0;
  int replicas = 1;
  std::vector<std::string> instances{};  // on every card
};

inline cluster::Node MakeNode(const NodeSpec& spec) {
  cluster::Node node;
  node.name = spec.name;
  node.created_at = Noon() - std::chrono::hours(24 * 30);
  node.capacity_type = cluster::CapacityType::kOnDemand;
  if (!spec.instances.empty()) node.mig_strategy = cluster::MigStrategy::kMixed;
  for (int i = 0; i < spec.gpus; ++i) {
    cluster::Gpu gpu;
    gpu.index = i;
    gpu.uuid = "GPU-" + spec.name + "-" + std::to_string(i);
    gpu.product = spec.product;
    gpu.replicas = spec.replicas;
    gpu.sharing = spec.replicas > 1 ? cluster::Sharing::kTimeSlicing : cluster::Sharing::kNone;
    for (const std::string& profile : spec.instances) {
      gpu.instances.push_back({profile, std::nullopt, std::to_string(gpu.instances.size() + 1)});
    }
    node.gpus.push_back(gpu);
  }
  if (spec.usd_per_hour > 0) {
    node.price = cluster::NodePrice{
        base::MicroUsdPerHour(spec.usd_per_hour * 1'000'000), {}, "test", "2026-11-01", ""};
    if (spec.spot_usd_per_hour > 0) {
      node.price->spot_rate = base::MicroUsdPerHour(spec.spot_usd_per_hour * 1'000'000);
    }
  }
  return node;
}

struct PodSpec {
  std::string name;
  std::string node{};
  std::string resource = "nvidia.com/gpu";
  std::int64_t count = 1;
  cluster::Owner owner{"Deployment", ""};  // an empty name: the pod's own
  std::string team{};
};

inline cluster::Pod MakePod(const PodSpec& spec) {
  cluster::Pod pod;
  pod.ns = "default";
  pod.name = spec.name;
  pod.uid = "uid-" + spec.name;
  pod.owner = spec.owner;
  if (!pod.owner.kind.empty() && pod.owner.name.empty()) pod.owner.name = spec.name;
  if (!spec.team.empty()) pod.labels.emplace_back("team", spec.team);
  pod.node = spec.node;
  pod.phase = spec.node.empty() ? cluster::PodPhase::kPending : cluster::PodPhase::kRunning;
  pod.ready = !spec.node.empty();
  pod.created_at = Noon() - std::chrono::hours(24 * 20);
  pod.started_at = pod.created_at;
  pod.devices = {{spec.resource, spec.count}};
  return pod;
}

struct UsageSpec {
  std::string pod{};
  std::string node{};
  int gpu = 0;
  std::int64_t active_ppm = 0;  // mean
  std::int64_t max_ppm = 0;
  std::int64_t busy_ppm = 0;
  std::int64_t memory_mib = 0;
  std::int64_t coverage_percent = 100;
  std::string instance_id{};
  std::string profile{};
};

// Records over the 14 days before noon, one sample a minute.
inline void AddUsage(cluster::Snapshot& snapshot, const UsageSpec& spec) {
  using namespace std::chrono_literals;
  if (!snapshot.usage) {
    snapshot.usage = cluster::Usage{Noon() - 14 * 24h, Noon(), 60s, "prometheus", {}};
  }
  cluster::DeviceUsage record;
  record.node = spec.node;
  record.uuid = "GPU-" + spec.node + "-" + std::to_string(spec.gpu);
  record.gpu_index = spec.gpu;
  record.instance_id = spec.instance_id;
  record.profile = spec.profile;
  record.ns = spec.pod.empty() ? "" : "default";
  record.pod = spec.pod;
  record.metric = cluster::ActivityMetric::kEngine;
  record.samples = 14 * 24 * 60 * spec.coverage_percent / 100;
  record.active_mean = base::PartsPerMillion(spec.active_ppm);
  record.active_max = base::PartsPerMillion(spec.max_ppm);
  record.busy_share = base::PartsPerMillion(spec.busy_ppm);
  if (spec.busy_ppm > 0) record.last_active = Noon() - 5min;
  if (spec.memory_mib > 0) record.memory_max = base::MiB(spec.memory_mib);
  snapshot.usage->devices.push_back(record);
}

inline cluster::Snapshot MakeSnapshot(std::vector<cluster::Node> nodes,
                                      std::vector<cluster::Pod> pods) {
  cluster::Snapshot snapshot;
  snapshot.taken_at = Noon();
  snapshot.cluster = "test";
  snapshot.nodes = std::move(nodes);
  snapshot.pods = std::move(pods);
  cluster::Normalize(snapshot);
  return snapshot;
}

}  // namespace tangram::plan::testing

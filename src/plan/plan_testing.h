// Small clusters, for the tests of the planner.
#pragma once

#include <string>
#include <vector>

#include "base/time_text.h"
#include "cluster/snapshot.h"

namespace tangram::plan::testing {

inline constexpr const char* kA100 = "NVIDIA-A100-SXM4-40GB";

class Cluster {
 public:
  Cluster() { snapshot_.taken_at = *base::ParseTime("2026-11-21T12:00:00Z"); }

  // A node of `gpus` whole cards, with 10 cores and 100 GiB a card, at a dollar an hour a card.
  cluster::Node& Node(const std::string& name, int gpus, const std::string& product = kA100) {
    cluster::Node node;
    node.name = name;
    node.pool = "pool";
    node.instance_type = std::to_string(gpus) + "x";
    node.cpu = base::MilliCpu(10'000) * gpus;
    node.memory = base::MiB(102'400) * gpus;
    node.devices = {{"nvidia.com/gpu", gpus}};
    node.mig_strategy = cluster::MigStrategy::kMixed;
    for (int i = 0; i < gpus; ++i) {
      cluster::Gpu& gpu = node.gpus.emplace_back();
      gpu.index = i;
      gpu.product = product;
      gpu.memory = base::MiB(40'960);
    }
    node.price.emplace().rate = base::MicroUsdPerHour(1'000'000) * gpus;
    return snapshot_.nodes.emplace_back(std::move(node));
  }

  // The card gets instances at these starts; the node offers them.
  static void Cut(cluster::Node& node, int gpu,
                  const std::vector<std::pair<std::string, int>>& instances) {
    cluster::Gpu& card = node.gpus.at(static_cast<std::size_t>(gpu));
    card.layout = cluster::LayoutSource::kObserved;
    AddDevice(node, "nvidia.com/gpu", -1);
    for (const auto& [profile, start] : instances) {
      card.instances.push_back({profile, start, std::to_string(card.instances.size() + 1)});
      AddDevice(node, "nvidia.com/mig-" + profile, 1);
    }
  }

  // Every card of the node is shared, under a name of its own.
  static void Share(cluster::Node& node, int replicas) {
    for (cluster::Gpu& card : node.gpus) {
      card.sharing = cluster::Sharing::kTimeSlicing;
      card.replicas = replicas;
    }
    const auto cards = static_cast<std::int64_t>(node.gpus.size());
    node.devices = {{"nvidia.com/gpu", 0}, {"nvidia.com/gpu.shared", cards * replicas}};
  }

  // A pod of a Deployment of that name, with a core and a GiB; without a node it waits.
  cluster::Pod& Pod(const std::string& name, const std::string& resource, std::int64_t count = 1,
                    const std::string& node = "") {
    cluster::Pod pod;
    pod.ns = "ns";
    pod.name = name;
    pod.uid = name;
    pod.owner = {"Deployment", name.substr(0, name.find('-'))};
    pod.cpu = base::MilliCpu(1'000);
    pod.memory = base::MiB(1'024);
    pod.devices = {{resource, count}};
    pod.node = node;
    pod.phase = node.empty() ? cluster::PodPhase::kPending : cluster::PodPhase::kRunning;
    pod.ready = !node.empty();
    return snapshot_.pods.emplace_back(std::move(pod));
  }

  // DCGM names the pod on that instance of the card, counted from 1; 0: on the whole card.
  cluster::DeviceUsage& Seen(const cluster::Pod& pod, int gpu, int instance) {
    if (!snapshot_.usage) {
      snapshot_.usage.emplace().to = snapshot_.taken_at;
      snapshot_.usage->from = snapshot_.taken_at - std::chrono::hours(24);
    }
    cluster::DeviceUsage& record = snapshot_.usage->devices.emplace_back();
    record.node = pod.node;
    record.gpu_index = gpu;
    if (instance > 0) record.instance_id = std::to_string(instance);
    record.ns = pod.ns;
    record.pod = pod.name;
    return record;
  }

  cluster::Snapshot& snapshot() { return snapshot_; }

 private:
  static void AddDevice(cluster::Node& node, const std::string& name, std::int64_t count) {
    for (cluster::ResourceCount& device : node.devices) {
      if (device.name != name) continue;
      device.count += count;
      return;
    }
    node.devices.push_back({name, count});
  }

  cluster::Snapshot snapshot_;
};

}  // namespace tangram::plan::testing

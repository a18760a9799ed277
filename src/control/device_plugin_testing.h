// NVIDIA's device plugin with feature discovery of one node, as the real ones act and fail, in the
// test's own time.
//
// From their source (k8s-device-plugin v0.20): the label names a configuration; one that is not
// there changes nothing; else both read it, say so in labels, and offer devices anew. Pods that run
// are not touched.
#pragma once

#include <algorithm>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "control/mig_manager_testing.h"
#include "control/node_sharing.h"

namespace tangram::control::testing {

enum class PluginFault {
  kNone,
  kNeverReads,  // nobody acts on the label
  kLies,        // feature discovery says so, and the kubelet offers what was there before
  kWrongCount,  // other shares than the configuration says
  kOffersNone,  // it fails, and the node offers nothing
};

class DevicePlugin {
 public:
  struct Config {
    int replicas = 1;
    bool renamed = true;
  };

  // What befalls each configuration that it is told of; none after that.
  std::vector<PluginFault> faults{};
  // By its key in the ConfigMap; "": what holds without a label.
  std::map<std::string, Config> configs{};

  // Whether the node changed.
  bool Run(cluster::Node& node, base::Time now) {
    const std::string wanted(cluster::Find(node.labels, kPluginConfig));
    if (wanted != seen_) {
      seen_ = wanted;
      due_ = now + base::Milliseconds(3'000);
    }
    if (!due_ || now < *due_) return false;
    due_.reset();
    const auto config = configs.find(wanted);
    if (config == configs.end()) return false;
    const cluster::Node before = node;
    const PluginFault fault = faults.empty() ? PluginFault::kNone : faults.front();
    if (!faults.empty()) faults.erase(faults.begin());
    Take(node, config->second, fault);
    return node != before;
  }

  // What it told of before the story begins.
  void Begin(cluster::Node& node) {
    seen_ = cluster::Find(node.labels, kPluginConfig);
    Take(node, configs.at(seen_), PluginFault::kNone);
  }

  static std::int64_t Offered(const cluster::Node& node) {
    return cluster::CountOf(node.devices, "nvidia.com/gpu") +
           cluster::CountOf(node.devices, "nvidia.com/gpu.shared");
  }

 private:
  static void Take(cluster::Node& node, Config config, PluginFault fault) {
    if (fault == PluginFault::kNeverReads) return;
    if (fault == PluginFault::kWrongCount) config.replicas += 1;
    const bool shared = config.replicas > 1;
    MigManager::SetLabel(node, "nvidia.com/gpu.replicas", std::to_string(config.replicas));
    MigManager::SetLabel(node, "nvidia.com/gpu.sharing-strategy", shared ? "time-slicing" : "none");
    for (cluster::Gpu& gpu : node.gpus) {
      gpu.replicas = config.replicas;
      gpu.sharing = shared ? cluster::Sharing::kTimeSlicing : cluster::Sharing::kNone;
    }
    if (fault == PluginFault::kLies) return;
    auto cards = static_cast<std::int64_t>(node.gpus.size()) * config.replicas;
    if (fault == PluginFault::kOffersNone) cards = 0;
    const bool renamed = shared && config.renamed;
    node.devices = {{"nvidia.com/gpu", renamed ? 0 : cards},
                    {"nvidia.com/gpu.shared", renamed ? cards : 0}};
  }

  std::string seen_;
  std::optional<base::Time> due_{};
};

}  // namespace tangram::control::testing

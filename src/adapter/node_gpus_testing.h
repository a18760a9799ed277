// For tests: nodes as feature discovery labels them, and what is read of them as text.
#pragma once

#include <algorithm>
#include <string>
#include <vector>

#include "adapter/node_gpus.h"

namespace tangram::adapter {

// "3g.20gb@4 1g.5gb@0 | | ..." : the instances of each card.
inline std::string Layouts(const std::vector<cluster::Gpu>& gpus) {
  std::string text;
  for (const cluster::Gpu& gpu : gpus) {
    if (&gpu != &gpus.front()) text += " | ";
    for (const cluster::Instance& instance : gpu.instances) {
      if (&instance != &gpu.instances.front()) text += ' ';
      text += instance.profile;
      if (instance.start) text += "@" + std::to_string(*instance.start);
    }
  }
  return text;
}

inline std::string Gaps(const NodeGpus& read) {
  std::string text;
  for (const cluster::Gap& gap : read.gaps) text += gap.what + ": " + gap.why + "\n";
  return text;
}

inline cluster::Node Reported(cluster::Labels labels, std::vector<cluster::ResourceCount> devices) {
  cluster::Node node;
  node.name = "n";
  std::sort(labels.begin(), labels.end());
  node.labels = std::move(labels);
  std::sort(devices.begin(), devices.end());
  node.devices = std::move(devices);
  return node;
}

inline const cluster::Labels kA100 = {{"nvidia.com/gpu.product", "NVIDIA-A100-SXM4-40GB"},
                                      {"nvidia.com/gpu.count", "2"},
                                      {"nvidia.com/gpu.memory", "40960"},
                                      {"nvidia.com/gpu.replicas", "1"}};

inline cluster::Labels With(cluster::Labels labels, const cluster::Labels& more) {
  for (const auto& label : more) {
    std::erase_if(labels, [&](const auto& old) { return old.first == label.first; });
    labels.push_back(label);
  }
  return labels;
}

}  // namespace tangram::adapter

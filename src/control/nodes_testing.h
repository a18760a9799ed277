// Nodes for the stories of the control plane.
#pragma once

#include <string>

#include "cluster/node.h"

namespace tangram::control::testing {

// Of whole A100s, with 10 cores and 100 GiB a card.
inline cluster::Node NodeWith(const std::string& name, int gpus) {
  cluster::Node node;
  node.name = name;
  node.ready = true;
  node.cpu = base::MilliCpu(10'000) * gpus;
  node.memory = base::MiB(102'400) * gpus;
  node.devices = {{"nvidia.com/gpu", gpus}};
  for (int i = 0; i < gpus; ++i) {
    cluster::Gpu& gpu = node.gpus.emplace_back();
    gpu.index = i;
    gpu.product = "NVIDIA-A100-SXM4-40GB";
    gpu.memory = base::MiB(40'960);
  }
  return node;
}

}  // namespace tangram::control::testing

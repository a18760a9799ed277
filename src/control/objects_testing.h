// Nodes and pods for the stories of the control plane.
#pragma once

#include <string>

#include "cluster/gate.h"
#include "cluster/node.h"
#include "cluster/pod.h"

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

// Of a Deployment, with a core and a GiB; it waits.
inline cluster::Pod PodWith(const std::string& name, int gpus = 1) {
  cluster::Pod pod;
  pod.ns = "ns";
  pod.name = name;
  pod.uid = "uid-" + name;
  pod.owner = {"Deployment", "app"};
  pod.cpu = base::MilliCpu(1'000);
  pod.memory = base::MiB(1'024);
  pod.devices = {{"nvidia.com/gpu", gpus}};
  return pod;
}

// Likewise, behind our gate.
inline cluster::Pod GatedPod(const std::string& name, int gpus = 1) {
  cluster::Pod pod = PodWith(name, gpus);
  pod.gates = {std::string(cluster::kPlacementGate)};
  return pod;
}

}  // namespace tangram::control::testing

// Clusters whose cards DRA publishes, for tests of the planner.
#pragma once

#include <algorithm>
#include <string>
#include <vector>

#include "plan/plan_lines_testing.h"
#include "plan/plan_testing.h"

namespace tangram::plan::testing {

inline constexpr const char* kRoot = "resource.kubernetes.io/pcieRoot";

// Clusters whose cards DRA publishes.
class DraCluster : public Cluster {
 public:
  DraCluster() {
    snapshot().device_classes = {
        {"gpu.nvidia.com", {"device.attributes['gpu.nvidia.com'].type == 'gpu'"}, {}},
        {"mig.nvidia.com", {"device.attributes['gpu.nvidia.com'].type == 'mig'"}, {}}};
  }

  // A node whose cards hang on these PCIe roots; the device plugin does not know them.
  cluster::Node& DraNode(const std::string& name, const std::vector<std::string>& roots) {
    cluster::Node& node = Node(name, static_cast<int>(roots.size()));
    node.devices.clear();
    cluster::ResourceSlice& slice = snapshot().slices.emplace_back();
    slice.name = name + "-cards";
    slice.driver = "gpu.nvidia.com";
    slice.pool = name;
    slice.pool_slices = 1;
    slice.reach.node = name;
    for (std::size_t i = 0; i < roots.size(); ++i) {
      cluster::Device& device = slice.devices.emplace_back();
      device.name = "gpu-" + std::to_string(i);
      device.attributes = {{kRoot, cluster::AttributeType::kString, roots[i]},
                           {"type", cluster::AttributeType::kString, "gpu"}};
      node.gpus[i].dra_device = device.name;
    }
    return node;
  }

  // The slices of a node give way to one card with counters: whole, or as two halves.
  void Partition(const std::string& node) {
    auto& slices = snapshot().slices;
    cluster::ResourceSlice& parts = *std::find_if(
        slices.begin(), slices.end(), [&](const auto& slice) { return slice.pool == node; });
    parts.pool_slices = 2;
    parts.devices.resize(1);
    parts.devices[0].consumes = {{"card", {{"slices", 2000}}}};
    for (const char* name : {"gpu-0-mig-3g20gb-9-0", "gpu-0-mig-3g20gb-9-4"}) {
      cluster::Device& half = parts.devices.emplace_back();
      half.name = name;
      half.attributes = {{"type", cluster::AttributeType::kString, "mig"}};
      half.consumes = {{"card", {{"slices", 1000}}}};
    }
    cluster::ResourceSlice counters = parts;
    counters.name = node + "-counters";
    counters.devices.clear();
    counters.counters = {{"card", {{"slices", 2000}}}};
    slices.push_back(std::move(counters));
  }

  // Cards of the node that several may hold, with so much memory each.
  void Share(const std::string& node, const std::string& memory) {
    for (cluster::ResourceSlice& slice : snapshot().slices) {
      if (slice.pool != node) continue;
      for (cluster::Device& device : slice.devices) {
        device.shared_by_capacity = true;
        device.capacity = {{"memory", memory}};
      }
    }
  }

  // A pod whose claim takes so much memory of a card.
  cluster::Pod& PartPod(const std::string& name, const std::string& memory) {
    cluster::Pod& pod = ClaimPod(name);
    snapshot().claims.back().requests[0].capacity = {{"memory", memory}};
    return pod;
  }

  cluster::Claim& Claim(const std::string& name, std::int64_t count = 1,
                        const std::string& device_class = "gpu.nvidia.com") {
    cluster::Claim claim;
    claim.ns = "ns";
    claim.name = name;
    claim.requests = {{"gpus", device_class, {}, count}};
    return snapshot().claims.emplace_back(std::move(claim));
  }

  // A pod of its own claim, which is made like it.
  cluster::Pod& ClaimPod(const std::string& name, std::int64_t count = 1,
                         const std::string& device_class = "gpu.nvidia.com") {
    Claim(name + "-gpu", count, device_class);
    return PodOf(name, {name + "-gpu"});
  }

  cluster::Pod& PodOf(const std::string& name, std::vector<std::string> claims) {
    cluster::Pod& pod = Pod(name, "x", 0);
    pod.devices.clear();
    pod.claims = std::move(claims);
    return pod;
  }

  // The claim holds a device of the node.
  void Allocate(const std::string& claim, const std::string& node, const std::string& device) {
    auto& claims = snapshot().claims;
    cluster::Claim& found = *std::find_if(claims.begin(), claims.end(),
                                          [&](const auto& one) { return one.name == claim; });
    found.devices.push_back({"gpus", "gpu.nvidia.com", node, device});
    found.nodes = {{{}, {{"metadata.name", "In", {node}}}}};
  }
};

inline PlanPolicy PlaceOnly() {
  PlanPolicy policy;
  policy.on = {true, true};  // kAdmit, kPlace
  return policy;
}

inline Plan PlanOf(DraCluster& c) {
  cluster::Normalize(c.snapshot());
  return Checked(c.snapshot(), PlaceOnly());
}

// "pod on node: device device", a line each.
inline std::vector<std::string> Placed(const Plan& plan) {
  std::vector<std::string> lines;
  for (const Action& action : plan.actions) {
    const auto* place = std::get_if<PlacePod>(&action.change);
    if (place == nullptr) continue;
    std::string line = place->pod.name + " on " + place->node + ":";
    for (const ClaimedDevice& one : place->devices) line += " " + one.device.device;
    lines.push_back(line);
  }
  return lines;
}

inline std::string WhyWaits(const Plan& plan, const std::string& pod) {
  for (const Waiting& waiting : plan.waiting) {
    if (waiting.pod.name == pod) return waiting.why;
  }
  return "";
}

}  // namespace tangram::plan::testing

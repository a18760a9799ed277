// Small clusters, classes, pods and reviews, for the tests of admission.
#pragma once

#include <cstdint>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>
#include <vector>

#include "cluster/gpu_class.h"
#include "cluster/snapshot.h"
#include "plan/classes/index.h"

namespace tangram::adapter::testing {

inline constexpr const char* kA100 = "NVIDIA-A100-SXM4-40GB";

// A node of whole cards at a dollar an hour each, shared by `replicas`.
inline cluster::Node CardNode(const std::string& name, int gpus, int replicas = 1) {
  cluster::Node node;
  node.name = name;
  node.cpu = base::MilliCpu(64'000);
  node.memory = base::MiB(512 * 1024);
  node.labels = {{"nvidia.com/gpu.product", kA100}};
  node.taints = {{"nvidia.com/gpu", "present", "NoSchedule"}};
  node.price.emplace().rate = base::MicroUsdPerHour(1'000'000) * gpus;
  node.devices = {{replicas > 1 ? "nvidia.com/gpu.shared" : "nvidia.com/gpu", gpus * replicas}};
  for (int i = 0; i < gpus; ++i) {
    cluster::Gpu& gpu = node.gpus.emplace_back();
    gpu.index = i;
    gpu.product = kA100;
    gpu.memory = base::MiB(40'960);
    gpu.replicas = replicas;
    if (replicas > 1) gpu.sharing = cluster::Sharing::kTimeSlicing;
  }
  return node;
}

inline cluster::GpuClass Class(
    const std::string& name, std::int64_t gib,
    cluster::GpuClass::Isolation isolation = cluster::GpuClass::Isolation::kHardware) {
  cluster::GpuClass of;
  of.name = name;
  of.memory = base::MiB(1024) * gib;
  of.isolation = isolation;
  return of;
}

inline std::shared_ptr<const plan::classes::Index> IndexOf(const cluster::Snapshot& snapshot,
                                                           std::vector<cluster::GpuClass> classes) {
  plan::PlanPolicy policy;
  policy.defaults.mode = plan::Mode::kObserve;
  return plan::classes::Index::Build(snapshot, {.policy = policy, .classes = std::move(classes)});
}

inline nlohmann::json PodJson(const std::string& class_name) {
  return nlohmann::json::parse(R"({
    "metadata": {"generateName": "web-", "labels": {"app": "web"}},
    "spec": {"containers": [
      {"name": "main", "image": "x", "env": [{"name": "SECRET", "value": "do-not-read"}]},
      {"name": "side", "image": "y"}]}})")
      .patch(nlohmann::json::array({{{"op", "add"},
                                     {"path", "/metadata/labels/tangram.dev~1gpu-class"},
                                     {"value", class_name}}}));
}

inline nlohmann::json ReviewOf(const nlohmann::json& pod,
                               const std::string& uid = "11111111-2222-3333-4444-555555555555") {
  return {{"apiVersion", "admission.k8s.io/v1"},
          {"kind", "AdmissionReview"},
          {"request",
           {{"uid", uid},
            {"kind", {{"group", ""}, {"version", "v1"}, {"kind", "Pod"}}},
            {"resource", {{"group", ""}, {"version", "v1"}, {"resource", "pods"}}},
            {"operation", "CREATE"},
            {"namespace", "team-a"},
            {"dryRun", false},
            {"object", pod}}}};
}

}  // namespace tangram::adapter::testing

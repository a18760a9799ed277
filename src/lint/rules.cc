// The table of rules.
#include <array>

#include "lint/rule.h"

namespace tangram::lint {
namespace {

constexpr std::string_view kApi = "Kubernetes API, resource.k8s.io/v1";
constexpr std::string_view kDriver = "kubernetes-sigs/dra-driver-nvidia-gpu @95932046";
constexpr std::string_view kPlugin = "NVIDIA/k8s-device-plugin @1b826acc (v0.20.0)";
constexpr std::string_view kMigGuide = "NVIDIA MIG User Guide";
constexpr std::string_view kVllm = "vLLM documentation, engine arguments";

constexpr std::array<Rule, 18> kRules = {{
    {{"dra-claim-source", "a pod's resource claim still uses source", kApi}, CheckDraClaimSource},
    {{"dra-exactly", "fields of a request outside of exactly, or an old version of the API", kApi},
     CheckDraExactly},
    {{"dra-memory-attribute",
      "memory and engines read as attributes, or quantities compared by "
      "operator",
      kDriver},
     CheckDraMemoryAttribute},
    {{"dra-unguarded-attribute", "a selector reads an attribute that a device may not have",
      "Kubernetes 1.36.1, observed: a CEL error on one device stops the pod's scheduling"},
     CheckDraUnguardedAttribute},
    {{"unknown-mig-profile", "nvidia.com/mig-... that no GPU has, or spelled differently", kPlugin},
     CheckUnknownMigProfile},
    {{"limits-without-toleration", "a GPU without a toleration of the taint nvidia.com/gpu",
      "GKE and NVIDIA GPU Operator documentation"},
     CheckLimitsWithoutToleration},
    {{"gpu-quantity", "requests without limits, unequal ones, and fractions of a device",
      "Kubernetes API, extended resources"},
     CheckGpuQuantity},
    {{"vllm-memory-share", "vLLM takes more than its share of a shared GPU", kVllm},
     CheckVllmMemoryShare},
    {{"mixed-whole-and-mig", "whole GPUs and MIG instances in one container", kMigGuide},
     CheckMixedWholeAndMig},
    {{"shared-more-than-one", "more than one replica of a shared GPU", kPlugin},
     CheckSharedMoreThanOne},
    {{"nvidia-visible-devices", "NVIDIA_VISIBLE_DEVICES without asking for a GPU",
      "NVIDIA Container Toolkit documentation"},
     CheckNvidiaVisibleDevices},
    {{"cuda-visible-devices", "CUDA_VISIBLE_DEVICES beyond the GPUs of the container",
      "CUDA Programming Guide, environment variables"},
     CheckCudaVisibleDevices},
    {{"claim-unused", "a claim of the pod that no container uses", kApi}, CheckClaimUnused},
    {{"claim-undefined", "a container names a claim that the pod does not have", kApi},
     CheckClaimUndefined},
    {{"mig-more-than-one", "several MIG instances in one container", kMigGuide},
     CheckMigMoreThanOne},
    {{"unknown-product", "a node selector on a GPU product that feature discovery does not write",
      kPlugin},
     CheckUnknownProduct},
    {{"vllm-tensor-parallel", "vLLM's parallel sizes are not the GPUs of the container", kVllm},
     CheckVllmTensorParallel},
    {{"privileged-gpu", "a privileged container beside a GPU",
      "NVIDIA Container Toolkit documentation"},
     CheckPrivilegedGpu},
}};

constexpr auto kInfos = [] {
  std::array<RuleInfo, kRules.size()> infos;
  for (std::size_t i = 0; i < kRules.size(); ++i) infos[i] = kRules[i].info;
  return infos;
}();

}  // namespace

std::span<const Rule> AllRules() { return kRules; }

std::span<const RuleInfo> Rules() { return kInfos; }

}  // namespace tangram::lint

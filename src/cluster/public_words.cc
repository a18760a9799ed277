#include "cluster/public_words.h"

#include <algorithm>
#include <array>
#include <cstdint>

#include "base/text.h"
#include "gpu/gpu.h"

namespace tangram::cluster {
namespace {

using std::string_view;

template <std::size_t N>
bool IsOneOf(string_view text, const std::array<string_view, N>& list) {
  return std::find(list.begin(), list.end(), text) != list.end();
}

constexpr std::array kPublicDomains = std::to_array<string_view>(
    {"kubernetes.io", "k8s.io", "x-k8s.io", "nvidia.com", "tangram.dev", "karpenter.sh",
     "karpenter.k8s.aws", "k8s.aws", "amazonaws.com", "cloud.google.com", "kubernetes.azure.com",
     "amd.com", "intel.com", "volcano.sh", "kai.scheduler", "run.ai", "kubeflow.org", "ray.io",
     "jobset.sigs.k8s.io"});

constexpr std::array kPlainKeys = std::to_array<string_view>(
    {"app", "component", "tier", "role", "team", "environment", "notebook-name", "release",
     "dedicated", "cpu", "memory", "pods", "storage", "ephemeral-storage"});

constexpr std::array kHardwareKeys =
    std::to_array<string_view>({"node.kubernetes.io/instance-type",
                                "beta.kubernetes.io/instance-type",
                                "topology.kubernetes.io/region",
                                "topology.kubernetes.io/zone",
                                "failure-domain.beta.kubernetes.io/region",
                                "failure-domain.beta.kubernetes.io/zone",
                                "topology.k8s.aws/zone-id",
                                "kubernetes.io/os",
                                "kubernetes.io/arch",
                                "karpenter.sh/capacity-type",
                                "eks.amazonaws.com/capacityType",
                                "cloud.google.com/gke-accelerator",
                                "cloud.google.com/gke-gpu-sharing-strategy",
                                "cloud.google.com/gke-gpu-partition-size",
                                "kubernetes.azure.com/scalesetpriority",
                                "nvidia.com/gpu.product",
                                "nvidia.com/gpu.family",
                                "nvidia.com/gpu.sharing-strategy",
                                "nvidia.com/gpu.mode",
                                "nvidia.com/mig.strategy",
                                "nvidia.com/mig.config.state"});

constexpr std::array kPublicValues = std::to_array<string_view>(
    {"true", "false", "", "present", "singleuser-server", "development"});

constexpr std::array kOwnerKinds = std::to_array<string_view>({"Deployment",
                                                               "StatefulSet",
                                                               "DaemonSet",
                                                               "Job",
                                                               "CronJob",
                                                               "ReplicaSet",
                                                               "ReplicationController",
                                                               "Node",
                                                               "Pod",
                                                               "PodGroup",
                                                               "RayCluster",
                                                               "RayJob",
                                                               "RayService",
                                                               "PyTorchJob",
                                                               "TFJob",
                                                               "MPIJob",
                                                               "XGBoostJob",
                                                               "PaddleJob",
                                                               "JAXJob",
                                                               "TrainJob",
                                                               "JobSet",
                                                               "LeaderWorkerSet",
                                                               "Notebook",
                                                               "InferenceService",
                                                               "Workflow",
                                                               "SparkApplication",
                                                               "AppWrapper",
                                                               "Rollout"});

constexpr std::array kPlainWords = std::to_array<string_view>({"0",
                                                               "a",
                                                               "admission",
                                                               "affinity",
                                                               "affinity/selector",
                                                               "all",
                                                               "allocate",
                                                               "allocated",
                                                               "an",
                                                               "and",
                                                               "another",
                                                               "answer",
                                                               "any",
                                                               "are",
                                                               "as",
                                                               "at",
                                                               "available",
                                                               "be",
                                                               "by",
                                                               "can",
                                                               "cannot",
                                                               "card",
                                                               "cards",
                                                               "change",
                                                               "claim",
                                                               "claims",
                                                               "cluster",
                                                               "clusterrole",
                                                               "compare",
                                                               "conflict",
                                                               "constraints",
                                                               "could",
                                                               "count",
                                                               "counts",
                                                               "cpu",
                                                               "dcgm",
                                                               "deleted",
                                                               "device",
                                                               "devices",
                                                               "different",
                                                               "discovery",
                                                               "does",
                                                               "driver",
                                                               "drivers",
                                                               "empty",
                                                               "enough",
                                                               "exceeded",
                                                               "expected",
                                                               "exporter",
                                                               "failed",
                                                               "feature",
                                                               "find",
                                                               "fit",
                                                               "for",
                                                               "forbidden",
                                                               "found",
                                                               "free",
                                                               "from",
                                                               "gate",
                                                               "gates",
                                                               "get",
                                                               "give",
                                                               "gpu",
                                                               "gpus",
                                                               "grant",
                                                               "group",
                                                               "had",
                                                               "has",
                                                               "have",
                                                               "held",
                                                               "help",
                                                               "helpful",
                                                               "how",
                                                               "in",
                                                               "incoming",
                                                               "install",
                                                               "insufficient",
                                                               "is",
                                                               "it",
                                                               "its",
                                                               "kubelet",
                                                               "label",
                                                               "labels",
                                                               "largest",
                                                               "last",
                                                               "layout",
                                                               "layouts",
                                                               "list",
                                                               "log",
                                                               "look",
                                                               "many",
                                                               "match",
                                                               "measured",
                                                               "memory",
                                                               "metrics",
                                                               "mig",
                                                               "mig-manager",
                                                               "mode",
                                                               "model",
                                                               "must",
                                                               "name",
                                                               "namespace",
                                                               "no",
                                                               "node",
                                                               "node(s)",
                                                               "nodes",
                                                               "none",
                                                               "not",
                                                               "nothing",
                                                               "number",
                                                               "numbers",
                                                               "nvidia",
                                                               "nvidia's",
                                                               "of",
                                                               "offers",
                                                               "on",
                                                               "one",
                                                               "or",
                                                               "other",
                                                               "others",
                                                               "over",
                                                               "permission",
                                                               "plugin",
                                                               "pod",
                                                               "pods",
                                                               "port",
                                                               "ports",
                                                               "preemption",
                                                               "price",
                                                               "product",
                                                               "profiles",
                                                               "prometheus",
                                                               "reached",
                                                               "read",
                                                               "region",
                                                               "replicas",
                                                               "requested",
                                                               "resource",
                                                               "resources",
                                                               "role",
                                                               "rules",
                                                               "samples",
                                                               "same",
                                                               "scheduling",
                                                               "selector",
                                                               "series",
                                                               "served",
                                                               "server",
                                                               "service",
                                                               "set",
                                                               "shown",
                                                               "single",
                                                               "spot",
                                                               "spread",
                                                               "started",
                                                               "state",
                                                               "storage",
                                                               "strategy",
                                                               "taint",
                                                               "taints",
                                                               "that",
                                                               "the",
                                                               "their",
                                                               "them",
                                                               "this",
                                                               "time",
                                                               "timed",
                                                               "to",
                                                               "too",
                                                               "topology",
                                                               "unhealthy",
                                                               "unknown",
                                                               "unreachable",
                                                               "unschedulable",
                                                               "untolerated",
                                                               "user",
                                                               "verb",
                                                               "victims",
                                                               "volume",
                                                               "was",
                                                               "watch",
                                                               "were",
                                                               "what",
                                                               "which",
                                                               "with",
                                                               "without",
                                                               "zone",
                                                               "didn't",
                                                               "pod's",
                                                               "node's",
                                                               "node-exporter",
                                                               "zero",
                                                               "usage",
                                                               "list/watch"});

constexpr std::array kCelWords = std::to_array<string_view>({"device",
                                                             "attributes",
                                                             "capacity",
                                                             "driver",
                                                             "allowMultipleAllocations",
                                                             "productName",
                                                             "type",
                                                             "profile",
                                                             "memory",
                                                             "index",
                                                             "minor",
                                                             "uuid",
                                                             "architecture",
                                                             "brand",
                                                             "cudaComputeCapability",
                                                             "cudaDriverVersion",
                                                             "driverVersion",
                                                             "parentUUID",
                                                             "parentIndex",
                                                             "pcieBusID",
                                                             "pcieRoot",
                                                             "quantity",
                                                             "semver",
                                                             "compareTo",
                                                             "isGreaterThan",
                                                             "isLessThan",
                                                             "major",
                                                             "patch",
                                                             "matches",
                                                             "startsWith",
                                                             "endsWith",
                                                             "contains",
                                                             "lowerAscii",
                                                             "in",
                                                             "has",
                                                             "true",
                                                             "false",
                                                             "null",
                                                             "orValue",
                                                             "value",
                                                             "exists",
                                                             "all",
                                                             "size",
                                                             "multiprocessors",
                                                             "gpu",
                                                             "mig",
                                                             "string",
                                                             "int",
                                                             "cel",
                                                             "bind"});

constexpr std::array kCelLiterals =
    std::to_array<string_view>({"gpu", "mig", "vfio", "Pascal", "Volta", "Turing", "Ampere",
                                "Ada Lovelace", "Hopper", "Blackwell", "Nvidia", "Tesla"});

bool IsDigit(char c) { return c >= '0' && c <= '9'; }

// "3", "0/6", "80Gi", "9.0.0", "40960", "-1", "5%": a number, with a unit at most.
bool IsNumber(string_view text) {
  constexpr std::array kUnits = std::to_array<string_view>(
      {"", "%", "m", "k", "M", "G", "T", "Ki", "Mi", "Gi", "Ti", "MiB", "GiB", "x", "s", "h"});
  std::size_t end = 0;
  while (end < text.size() && (IsDigit(text[end]) || text[end] == '/')) ++end;
  return end > 0 && IsDigit(text.front()) && IsOneOf(text.substr(end), kUnits);
}

// "9.0.0", "12.4": up to three numbers; an address has four.
bool IsVersion(string_view text) {
  const auto parts = base::Split(text, '.');
  return parts.size() <= 3 && std::all_of(parts.begin(), parts.end(), [](string_view part) {
           return base::ParseInteger(part).value_or(-1) >= 0 && part.size() < 8;
         });
}

bool IsDraDevice(string_view text) {
  if (!text.starts_with("gpu-")) return false;
  const auto parts = base::Split(text.substr(4), '-');
  return std::all_of(parts.begin(), parts.end(), [](string_view part) {
    return part == "mig" || (IsNumber(part) && IsDigit(part.back())) || gpu::IsKnownProfile(part);
  });
}

bool IsPublicDomain(string_view domain) {
  // A label in front must be plain too: "acme.k8s.io" is nobody's but "requests.nvidia.com" is.
  constexpr std::array kFronts = std::to_array<string_view>({"requests",
                                                             "limits",
                                                             "gpu",
                                                             "mig",
                                                             "compute-domain",
                                                             "node",
                                                             "topology",
                                                             "beta",
                                                             "kueue",
                                                             "eks",
                                                             "app",
                                                             "batch",
                                                             "scheduling",
                                                             "resource",
                                                             "storage",
                                                             "autoscaling",
                                                             "jobset",
                                                             "leaderworkerset",
                                                             "training",
                                                             "cluster-autoscaler",
                                                             "node-role",
                                                             "node-restriction",
                                                             "failure-domain.beta",
                                                             "failure-domain",
                                                             "feature.node",
                                                             "controller",
                                                             "pod-security",
                                                             "vgpu",
                                                             "apps",
                                                             "gateway",
                                                             "kustomize.toolkit",
                                                             "eviction",
                                                             "descheduler.alpha",
                                                             "policy"});
  for (const string_view known : kPublicDomains) {
    if (domain == known) return true;
    if (!domain.ends_with(known)) continue;
    const string_view front = domain.substr(0, domain.size() - known.size());
    if (!front.ends_with('.')) continue;
    if (IsOneOf(front.substr(0, front.size() - 1), kFronts)) return true;
  }
  return false;
}

// The part behind the slash of a public domain, where a site's own words do not come in: node
// roles and the like are chosen by people.
bool IsOpenEnded(string_view domain) {
  return domain == "node-role.kubernetes.io" || domain == "node-restriction.kubernetes.io" ||
         domain == "kubernetes.io";
}

constexpr std::array kPublicNamesOfOpenDomains = std::to_array<string_view>(
    {"kubernetes.io/hostname", "kubernetes.io/os", "kubernetes.io/arch",
     "kubernetes.io/metadata.name", "node-role.kubernetes.io/control-plane",
     "node-role.kubernetes.io/master", "node-role.kubernetes.io/worker"});

}  // namespace

bool IsPublicKey(string_view key) {
  if (IsOneOf(key, kPlainKeys)) return true;
  for (const string_view front : {string_view("requests."), string_view("limits.")}) {
    if (key.starts_with(front) && IsOneOf(key.substr(front.size()), kPlainKeys)) return true;
  }
  const auto slash = key.find('/');
  const string_view domain = key.substr(0, slash);
  if (!IsPublicDomain(domain)) return false;
  return !IsOpenEnded(domain) || IsOneOf(key, kPublicNamesOfOpenDomains);
}

bool HasPublicValues(string_view key) {
  if (IsOneOf(key, kHardwareKeys)) return true;
  const bool mig = key.starts_with("nvidia.com/mig-");
  return mig && (key.ends_with(".product") || key.ends_with(".sharing-strategy"));
}

bool IsPublicValue(string_view value) {
  return IsOneOf(value, kPublicValues) || (value.size() <= 6 && IsNumber(value)) ||
         base::ParseInteger(value).value_or(1 << 30) < 1'000'000;
}

bool IsPublicOwnerKind(string_view kind) { return IsOneOf(kind, kOwnerKinds); }

bool IsPlainWord(string_view word) {
  std::string lower(word);
  for (char& c : lower) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return IsOneOf(lower, kPlainWords) || IsNumber(word) || gpu::IsKnownProfile(word) ||
         (word.find('/') != string_view::npos && IsPublicKey(word));
}

bool IsCelWord(string_view word) { return IsOneOf(word, kCelWords) || IsNumber(word); }

bool IsHardwareText(string_view text) {
  if (IsOneOf(text, kCelLiterals) || gpu::IsKnownProfile(text)) return true;
  if (IsNumber(text) || IsVersion(text) || IsDraDevice(text)) return true;
  return gpu::ParseProduct(text).model != nullptr;
}

}  // namespace tangram::cluster

#include "plan/share/asks.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <utility>

#include "base/text.h"

namespace tangram::plan {
namespace {

constexpr std::int64_t kBytesPerMiB = 1 << 20;
constexpr std::array<std::pair<std::string_view, std::int64_t>, 8> kSuffixes = {
    {{"Ki", std::int64_t{1} << 10},
     {"Mi", std::int64_t{1} << 20},
     {"Gi", std::int64_t{1} << 30},
     {"Ti", std::int64_t{1} << 40},
     {"k", 1'000},
     {"M", 1'000'000},
     {"G", 1'000'000'000},
     {"T", 1'000'000'000'000}}};

// Of Karpenter, EKS, GKE and AKS.
constexpr std::array<std::string_view, 4> kCapacityLabels = {
    "karpenter.sh/capacity-type", "eks.amazonaws.com/capacityType", "cloud.google.com/gke-spot",
    "kubernetes.azure.com/scalesetpriority"};

}  // namespace

Isolation IsolationOf(const cluster::Pod& pod) {
  const std::string_view asked = cluster::Find(pod.labels, "tangram.dev/isolation");
  if (asked.empty() || asked == "Shared") return Isolation::kShared;
  return asked == "Hardware" ? Isolation::kHardware : Isolation::kExclusive;
}

bool IsLatencySensitive(const cluster::Pod& pod) {
  const std::string_view asked = cluster::Find(pod.labels, "tangram.dev/latency");
  return !asked.empty() && asked != "Tolerant";
}

bool IsDevelopment(const cluster::Pod& pod) {
  // Kubeflow's notebook controller and JupyterHub label their pods so.
  return !cluster::Find(pod.labels, "notebook-name").empty() ||
         cluster::Find(pod.labels, "component") == "singleuser-server" ||
         cluster::Find(pod.labels, "tangram.dev/workload") == "development";
}

bool IsInterruptible(const cluster::Pod& pod) {
  return cluster::Find(pod.labels, "tangram.dev/interruptible") == "true";
}

bool SelectsCapacity(const cluster::Pod& pod) {
  return std::any_of(kCapacityLabels.begin(), kCapacityLabels.end(), [&](std::string_view label) {
    return !cluster::Find(pod.node_selector, label).empty();
  });
}

bool MayRunOnSpot(const cluster::Pod& pod) { return IsInterruptible(pod) && !SelectsCapacity(pod); }

std::string WordsAboutSharing(const cluster::Pod& pod) {
  const auto memory = MemoryAsked(pod).value_or(base::MiB());
  return fmt::format("{} {} {} {}\n", static_cast<int>(IsolationOf(pod)), IsLatencySensitive(pod),
                     IsDevelopment(pod), memory.value());
}

std::optional<base::MiB> MemoryAsked(const cluster::Pod& pod) {
  return ParseMemory(cluster::Find(pod.annotations, "tangram.dev/gpu-memory"));
}

std::optional<base::MiB> ParseMemory(std::string_view text) {
  std::int64_t unit = 1;
  const auto suffix = std::find_if(kSuffixes.begin(), kSuffixes.end(),
                                   [&](const auto& known) { return text.ends_with(known.first); });
  if (suffix != kSuffixes.end()) {
    unit = suffix->second;
    text.remove_suffix(suffix->first.size());
  }
  const auto millionths = base::ParseMillionths(text);
  if (!millionths) return std::nullopt;
  // In 128 bits: the product has up to 103.
  __extension__ using Wide = __int128;
  const Wide per_mib = Wide{kBytesPerMiB} * 1'000'000;
  const Wide mib = (Wide{*millionths} * unit + per_mib - 1) / per_mib;
  if (mib > (std::int64_t{1} << 43)) return std::nullopt;
  return base::MiB(static_cast<std::int64_t>(mib));
}

}  // namespace tangram::plan

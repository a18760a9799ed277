#include "adapter/label_gpus.h"

#include <algorithm>
#include <initializer_list>
#include <map>

#include "base/text.h"

namespace tangram::adapter {
namespace {

using cluster::Find;
using cluster::Node;
using cluster::Sharing;

constexpr std::string_view kGpu = "nvidia.com/gpu";
constexpr std::string_view kMigPrefix = "nvidia.com/mig-";
constexpr std::string_view kSharedSuffix = ".shared";

// More than any node has; what says more is taken as not said.
constexpr std::int64_t kMostReplicas = 1'000;
constexpr std::int64_t kMostOffered = 1'000'000;
constexpr std::int64_t kMostInstances = kMostCards * 12;
constexpr std::int64_t kMostMiB = std::int64_t{1} << 30;

// A label that is a whole number in [0, most]; nothing otherwise.
std::optional<std::int64_t> NumberOf(const Node& node, std::string_view key, std::int64_t most) {
  const auto number = base::ParseInteger(Find(node.labels, key));
  if (!number || *number < 0 || *number > most) return std::nullopt;
  return number;
}

Sharing SharingOf(std::string_view strategy, std::int64_t replicas) {
  if (replicas <= 1) return Sharing::kNone;
  if (strategy == "mps") return Sharing::kMps;
  return Sharing::kTimeSlicing;  // feature discovery before v0.15 names no strategy; it had no MPS
}

// Allocatable under the resource's name and under the one it has when shares are renamed.
std::int64_t Offered(const Node& node, std::string_view resource) {
  const std::string renamed = std::string(resource) + std::string(kSharedSuffix);
  return std::min(cluster::CountOf(node.devices, resource), kMostOffered) +
         std::min(cluster::CountOf(node.devices, renamed), kMostOffered);
}

std::int64_t OfferedInAll(const Node& node) {
  std::int64_t offered = 0;
  for (const cluster::ResourceCount& device : node.devices) {
    const bool ours = device.name.starts_with(kGpu) || device.name.starts_with(kMigPrefix);
    if (ours && device.count > 0) offered += std::min(device.count, kMostOffered);
  }
  return offered;
}

std::string ProfileName(const gpu::Model* model, std::string_view spelling) {
  const gpu::MigProfile* profile = model == nullptr ? nullptr : gpu::ProfileNamed(*model, spelling);
  return std::string(profile == nullptr ? spelling : profile->name);
}

// Label keys nvidia.com/mig-<profile>.count and resources nvidia.com/mig-<profile>[.shared].
std::vector<std::string> MigResources(const Node& node) {
  std::vector<std::string> names;
  const auto add = [&](std::string_view key, std::string_view suffix) {
    if (!key.starts_with(kMigPrefix) || !key.ends_with(suffix)) return;
    key.remove_suffix(suffix.size());
    if (key.size() > kMigPrefix.size()) names.emplace_back(key);
  };
  for (const auto& [key, value] : node.labels) add(key, ".count");
  for (const cluster::ResourceCount& device : node.devices) {
    const bool shared = std::string_view(device.name).ends_with(kSharedSuffix);
    add(device.name, shared ? kSharedSuffix : std::string_view());
  }
  std::sort(names.begin(), names.end());
  names.erase(std::unique(names.begin(), names.end()), names.end());
  return names;
}

std::vector<MigDevices> MixedDevices(const Node& node, const gpu::Model* model) {
  std::vector<MigDevices> devices;
  for (const std::string& resource : MigResources(node)) {
    MigDevices mig;
    mig.profile = ProfileName(model, std::string_view(resource).substr(kMigPrefix.size()));
    mig.replicas = std::max<std::int64_t>(
        1, NumberOf(node, resource + ".replicas", kMostReplicas).value_or(1));
    mig.sharing = SharingOf(Find(node.labels, resource + ".sharing-strategy"), mig.replicas);
    const auto count = NumberOf(node, resource + ".count", kMostInstances);
    mig.count = count ? *count : Offered(node, resource) / mig.replicas;
    if (mig.count > 0) devices.push_back(std::move(mig));
  }
  return devices;
}

void ReadSharing(const Node& node, bool marked_shared, GpuLabels& gpus) {
  const auto replicas = NumberOf(node, "nvidia.com/gpu.replicas", kMostReplicas);
  gpus.replicas = std::max<std::int64_t>(1, replicas.value_or(1));
  const std::int64_t offered = Offered(node, kGpu);
  const bool renamed = cluster::CountOf(node.devices, "nvidia.com/gpu.shared") > 0;
  const bool countable = gpus.cards.value_or(0) > 0 && offered % gpus.cards.value_or(1) == 0;
  if (!replicas && (marked_shared || renamed) && countable) {
    gpus.replicas = std::clamp<std::int64_t>(offered / *gpus.cards, 1, kMostReplicas);
  }
  gpus.sharing = SharingOf(Find(node.labels, "nvidia.com/gpu.sharing-strategy"), gpus.replicas);
  const bool all_in_mig = replicas == 0 && gpus.strategy == cluster::MigStrategy::kMixed;
  gpus.whole = all_in_mig ? 0 : offered / gpus.replicas;
}

// Under the single strategy every device is an instance of one profile, named nvidia.com/gpu.
void ReadSingle(const Node& node, const std::string& profile, GpuLabels& gpus) {
  MigDevices mig;
  mig.profile = ProfileName(gpus.model, profile);
  mig.replicas = gpus.replicas;
  mig.sharing = gpus.sharing;
  const auto count = NumberOf(node, "nvidia.com/gpu.count", kMostInstances);
  mig.count = count ? *count : Offered(node, kGpu) / gpus.replicas;
  gpus.mig.push_back(std::move(mig));
  gpus.memory = base::MiB(0);
  gpus.whole = 0;
  gpus.replicas = 1;
  gpus.sharing = Sharing::kNone;
  gpus.cards = NumberOf(node, "karpenter.k8s.aws/instance-gpu-count", kMostCards);
}

cluster::MigStrategy StrategyOf(const Node& node) {
  const std::string_view strategy = Find(node.labels, "nvidia.com/mig.strategy");
  if (strategy == "single") return cluster::MigStrategy::kSingle;
  if (strategy == "none") return cluster::MigStrategy::kNone;
  if (strategy == "mixed" || !MigResources(node).empty()) return cluster::MigStrategy::kMixed;
  return cluster::MigStrategy::kNone;
}

// GKE runs its own device plugin and no feature discovery.
void ReadGke(const Node& node, GpuLabels& gpus) {
  const std::string_view accelerator = Find(node.labels, "cloud.google.com/gke-accelerator");
  if (!gpus.product.empty() || !accelerator.starts_with("nvidia-")) return;
  gpus.product = std::string(accelerator);
  const auto clients =
      NumberOf(node, "cloud.google.com/gke-max-shared-clients-per-gpu", kMostReplicas).value_or(1);
  gpus.replicas = std::max<std::int64_t>(1, clients);
  gpus.sharing =
      SharingOf(Find(node.labels, "cloud.google.com/gke-gpu-sharing-strategy"), gpus.replicas);
  gpus.whole = Offered(node, kGpu) / gpus.replicas;
  const std::string partition(Find(node.labels, "cloud.google.com/gke-gpu-partition-size"));
  if (partition.empty()) return;
  gpus.strategy = cluster::MigStrategy::kSingle;
  gpus.mig.push_back({partition, *gpus.whole, gpus.replicas, gpus.sharing});
  gpus.whole = 0;
  gpus.replicas = 1;
  gpus.sharing = Sharing::kNone;
}

void ReadProduct(const Node& node, const gpu::ProductName& name, GpuLabels& gpus) {
  gpus.product = name.board;
  gpus.model = name.model;
  gpus.invalid_mix = name.mig_profile == "INVALID";
  const auto memory = NumberOf(node, "nvidia.com/gpu.memory", kMostMiB);
  gpus.memory = base::MiB(gpus.invalid_mix ? 0 : memory.value_or(0));
}

}  // namespace

GpuLabels ReadGpuLabels(const Node& node) {
  GpuLabels gpus;
  gpus.strategy = StrategyOf(node);
  gpus.offered = OfferedInAll(node);
  const std::string_view product = Find(node.labels, "nvidia.com/gpu.product");
  const auto memory = NumberOf(node, "nvidia.com/gpu.memory", kMostMiB);
  const auto card_memory =
      memory.value_or(0) == 0 ? std::nullopt : std::optional(base::MiB(*memory));
  const gpu::ProductName name = gpu::ParseProduct(product, card_memory);
  ReadProduct(node, name, gpus);
  gpus.cards = NumberOf(node, "nvidia.com/gpu.count", kMostCards);
  if (gpus.invalid_mix || !gpus.cards) {
    gpus.cards = NumberOf(node, "karpenter.k8s.aws/instance-gpu-count", kMostCards);
  }
  ReadSharing(node, name.shared, gpus);
  if (gpus.strategy == cluster::MigStrategy::kMixed) gpus.mig = MixedDevices(node, gpus.model);
  if (!name.mig_profile.empty() && !gpus.invalid_mix) ReadSingle(node, name.mig_profile, gpus);
  ReadGke(node, gpus);
  gpus.any = !gpus.product.empty() || gpus.offered > 0 || gpus.cards.value_or(0) > 0;
  return gpus;
}

}  // namespace tangram::adapter

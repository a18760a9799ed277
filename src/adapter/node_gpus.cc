#include "adapter/node_gpus.h"

#include <algorithm>
#include <map>
#include <utility>

#include "adapter/label_gpus.h"
#include "adapter/printable.h"
#include "adapter/spread.h"

namespace tangram::adapter {
namespace {

using cluster::Gap;
using cluster::Gpu;
using cluster::Instance;
using cluster::LayoutSource;
using cluster::MigStrategy;
using cluster::Node;

Gap NodeGap(const Node& node, std::string why, std::string remedy) {
  return Gap{"node " + node.name, std::move(why), std::move(remedy)};
}

std::string Describe(const std::vector<MigDevices>& mig) {
  std::string text;
  for (const MigDevices& devices : mig) {
    if (!text.empty()) text += ", ";
    text += std::to_string(devices.count) + " x " + Printable(devices.profile);
  }
  return text;
}

std::int64_t CeilDivide(std::int64_t a, std::int64_t b) { return a / b + (a % b != 0 ? 1 : 0); }

// How many cards a node of the single strategy has: as a label says, or as many as are needed where
// each is as full as can be. Feature discovery then counts MIG devices, never cards.
std::optional<std::int64_t> CardsOfSingle(const GpuLabels& labels) {
  if (labels.cards) return labels.cards;
  const gpu::MigProfile* profile =
      labels.model == nullptr ? nullptr
                              : gpu::ProfileNamed(*labels.model, labels.mig.front().profile);
  if (profile == nullptr) return std::nullopt;
  const int most = MostOnOneCard(*labels.model, *profile);
  if (most <= 0) return std::nullopt;
  const std::int64_t cards = CeilDivide(labels.mig.front().count, most);
  if (cards > kMostCards) return std::nullopt;
  return cards;
}

std::optional<std::int64_t> CardsOf(const GpuLabels& labels) {
  const bool single = labels.strategy == MigStrategy::kSingle && !labels.mig.empty();
  if (single) return CardsOfSingle(labels);
  if (labels.cards) return labels.cards;
  if (!labels.mig.empty()) return std::nullopt;
  const std::int64_t whole = labels.whole.value_or(0);
  if (whole > kMostCards) return std::nullopt;
  return whole;
}

// The counts as profiles of the model; nothing where one of them is not known.
std::optional<std::vector<ProfileCount>> CountsOf(const gpu::Model& model,
                                                  const std::vector<MigDevices>& mig) {
  std::vector<ProfileCount> counts;
  for (const MigDevices& devices : mig) {
    const gpu::MigProfile* profile = gpu::ProfileNamed(model, devices.profile);
    if (profile == nullptr) return std::nullopt;
    counts.push_back({profile, devices.count});
  }
  return counts;
}

// Puts instances on the first cards, which are those that are not offered whole.
void InferLayouts(const Node& node, const GpuLabels& labels, NodeGpus& read) {
  if (labels.mig.empty()) return;
  const auto total = static_cast<std::int64_t>(read.gpus.size());
  const std::int64_t cut = total - std::min(total, labels.whole.value_or(0));
  const auto counts = labels.model == nullptr ? std::optional<std::vector<ProfileCount>>()
                                              : CountsOf(*labels.model, labels.mig);
  const auto layouts = counts ? Spread(*labels.model, *counts, static_cast<int>(cut))
                              : std::optional<std::vector<std::vector<Instance>>>();
  if (!layouts) {
    const std::string product = labels.product.empty() ? "of unknown product" : labels.product;
    read.gaps.push_back(NodeGap(node,
                                "its MIG devices (" + Describe(labels.mig) + ") fit no layout of " +
                                    std::to_string(cut) + " cards " + Printable(product),
                                "compare the node's nvidia.com/mig-* labels with `nvidia-smi mig "
                                "-lgi` on it; the instances are left out"));
    return;
  }
  for (std::size_t i = 0; i < layouts->size(); ++i) {
    Gpu& gpu = read.gpus[i];
    gpu.instances = (*layouts)[i];
    if (gpu.instances.empty()) continue;
    gpu.layout = LayoutSource::kInferred;
  }
}

// Shares of whole cards by the card's figure, of cut cards by that of their profiles.
void SetSharing(const Node& node, const GpuLabels& labels, NodeGpus& read) {
  std::int64_t mig_replicas = 1;
  cluster::Sharing mig_sharing = cluster::Sharing::kNone;
  bool uneven = false;
  for (const MigDevices& devices : labels.mig) {
    uneven = uneven || devices.replicas != labels.mig.front().replicas;
    if (devices.replicas <= mig_replicas) continue;
    mig_replicas = devices.replicas;
    mig_sharing = devices.sharing;
  }
  for (Gpu& gpu : read.gpus) {
    const bool cut = !gpu.instances.empty();
    gpu.replicas = static_cast<int>(cut ? mig_replicas : labels.replicas);
    gpu.sharing = cut ? mig_sharing : labels.sharing;
  }
  if (uneven) {
    read.gaps.push_back(
        NodeGap(node,
                "its MIG profiles have different numbers of replicas; the largest, " +
                    std::to_string(mig_replicas) + ", is shown for all",
                "give all profiles of a node the same number of replicas"));
  }
}

// What the labels promise and the node does not offer.
void NoteMissing(const Node& node, const GpuLabels& labels, NodeGpus& read) {
  const std::string_view state = cluster::Find(node.labels, "nvidia.com/mig.config.state");
  const std::string cards = std::to_string(read.gpus.size()) + " GPUs";
  const bool wedged = state == "pending" || state == "failed" || state == "rebooting";
  if (labels.offered == 0 && !read.gpus.empty()) {
    std::string why = "has " + cards + " by its labels and offers none of them";
    if (wedged) why += "; nvidia.com/mig.config.state is " + std::string(state);
    read.gaps.push_back(NodeGap(node, std::move(why),
                                wedged ? "look at the log of mig-manager on this node"
                                       : "look at the log of NVIDIA's device plugin on this node"));
  } else if (state == "failed") {
    read.gaps.push_back(NodeGap(node, "its last change of MIG layout failed",
                                "look at the log of mig-manager on this node"));
  }
  const auto total = static_cast<std::int64_t>(read.gpus.size());
  const std::int64_t whole = labels.whole.value_or(total);
  if (labels.mig.empty() && whole > 0 && whole < total) {
    read.gaps.push_back(NodeGap(node,
                                "offers " + std::to_string(whole) + " of its " + cards +
                                    "; the others are unhealthy, empty in MIG mode, or held back",
                                "look at the log of NVIDIA's device plugin on this node"));
  }
}

NodeGpus GpusOfLabels(const Node& node, const GpuLabels& labels) {
  NodeGpus read;
  if (!labels.any) return read;
  const auto cards = CardsOf(labels);
  if (labels.invalid_mix) {
    read.gaps.push_back(NodeGap(node,
                                "its cards do not have one MIG layout, as the single strategy "
                                "needs; feature discovery marks it MIG-INVALID",
                                "give all its cards the same layout, or use the mixed strategy"));
  }
  if (!cards) {
    read.gaps.push_back(NodeGap(node, "offers GPUs, and nothing says how many cards it has",
                                "install NVIDIA's GPU feature discovery, which labels the node"));
    return read;
  }
  for (std::int64_t i = 0; i < *cards; ++i) {
    Gpu gpu;
    gpu.index = static_cast<int>(i);
    gpu.product = labels.product;
    gpu.memory = labels.memory;
    read.gpus.push_back(std::move(gpu));
  }
  InferLayouts(node, labels, read);
  SetSharing(node, labels, read);
  NoteMissing(node, labels, read);
  return read;
}

// DRA says nothing of sharing; the device plugin's labels do where it serves the same node.
void AddFromLabels(const Node& node, const GpuLabels& labels, NodeGpus& read) {
  for (Gpu& gpu : read.gpus) {
    if (gpu.product.empty()) gpu.product = labels.product;
    if (gpu.memory.value() == 0) gpu.memory = labels.memory;
  }
  if (labels.offered > 0) SetSharing(node, labels, read);
  const auto total = static_cast<std::int64_t>(read.gpus.size());
  const bool counts_cards = labels.strategy != MigStrategy::kSingle || labels.mig.empty();
  if (counts_cards && labels.cards.value_or(total) > total) {
    read.gaps.push_back(NodeGap(node,
                                "has " + std::to_string(*labels.cards) +
                                    " GPUs by its labels, and DRA publishes " +
                                    std::to_string(total),
                                "look at the log of NVIDIA's DRA driver on this node"));
  }
}

}  // namespace

NodeGpus GpusOf(const Node& node, const NodeDevices* devices) {
  const GpuLabels labels = ReadGpuLabels(node);
  NodeGpus read;
  if (devices != nullptr) read = GpusOfDevices(node.name, *devices);
  if (read.gpus.empty()) {
    std::vector<Gap> gaps = std::move(read.gaps);
    read = GpusOfLabels(node, labels);
    read.gaps.insert(read.gaps.begin(), gaps.begin(), gaps.end());
  } else {
    AddFromLabels(node, labels, read);
  }
  read.strategy = labels.strategy;
  return read;
}

}  // namespace tangram::adapter

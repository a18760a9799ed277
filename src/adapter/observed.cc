// What was seen on a card, in place of what was inferred for it.
#include <algorithm>
#include <map>
#include <utility>

#include "adapter/node_gpus.h"
#include "adapter/printable.h"
#include "adapter/spread.h"

namespace tangram::adapter {
namespace {

using cluster::Gpu;
using cluster::Instance;
using cluster::LayoutSource;
using cluster::Node;

using Counts = std::map<std::string, std::int64_t>;  // by profile

std::vector<Instance> Sorted(std::vector<Instance> instances) {
  std::sort(instances.begin(), instances.end(), [](const Instance& a, const Instance& b) {
    return std::tie(a.start, a.id, a.profile) < std::tie(b.start, b.id, b.profile);
  });
  return instances;
}

void Show(Gpu& gpu, std::vector<Instance> instances) {
  gpu.layout = instances.empty() ? LayoutSource::kNone : LayoutSource::kObserved;
  gpu.instances = Sorted(std::move(instances));
}

// What sharing holds for instances of this node, and for its whole cards.
struct Shares {
  int replicas = 1;
  cluster::Sharing sharing = cluster::Sharing::kNone;
};
Shares SharesOf(const std::vector<Gpu>& gpus, bool cut) {
  for (const Gpu& gpu : gpus) {
    if (gpu.instances.empty() != cut) return {gpu.replicas, gpu.sharing};
  }
  return {};
}

// The inferred instances that no observed card accounts for.
Counts Unseen(const Node& node, const std::map<int, std::vector<Instance>>& observed) {
  Counts counts;
  for (const Gpu& gpu : node.gpus) {
    if (gpu.layout != LayoutSource::kInferred) continue;
    for (const Instance& instance : gpu.instances) ++counts[instance.profile];
  }
  for (const auto& [index, instances] : observed) {
    for (const Instance& instance : instances) {
      const auto found = counts.find(instance.profile);
      if (found != counts.end() && found->second > 0) --found->second;
    }
  }
  return counts;
}

std::vector<ProfileCount> AsProfiles(const gpu::Model& model, const Counts& counts) {
  std::vector<ProfileCount> profiles;
  for (const auto& [name, count] : counts) {
    const gpu::MigProfile* profile = gpu::ProfileNamed(model, name);
    if (profile != nullptr && count > 0) profiles.push_back({profile, count});
  }
  return profiles;
}

// Spreads what is left over the cards that were not seen, as few of them as were inferred to be
// cut and are not accounted for. False where they do not fit there.
bool SpreadRest(const Node& node, const std::map<int, std::vector<Instance>>& observed,
                NodeGpus& read) {
  std::vector<Gpu*> unseen;
  std::int64_t cut = 0;
  for (const Gpu& gpu : node.gpus) cut += gpu.layout == LayoutSource::kInferred ? 1 : 0;
  for (const auto& [index, instances] : observed) cut -= instances.empty() ? 0 : 1;
  for (Gpu& gpu : read.gpus) {
    if (observed.contains(gpu.index) || gpu.layout == LayoutSource::kObserved) continue;
    gpu.instances.clear();
    gpu.layout = LayoutSource::kNone;
    unseen.push_back(&gpu);
  }
  const gpu::Model* model = unseen.empty() ? nullptr : ModelOf(*unseen.front());
  if (model == nullptr) return true;
  const auto counts = AsProfiles(*model, Unseen(node, observed));
  if (counts.empty()) return true;
  const auto free = static_cast<std::int64_t>(unseen.size());
  auto layouts = Spread(*model, counts, static_cast<int>(std::clamp<std::int64_t>(cut, 0, free)));
  if (!layouts) layouts = Spread(*model, counts, static_cast<int>(free));
  if (!layouts) return false;
  for (std::size_t i = 0; i < layouts->size(); ++i) {
    unseen[i]->instances = (*layouts)[i];
    if (!unseen[i]->instances.empty()) unseen[i]->layout = LayoutSource::kInferred;
  }
  return true;
}

}  // namespace

NodeGpus WithObserved(const Node& node, const std::vector<ObservedLayout>& observed) {
  NodeGpus read{node.mig_strategy, node.gpus, {}};
  std::map<int, std::vector<Instance>> seen;
  for (const ObservedLayout& layout : observed) seen[layout.index] = layout.instances;
  const bool any_inferred = std::any_of(node.gpus.begin(), node.gpus.end(), [](const Gpu& gpu) {
    return gpu.layout == LayoutSource::kInferred;
  });
  const Shares cut = SharesOf(node.gpus, true);
  const Shares whole = SharesOf(node.gpus, false);
  for (Gpu& gpu : read.gpus) {
    const auto found = seen.find(gpu.index);
    // What DRA says of a card is newer than a series, and knows the placement.
    if (found == seen.end() || gpu.layout == LayoutSource::kObserved) continue;
    Show(gpu, found->second);
  }
  if (any_inferred && !SpreadRest(node, seen, read)) {
    read.gpus = node.gpus;
    read.gaps.push_back({"node " + Printable(node.name),
                         "what DCGM shows of its MIG devices does not agree with the node's counts",
                         "its layout is inferred from the counts; look at the log of dcgm-exporter "
                         "on this node"});
    return read;
  }
  for (Gpu& gpu : read.gpus) {
    const Shares& shares = gpu.instances.empty() ? whole : cut;
    gpu.replicas = shares.replicas;
    gpu.sharing = shares.sharing;
  }
  return read;
}

}  // namespace tangram::adapter

#include "adapter/observe.h"

#include <algorithm>
#include <iterator>
#include <map>
#include <set>
#include <tuple>
#include <utility>

#include "adapter/label_gpus.h"
#include "adapter/node_gpus.h"
#include "adapter/printable.h"

namespace tangram::adapter {
namespace {

using cluster::DeviceUsage;
using cluster::Gap;
using cluster::Gpu;
using cluster::Instance;
using cluster::Node;

// What the series say of one card.
struct Card {
  std::int64_t samples = 0;
  std::map<std::string, std::pair<std::string, std::int64_t>> instances;  // id -> profile, samples
};
using Cards = std::map<std::string, Card>;  // by UUID
using ByIndex = std::map<int, Cards>;       // on one node
using ByNode = std::map<std::string, ByIndex>;

Gpu* CardAt(Node& node, int index) {
  const auto found = std::find_if(node.gpus.begin(), node.gpus.end(),
                                  [&](const Gpu& gpu) { return gpu.index == index; });
  return found == node.gpus.end() ? nullptr : &*found;
}

void SetIndexes(const cluster::List<Node>& nodes, std::vector<DeviceUsage>& devices) {
  std::map<std::string, int> by_uuid;
  for (const Node& node : nodes) {
    for (const Gpu& gpu : node.gpus) {
      if (!gpu.uuid.empty()) by_uuid[gpu.uuid] = gpu.index;
    }
  }
  for (DeviceUsage& device : devices) {
    const auto found = by_uuid.find(device.uuid);
    if (found != by_uuid.end()) device.gpu_index = found->second;
  }
}

// What was counted of a device, whichever metric there was: how long its series were there.
std::int64_t Weight(const DeviceUsage& device) { return device.samples + 1; }

ByNode Group(const std::vector<DeviceUsage>& devices) {
  ByNode grouped;
  for (const DeviceUsage& device : devices) {
    if (device.node.empty() || device.gpu_index < 0 || device.uuid.empty()) continue;
    Card& card = grouped[device.node][device.gpu_index][device.uuid];
    card.samples += Weight(device);
    if (device.instance_id.empty()) continue;
    auto& [profile, samples] = card.instances[device.instance_id];
    // An id that had two profiles in the window: the one that was there longer.
    if (Weight(device) >= samples) profile = device.profile;
    samples = std::max(samples, Weight(device));
  }
  return grouped;
}

// Of several cards that had this index in the window, the one that was seen most.
const std::pair<const std::string, Card>& MostSeen(const Cards& cards) {
  return *std::max_element(cards.begin(), cards.end(), [](const auto& a, const auto& b) {
    return std::tie(a.second.samples, b.first) < std::tie(b.second.samples, a.first);
  });
}

// The profiles that the node has now, by its labels and by DRA.
std::set<std::string> ProfilesNow(const Node& node) {
  std::set<std::string> profiles;
  for (const MigDevices& devices : ReadGpuLabels(node).mig) profiles.insert(devices.profile);
  return profiles;
}

std::vector<Instance> InstancesNow(const Card& card, const std::set<std::string>& profiles) {
  std::vector<Instance> instances;
  for (const auto& [id, seen] : card.instances) {
    if (profiles.contains(seen.first)) instances.push_back({seen.first, std::nullopt, id});
  }
  return instances;
}

bool FitOneCard(const Gpu& gpu, const std::vector<Instance>& instances) {
  const gpu::Model* model = ModelOf(gpu);
  if (model == nullptr) return true;  // nothing to hold against it
  std::vector<const gpu::MigProfile*> profiles;
  int slices = 0;
  for (const Instance& instance : instances) {
    profiles.push_back(gpu::ProfileNamed(*model, instance.profile));
    if (profiles.back() == nullptr) return false;
    slices += profiles.back()->memory_slices;
  }
  return slices <= model->memory_slices && gpu::FindLayout(*model, profiles).has_value();
}

// Feature discovery counts no cards under the single strategy, so more may be seen than inferred.
Gpu* CardAtOrNew(Node& node, int index) {
  if (Gpu* gpu = CardAt(node, index)) return gpu;
  const bool uncounted = node.mig_strategy == cluster::MigStrategy::kSingle && !node.gpus.empty();
  if (!uncounted || index >= kMostCards) return nullptr;
  Gpu gpu = node.gpus.front();
  gpu.index = index;
  gpu.uuid.clear();
  gpu.instances.clear();
  gpu.layout = cluster::LayoutSource::kNone;
  node.gpus.push_back(std::move(gpu));
  std::sort(node.gpus.begin(), node.gpus.end(),
            [](const Gpu& a, const Gpu& b) { return a.index < b.index; });
  return CardAt(node, index);
}

// What does not agree on one node, each said once.
struct Doubts {
  int replaced = 0;
  int unknown = 0;
  int changed = 0;
};

void AddGaps(const Node& node, const Doubts& doubts, std::vector<Gap>& gaps) {
  const auto add = [&](int count, const std::string& why, const std::string& remedy) {
    if (count == 0) return;
    gaps.push_back({"node " + Printable(node.name), std::to_string(count) + why, remedy});
  };
  add(doubts.replaced, " of its GPUs had more than one UUID in the window",
      "cards were replaced, or the node was; the one seen longest is shown");
  add(doubts.unknown, " GPUs have series and are not among those that the node reports",
      "install NVIDIA's GPU feature discovery, which labels the node");
  add(doubts.changed, " of its GPUs changed their MIG layout within the window",
      "their layout is inferred from the node's counts; ask for a shorter window");
}

void ObserveNode(const ByIndex& by_index, Node& node, std::vector<Gap>& gaps) {
  const std::set<std::string> profiles = ProfilesNow(node);
  std::vector<ObservedLayout> observed;
  Doubts doubts;
  for (const auto& [index, cards] : by_index) {
    Gpu* gpu = CardAtOrNew(node, index);
    if (gpu == nullptr) {
      ++doubts.unknown;
      continue;
    }
    const auto& [uuid, card] = MostSeen(cards);
    if (gpu->uuid.empty()) {
      gpu->uuid = uuid;
      if (cards.size() > 1) ++doubts.replaced;
    }
    if (gpu->uuid != uuid || profiles.empty()) continue;
    std::vector<Instance> instances = InstancesNow(card, profiles);
    const bool stale = instances.empty() && !card.instances.empty();
    if (stale || !FitOneCard(*gpu, instances)) {
      ++doubts.changed;
      continue;
    }
    observed.push_back({index, std::move(instances)});
  }
  AddGaps(node, doubts, gaps);
  // An exporter that shows no instance at all does not tell cards in MIG mode from others.
  const bool shows_mig = std::any_of(observed.begin(), observed.end(),
                                     [](const auto& layout) { return !layout.instances.empty(); });
  if (!shows_mig) return;
  NodeGpus read = WithObserved(node, observed);
  node.gpus = std::move(read.gpus);
  std::move(read.gaps.begin(), read.gaps.end(), std::back_inserter(gaps));
}

}  // namespace

std::vector<Gap> Observe(std::vector<DeviceUsage>& devices, cluster::List<Node>& nodes) {
  SetIndexes(nodes, devices);
  const ByNode grouped = Group(devices);
  std::vector<Gap> gaps;
  for (Node& node : nodes) {
    const auto found = grouped.find(node.name);
    if (found != grouped.end()) ObserveNode(found->second, node, gaps);
  }
  return gaps;
}

}  // namespace tangram::adapter

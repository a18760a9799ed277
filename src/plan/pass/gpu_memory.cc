// How much GPU memory each pod that goes somewhere has there.
#include <algorithm>
#include <map>
#include <string>
#include <unordered_map>
#include <unordered_set>

#include "plan/pass/passes.h"
#include "plan/pass/shared_devices.h"

namespace tangram::plan {
namespace {

// Of one device of the resource; nothing: a whole card, or not known.
std::optional<MemoryShare> ShareOf(const NodeRoom& node, const std::string& resource) {
  const ResourceKind kind = KindOf(resource);
  if (kind.unit == ResourceKind::Unit::kNotGpu) return std::nullopt;
  const SharedDevices devices = DevicesOf(node, kind);
  const bool whole = devices.profile == nullptr;
  if (devices.memory.value() == 0 || (whole && devices.replicas == 1)) return std::nullopt;
  const bool mps = devices.sharing == cluster::Sharing::kMps;
  return MemoryShare{.seen = devices.memory,
                     .share = devices.memory / devices.replicas,
                     .enforced = mps || devices.replicas == 1};
}

// Of the pod that the action places or moves; empty: it does neither.
std::string_view NameIn(const Change& change) {
  if (const auto* place = std::get_if<PlacePod>(&change)) return place->pod.name;
  const auto* move = std::get_if<MovePod>(&change);
  return move == nullptr ? std::string_view() : move->pod.name;
}

class MemoryWriter {
 public:
  explicit MemoryWriter(World& world) {
    for (const NodeRoom& node : world.nodes()) nodes_.emplace(node.name, &node);
    std::unordered_set<std::string_view> named;
    for (const Action& action : world.actions()) named.insert(NameIn(action.change));
    for (const cluster::Pod& pod : world.snapshot().pods) {
      if (named.contains(pod.name)) pods_.emplace(NameOf(pod), &pod);
    }
  }

  void Write(Action& action) {
    if (const auto* place = std::get_if<PlacePod>(&action.change)) {
      action.gpu_memory = OfPod(place->pod, place->node);
    } else if (const auto* move = std::get_if<MovePod>(&action.change)) {
      action.gpu_memory = OfPod(move->pod, move->to);
    } else if (const auto* resize = std::get_if<ResizePod>(&action.change)) {
      action.gpu_memory = Of(resize->to, resize->resource_after);
    }
  }

 private:
  std::optional<MemoryShare> OfPod(const PodName& pod, const std::string& node) {
    for (const auto& [resource, count] : pods_.at(pod)->devices) {
      if (count <= 0) continue;
      if (auto share = Of(node, resource)) return share;
    }
    return std::nullopt;
  }

  // Worked out once a node and resource.
  std::optional<MemoryShare> Of(const std::string& node, const std::string& resource) {
    const auto [known, fresh] = known_.try_emplace({node, resource});
    if (fresh) known->second = ShareOf(*nodes_.at(node), resource);
    return known->second;
  }

  std::unordered_map<std::string_view, const NodeRoom*> nodes_;
  std::map<PodName, const cluster::Pod*> pods_;  // that actions name
  std::map<std::pair<std::string, std::string>, std::optional<MemoryShare>> known_;
};

}  // namespace

void SayGpuMemory(World& world) {
  if (world.actions().empty()) return;
  MemoryWriter writer(world);
  for (Action& action : world.actions()) writer.Write(action);
}

}  // namespace tangram::plan

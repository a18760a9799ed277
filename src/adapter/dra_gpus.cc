// Cards from the devices that DRA publishes.
#include <algorithm>
#include <map>
#include <utility>

#include "adapter/node_gpus.h"
#include "adapter/printable.h"
#include "gpu/gpu.h"

namespace tangram::adapter {
namespace {

using cluster::Gap;
using cluster::Gpu;
using cluster::Instance;

struct Card {
  const SliceDevice* whole = nullptr;     // the card itself; absent under static MIG
  std::vector<const SliceDevice*> parts;  // MIG devices that are there
  const SliceDevice* any = nullptr;       // one of them, for what they share with the card
};

// A static MIG device has a uuid; one that could be made has none until it is allocated.
bool IsThere(const SliceDevice& device, const NodeDevices& node) {
  return !device.uuid.empty() || node.allocated.contains(device.name);
}

bool IsMig(const SliceDevice& device) {
  return device.type == "mig" || ParseDeviceName(device.name).start >= 0;
}

std::map<int, Card> CardsOf(const NodeDevices& node, std::vector<std::string>& unnamed) {
  std::map<int, Card> cards;
  for (const SliceDevice& device : node.devices) {
    if (device.type == "vfio") continue;
    const DeviceName name = ParseDeviceName(device.name);
    if (name.card < 0) {
      unnamed.push_back(device.name);
      continue;
    }
    Card& card = cards[name.card];
    card.any = &device;
    if (!IsMig(device)) card.whole = &device;
    if (IsMig(device) && IsThere(device, node)) card.parts.push_back(&device);
  }
  return cards;
}

struct Part {
  Instance instance;
  const gpu::MigProfile* profile = nullptr;
};

Part PartOf(const SliceDevice& device, const gpu::Model* model) {
  const DeviceName name = ParseDeviceName(device.name);
  Part part;
  part.instance.profile = device.profile.empty() ? name.profile : device.profile;
  part.instance.id = device.name;
  if (name.start >= 0) part.instance.start = name.start;
  if (model == nullptr) return part;
  part.profile = gpu::ProfileById(*model, name.profile_id);
  if (part.profile == nullptr) part.profile = gpu::ProfileNamed(*model, part.instance.profile);
  if (part.profile != nullptr) part.instance.profile = std::string(part.profile->name);
  return part;
}

// The instances of a card, as long as they can be on one together; one that cannot is a gap.
std::vector<Instance> InstancesOf(const Card& card, const gpu::Model* model,
                                  const std::string& node, std::vector<Gap>& gaps) {
  std::vector<Instance> instances;
  std::vector<gpu::Occupied> occupied;
  for (const SliceDevice* device : card.parts) {
    Part part = PartOf(*device, model);
    const bool checkable = part.profile != nullptr && part.instance.start.has_value();
    if (checkable && !gpu::Fits(*model, occupied, *part.profile, *part.instance.start)) {
      gaps.push_back({"node " + node,
                      "DRA device " + Printable(device->name) +
                          " overlaps another one that is in use on the same GPU",
                      "look at the ResourceSlices and claims of this node"});
      continue;
    }
    if (checkable) occupied.push_back({part.profile, *part.instance.start});
    instances.push_back(std::move(part.instance));
  }
  std::sort(instances.begin(), instances.end(), [](const Instance& a, const Instance& b) {
    return std::tie(a.start, a.id) < std::tie(b.start, b.id);
  });
  return instances;
}

Gpu GpuOf(int index, const Card& card) {
  Gpu gpu;
  gpu.index = index;
  gpu.product = gpu::ParseProduct(card.any->product_name).board;
  if (card.whole == nullptr) {
    gpu.uuid = card.any->parent_uuid;
    return gpu;
  }
  gpu.uuid = card.whole->uuid;
  gpu.memory = card.whole->memory.value_or(base::MiB(0));
  gpu.dra_device = card.whole->name;
  return gpu;
}

}  // namespace

NodeGpus GpusOfDevices(const std::string& node, const NodeDevices& devices) {
  NodeGpus read;
  std::vector<std::string> unnamed;
  for (const auto& [index, card] : CardsOf(devices, unnamed)) {
    Gpu gpu = GpuOf(index, card);
    const auto memory =
        gpu.memory.value() > 0 ? std::optional(gpu.memory) : std::optional<base::MiB>();
    const gpu::Model* model = gpu::ModelOfDevice(card.any->product_name, memory);
    gpu.instances = InstancesOf(card, model, node, read.gaps);
    if (!gpu.instances.empty()) gpu.layout = cluster::LayoutSource::kObserved;
    read.gpus.push_back(std::move(gpu));
  }
  if (!unnamed.empty()) {
    read.gaps.push_back({"node " + node,
                         std::to_string(unnamed.size()) + " DRA devices such as " +
                             Printable(unnamed.front()) + " have names that say no GPU",
                         "these devices are left out; Tangram reads NVIDIA's names (gpu-0)"});
  }
  return read;
}

}  // namespace tangram::adapter

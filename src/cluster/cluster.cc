#include <algorithm>
#include <tuple>

#include "cluster/snapshot.h"

namespace tangram::cluster {
namespace {

template <class T, class Key>
void SortBy(std::vector<T>& list, Key key) {
  const auto less = [&](const T& a, const T& b) { return key(a) < key(b); };
  if (!std::is_sorted(list.begin(), list.end(), less)) {
    std::stable_sort(list.begin(), list.end(), less);
  }
}

template <class T, class Key>
void SortBy(List<T>& list, Key key) {
  const auto less = [&](const Shared<T>& a, const Shared<T>& b) { return key(*a) < key(*b); };
  if (!std::is_sorted(list.items().begin(), list.items().end(), less)) {
    std::stable_sort(list.items().begin(), list.items().end(), less);
  }
}

constexpr auto kByName = [](const auto& object) { return std::tie(object.name); };
constexpr auto kByNamespace = [](const auto& object) { return std::tie(object.ns, object.name); };

void NormalizeGpu(Gpu& gpu) {
  std::sort(gpu.holders.begin(), gpu.holders.end());
  for (Instance& instance : gpu.instances) {
    std::sort(instance.holders.begin(), instance.holders.end());
  }
  SortBy(gpu.instances, [](const Instance& instance) {
    return std::make_tuple(instance.start.value_or(-1), std::string_view(instance.id),
                           std::string_view(instance.profile));
  });
}

// The order of devices stays: it is the order in which they are tried.
void NormalizeDevice(Device& device) {
  SortBy(device.attributes, kByName);
  SortBy(device.capacity, kByName);
  SortBy(device.consumes, kByName);
}

}  // namespace

const DeviceAttribute* FindAttribute(const Device& device, std::string_view driver,
                                     std::string_view name) {
  const auto find = [&](std::string_view wanted) {
    const auto found =
        std::find_if(device.attributes.begin(), device.attributes.end(),
                     [&](const DeviceAttribute& known) { return known.name == wanted; });
    return found == device.attributes.end() ? nullptr : &*found;
  };
  if (const DeviceAttribute* whole = find(name)) return whole;
  const std::size_t slash = name.find('/');
  if (slash == std::string_view::npos || name.substr(0, slash) != driver) return nullptr;
  return find(name.substr(slash + 1));
}

const gpu::Model* ModelOf(const Gpu& gpu) {
  const bool is_reported = gpu.memory.value() > 0;
  return gpu::ParseProduct(gpu.product, is_reported ? std::optional(gpu.memory) : std::nullopt)
      .model;
}

std::string_view Find(const Labels& labels, std::string_view key) {
  for (const auto& [name, value] : labels) {
    if (name == key) return value;
  }
  return {};
}

std::int64_t CountOf(const std::vector<ResourceCount>& resources, std::string_view name) {
  for (const ResourceCount& resource : resources) {
    if (resource.name == name) return resource.count;
  }
  return 0;
}

bool Selects(const DisruptionBudget& budget, std::string_view ns, const Labels& labels) {
  if (budget.ns != ns) return false;
  return Matches(Selector{budget.match_labels, budget.match_expressions}, labels);
}

const Gap* GapIn(const Snapshot& snapshot, std::string_view what) {
  const auto gap = std::find_if(snapshot.gaps.begin(), snapshot.gaps.end(),
                                [&](const Gap& known) { return known.what == what; });
  return gap == snapshot.gaps.end() ? nullptr : &*gap;
}

void Normalize(Snapshot& snapshot) {
  SortBy(snapshot.nodes, kByName);
  for (Node& node : snapshot.nodes) {
    SortBy(node.gpus, [](const Gpu& gpu) { return gpu.index; });
    for (Gpu& gpu : node.gpus) NormalizeGpu(gpu);
  }
  SortBy(snapshot.pods, kByNamespace);
  SortBy(snapshot.claims, kByNamespace);
  SortBy(snapshot.slices, kByName);
  for (ResourceSlice& slice : snapshot.slices) {
    for (Device& device : slice.devices) NormalizeDevice(device);
    SortBy(slice.counters, kByName);
  }
  SortBy(snapshot.device_classes, kByName);
  SortBy(snapshot.namespaces, kByName);
  SortBy(snapshot.budgets, kByNamespace);
  SortBy(snapshot.quotas, kByNamespace);
  SortBy(snapshot.queues, kByName);
  SortBy(snapshot.local_queues, kByNamespace);
  SortBy(snapshot.priority_classes, kByName);
  SortBy(snapshot.gang_owners, kByNamespace);
  SortBy(snapshot.gang_kinds, [](const std::string& kind) { return std::string_view(kind); });
  SortBy(snapshot.demand,
         [](const Demand& row) { return std::tie(row.pool, row.profile, row.from); });
  SortBy(snapshot.gaps, [](const Gap& gap) { return std::tie(gap.what, gap.why); });
  if (!snapshot.usage) return;
  SortBy(snapshot.usage->devices, [](const DeviceUsage& device) {
    return std::tie(device.node, device.gpu_index, device.uuid, device.instance_id, device.ns,
                    device.pod, device.container);
  });
}

}  // namespace tangram::cluster

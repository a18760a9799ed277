#include "cluster/check.h"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>
#include <string_view>
#include <tuple>
#include <vector>

#include "base/text.h"
#include "base/time_text.h"

namespace tangram::cluster {
namespace {

using Twice = std::optional<std::pair<std::size_t, std::size_t>>;

// Two positions of `list` with equal keys, the later one second. O(n) where the list is sorted.
template <class L, class Key>
Twice FindTwice(const L& list, Key key) {
  const auto not_before = [&](const auto& a, const auto& b) { return !(key(a) < key(b)); };
  if (std::adjacent_find(list.begin(), list.end(), not_before) == list.end()) return std::nullopt;
  std::vector<std::size_t> order(list.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
    if (key(list[a]) < key(list[b])) return true;
    return !(key(list[b]) < key(list[a])) && a < b;
  });
  const auto same = std::adjacent_find(
      order.begin(), order.end(),
      [&](std::size_t a, std::size_t b) { return !(key(list[a]) < key(list[b])); });
  if (same == order.end()) return std::nullopt;
  return std::pair(*same, *(same + 1));
}

template <class T>
std::optional<Fault> CheckNames(const List<T>& list, std::string_view list_name) {
  const Twice twice = FindTwice(list, [](const T& object) {
    if constexpr (requires { object.ns; }) {
      return std::tie(object.ns, object.name);
    } else {
      return std::string_view(object.name);
    }
  });
  if (!twice) return std::nullopt;
  Fault fault;
  fault.Set(fmt::format("found \"{}\", which {}[{}] has too; give each its own name",
                        Shown(list[twice->second].name), list_name, twice->first));
  fault.Within("name");
  fault.Within(twice->second);
  fault.Within(list_name);
  return fault;
}

std::optional<Fault> CheckGpus(const Node& node, std::size_t node_index) {
  const Twice twice = FindTwice(node.gpus, [](const Gpu& gpu) { return gpu.index; });
  if (!twice) return std::nullopt;
  Fault fault;
  fault.Set(fmt::format("found {}, which gpus[{}] has too; give each card its own index",
                        node.gpus[twice->second].index, twice->first));
  fault.Within("index");
  fault.Within(twice->second);
  fault.Within("gpus");
  fault.Of(node.name);
  fault.Within(node_index);
  fault.Within("nodes");
  return fault;
}

std::optional<Fault> CheckNodes(const List<Node>& nodes) {
  for (std::size_t i = 0; i < nodes.size(); ++i) {
    if (auto fault = CheckGpus(nodes[i], i)) return fault;
  }
  return CheckNames(nodes, "nodes");
}

std::optional<Fault> CheckUsage(const std::optional<Usage>& usage) {
  if (!usage || usage->from <= usage->to) return std::nullopt;
  Fault fault;
  fault.Set(
      fmt::format("found {}, which is before \"from\" ({}); write a window that ends after "
                  "it starts",
                  base::FormatTime(usage->to), base::FormatTime(usage->from)));
  fault.Within("to");
  fault.Within("usage");
  return fault;
}

std::optional<Fault> CheckDemand(const List<Demand>& rows) {
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const Demand& row = rows[i];
    const bool is_hour = std::chrono::floor<std::chrono::hours>(row.from) == row.from;
    if (is_hour && !row.peaks.empty()) continue;
    Fault fault;
    fault.Set(is_hour ? std::string("found no hour; name at least one, or leave the row out")
                      : fmt::format("found {}, which is no whole hour; write when an hour begins, "
                                    "as 2026-11-21T13:00:00Z",
                                    base::FormatTime(row.from)));
    fault.Within(is_hour ? "peaks" : "from");
    fault.Within(i);
    fault.Within("demand");
    return fault;
  }
  return std::nullopt;
}

bool IsOfType(const DeviceAttribute& attribute) {
  switch (attribute.type) {
    case AttributeType::kInt:
      return base::ParseInteger(attribute.value).has_value();
    case AttributeType::kBool:
      return attribute.value == "true" || attribute.value == "false";
    case AttributeType::kList:
      return attribute.value.empty();
    case AttributeType::kString:
    case AttributeType::kVersion:
      return true;
  }
  return false;
}

std::optional<Fault> CheckAttributes(const Device& device) {
  const auto wrong = std::find_if_not(device.attributes.begin(), device.attributes.end(), IsOfType);
  if (wrong == device.attributes.end()) return std::nullopt;
  Fault fault;
  fault.Set(
      fmt::format("found \"{}\", which is not of the attribute's type; write an integer's "
                  "digits, \"true\" or \"false\", or nothing for a list",
                  Shown(wrong->value)));
  fault.Within("value");
  fault.Within(static_cast<std::size_t>(wrong - device.attributes.begin()));
  fault.Within("attributes");
  fault.Of(device.name);
  return fault;
}

std::optional<Fault> CheckSlices(const List<ResourceSlice>& slices) {
  for (std::size_t i = 0; i < slices.size(); ++i) {
    for (std::size_t j = 0; j < slices[i].devices.size(); ++j) {
      auto fault = CheckAttributes(slices[i].devices[j]);
      if (!fault) continue;
      fault->Within(j);
      fault->Within("devices");
      fault->Within(i);
      fault->Within("slices");
      return fault;
    }
  }
  return CheckNames(slices, "slices");
}

}  // namespace

std::optional<Fault> Check(const Snapshot& snapshot) {
  if (auto fault = CheckNodes(snapshot.nodes)) return fault;
  if (auto fault = CheckNames(snapshot.pods, "pods")) return fault;
  if (auto fault = CheckNames(snapshot.claims, "claims")) return fault;
  if (auto fault = CheckSlices(snapshot.slices)) return fault;
  if (auto fault = CheckNames(snapshot.device_classes, "deviceClasses")) return fault;
  if (auto fault = CheckNames(snapshot.namespaces, "namespaces")) return fault;
  if (auto fault = CheckNames(snapshot.budgets, "budgets")) return fault;
  if (auto fault = CheckNames(snapshot.quotas, "quotas")) return fault;
  if (auto fault = CheckNames(snapshot.queues, "queues")) return fault;
  if (auto fault = CheckNames(snapshot.local_queues, "localQueues")) return fault;
  if (auto fault = CheckNames(snapshot.priority_classes, "priorityClasses")) return fault;
  if (auto fault = CheckNames(snapshot.gang_owners, "gangOwners")) return fault;
  if (auto fault = CheckDemand(snapshot.demand)) return fault;
  return CheckUsage(snapshot.usage);
}

}  // namespace tangram::cluster

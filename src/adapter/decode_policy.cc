#include "adapter/decode_policy.h"

#include <utility>

#include "adapter/amounts.h"
#include "adapter/decode_affinity.h"
#include "adapter/decode_meta.h"

namespace tangram::adapter {
namespace {

// "requests.nvidia.com/mig-1g.5gb"; and DRA's, by class, in both of its spellings.
bool LimitsGpus(std::string_view key) {
  return key.find("nvidia.com/") != std::string_view::npos ||
         key.ends_with(".deviceclass.resource.k8s.io/devices") ||
         key.starts_with("requests.deviceclass.resource.kubernetes.io/");
}

std::vector<cluster::ResourceCount> ReadGpuLimits(Json list) {
  std::vector<cluster::ResourceCount> counts;
  list.Fields([&](std::string_view key, Json value) {
    if (!LimitsGpus(key)) return;
    if (const auto count = ReadCount(value)) SetCount(counts, key, *count);
  });
  return counts;
}

}  // namespace

base::Result<cluster::Namespace> DecodeNamespace(simdjson::ondemand::object object) {
  Fault fault;
  Meta meta;
  Walk(object, fault, [&](std::string_view key, Json field) {
    if (key == "metadata") meta = ReadMeta(field);
  });
  if (meta.name.empty()) fault.Set("metadata.name is missing");
  if (fault.Found()) return tl::unexpected(ErrorOf(fault, "Namespace", "", meta.name));
  return cluster::Namespace{std::move(meta.name), std::move(meta.labels)};
}

base::Result<cluster::PriorityClass> DecodePriorityClass(simdjson::ondemand::object object) {
  Fault fault;
  Meta meta;
  cluster::PriorityClass priority;
  Walk(object, fault, [&](std::string_view key, Json field) {
    if (key == "metadata") meta = ReadMeta(field);
    if (key == "value") priority.value = field.Integer().value_or(0);
    if (key == "preemptionPolicy") priority.preempts = field.Text() != "Never";
    if (key == "globalDefault") priority.global_default = field.Boolean().value_or(false);
  });
  if (meta.name.empty()) fault.Set("metadata.name is missing");
  if (fault.Found()) return tl::unexpected(ErrorOf(fault, "PriorityClass", "", meta.name));
  priority.name = std::move(meta.name);
  return priority;
}

base::Result<std::optional<cluster::Quota>> DecodeQuota(simdjson::ondemand::object object) {
  Fault fault;
  Meta meta;
  cluster::Quota quota;
  Walk(object, fault, [&](std::string_view key, Json field) {
    if (key == "metadata") meta = ReadMeta(field);
    if (key != "spec" && key != "status") return;
    const bool is_status = key == "status";
    field.Fields([&](std::string_view inner, Json value) {
      if (inner == "hard" && !is_status) quota.hard = ReadGpuLimits(value);
      if (inner == "used" && is_status) quota.used = ReadGpuLimits(value);
    });
  });
  if (meta.name.empty()) fault.Set("metadata.name is missing");
  if (fault.Found()) return tl::unexpected(ErrorOf(fault, "ResourceQuota", meta.ns, meta.name));
  if (quota.hard.empty()) return std::nullopt;
  quota.ns = std::move(meta.ns);
  quota.name = std::move(meta.name);
  return quota;
}

base::Result<std::optional<cluster::DisruptionBudget>> DecodeDisruptionBudget(
    simdjson::ondemand::object object) {
  Fault fault;
  Meta meta;
  cluster::DisruptionBudget budget;
  bool selects = false;
  Walk(object, fault, [&](std::string_view key, Json field) {
    if (key == "metadata") meta = ReadMeta(field);
    if (key != "spec" && key != "status") return;
    field.Fields([&](std::string_view inner, Json value) {
      if (inner == "disruptionsAllowed") budget.disruptions_allowed = value.Integer().value_or(0);
      if (inner != "selector") return;
      selects = true;
      cluster::Selector selector = ReadSelector(value);
      budget.match_labels = std::move(selector.match_labels);
      budget.match_expressions = std::move(selector.match_expressions);
    });
  });
  if (meta.name.empty()) fault.Set("metadata.name is missing");
  if (fault.Found()) {
    return tl::unexpected(ErrorOf(fault, "PodDisruptionBudget", meta.ns, meta.name));
  }
  if (!selects) return std::nullopt;
  budget.ns = std::move(meta.ns);
  budget.name = std::move(meta.name);
  return budget;
}

}  // namespace tangram::adapter

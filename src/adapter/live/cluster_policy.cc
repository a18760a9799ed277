#include "adapter/live/cluster_policy.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>
#include <string>

namespace tangram::adapter {
namespace {

using nlohmann::json;

// A part of the operator that is told how by a ConfigMap.
struct Operand {
  const char* field;
  const char* program;
  std::string ns;
  std::string name;    // of the ConfigMap that we write; empty: we do not
  const char* option;  // of the chart
};

std::string TextAt(const json& object, const std::string& pointer) {
  const json::json_pointer at(pointer);
  if (!object.contains(at) || !object.at(at).is_string()) return "";
  return object.at(at).get<std::string>();
}

std::string WhyUnseen(const json& policies, const Operand& operand) {
  if (operand.name.empty()) return "";
  std::string why;
  for (const json& policy : policies) {
    const std::string reads = TextAt(policy, fmt::format("/spec/{}/config/name", operand.field));
    if (reads == operand.name) return "";
    if (!why.empty()) continue;
    const std::string name = TextAt(policy, "/metadata/name");
    const std::string now =
        reads.empty() ? std::string("names none") : fmt::format("names {}", reads);
    why = fmt::format(
        "of the ConfigMap that {} reads, ClusterPolicy {} {}, and Tangram writes to {}/{}: name "
        "that in spec.{}.config.name{}",
        operand.program, name, now, operand.ns, operand.name, operand.field,
        reads.empty() ? std::string()
                      : fmt::format(", or set {} of the chart to {}", operand.option, reads));
  }
  return why;
}

}  // namespace

control::Unseen UnseenBy(std::string_view cluster_policies, const MigLayoutsIn& layouts,
                         const SharingConfigsIn& sharing) {
  const json list = json::parse(cluster_policies, nullptr, /*allow_exceptions=*/false);
  if (!list.is_object() || !list.contains("items") || !list["items"].is_array()) return {};
  const json& policies = list["items"];
  return {.layouts = WhyUnseen(policies, {"migManager", "mig-manager", layouts.ns, layouts.name,
                                          "migManager.configMap"}),
          .sharing = WhyUnseen(policies, {"devicePlugin", "the device plugin", sharing.ns,
                                          sharing.name, "devicePlugin.configMap"})};
}

}  // namespace tangram::adapter

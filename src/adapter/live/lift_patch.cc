#include "adapter/live/lift_patch.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <nlohmann/json.hpp>

#include "cluster/gate.h"
#include "control/model.h"

namespace tangram::adapter {
namespace {

using nlohmann::json;

constexpr const char* kRequired = "requiredDuringSchedulingIgnoredDuringExecution";
constexpr const char* kPreferred = "preferredDuringSchedulingIgnoredDuringExecution";

json Condition(const char* key, const std::vector<std::string>& values) {
  return {{"key", key}, {"operator", "In"}, {"values", values}};
}

void Narrow(json& term, const std::vector<std::string>& nodes) {
  if (nodes.size() == 1) {
    term["matchFields"].push_back(Condition("metadata.name", nodes));
  } else {
    term["matchExpressions"].push_back(Condition("kubernetes.io/hostname", nodes));
  }
}

bool IsEmpty(const json& term) {
  const auto has_none = [&](const char* list) {
    return !term.contains(list) || term[list].is_null() || term[list].empty();
  };
  return has_none("matchExpressions") && has_none("matchFields");
}

base::Result<json> NarrowedAffinity(const control::LiftGate& lift) {
  json affinity = json::object();
  if (!lift.node_affinity.empty()) {
    affinity = json::parse(lift.node_affinity, nullptr, false);
    if (!affinity.is_object()) {
      return base::Fail(base::ErrorCode::kInvalid,
                        fmt::format("pod {}/{}: spec.affinity.nodeAffinity is no object",
                                    lift.pod.ns, lift.pod.name));
    }
  }
  json& terms = affinity[kRequired]["nodeSelectorTerms"];
  if (!terms.is_array() || terms.empty()) {
    terms = json::array();
    Narrow(terms.emplace_back(json::object()), lift.nodes);
  } else {
    for (json& term : terms) {
      if (!IsEmpty(term)) Narrow(term, lift.nodes);
    }
  }
  if (lift.nodes.size() > 1) {
    json preference = {{"weight", 100}, {"preference", json::object()}};
    Narrow(preference["preference"], {lift.nodes.front()});
    if (!affinity[kPreferred].is_array()) affinity[kPreferred] = json::array();
    affinity[kPreferred].push_back(std::move(preference));
  }
  return affinity;
}

}  // namespace

base::Result<std::string> LiftPatch(const control::LiftGate& lift, const std::string& fence) {
  json annotations = {{cluster::kPlacementAnnotation, lift.why}};
  if (!fence.empty()) annotations[kFenceAnnotation] = fence;
  json spec = {{"schedulingGates", {{{"$patch", "delete"}, {"name", cluster::kPlacementGate}}}}};
  if (!lift.nodes.empty()) {
    annotations[cluster::kNodesAnnotation] = fmt::format("{}", fmt::join(lift.nodes, ","));
    auto affinity = NarrowedAffinity(lift);
    if (!affinity) return tl::unexpected(affinity.error());
    spec["affinity"]["nodeAffinity"] = *std::move(affinity);
  }
  const json patch = {{"metadata",
                       {{"uid", lift.pod.uid},
                        {"resourceVersion", lift.version},
                        {"annotations", std::move(annotations)}}},
                      {"spec", std::move(spec)}};
  // Names and reasons are ours or the API server's; what is not UTF-8 is replaced, never thrown at.
  return patch.dump(-1, ' ', false, json::error_handler_t::replace);
}

}  // namespace tangram::adapter

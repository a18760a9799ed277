#include "adapter/pod_patch.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>
#include <variant>
#include <vector>

#include "adapter/json_write.h"
#include "cluster/gate.h"
#include "plan/classes/index.h"

namespace tangram::adapter {
namespace {

using plan::classes::Choice;
using plan::classes::ClaimAsk;
using plan::classes::DeviceAsk;

constexpr std::string_view kRequired =
    "/spec/affinity/nodeAffinity/requiredDuringSchedulingIgnoredDuringExecution";

std::string Text(std::string_view text) {
  std::string json;
  AppendJson(json, text);
  return json;
}

// {"key": value, ...}, one pair.
std::string Object(std::string_view key, std::string_view json) {
  return fmt::format("{{{}:{}}}", Text(key), json);
}

class Patch {
 public:
  // `path` is a JSON pointer, `json` the value.
  void Add(std::string_view path, std::string_view json) {
    Begin("add", path);
    json_ += ",\"value\":";
    json_ += json;
    json_ += '}';
  }
  void Remove(std::string_view path) {
    Begin("remove", path);
    json_ += '}';
  }
  std::string Finish() && { return std::move(json_) + ']'; }

 private:
  void Begin(std::string_view op, std::string_view path) {
    if (json_.size() > 1) json_ += ',';
    json_ += "{\"op\":\"";
    json_ += op;
    json_ += "\",\"path\":";
    AppendJson(json_, path);
  }

  std::string json_ = "[";
};

// Sets entries of a map, which is made where the pod has none.
void AddEntries(Patch& patch, std::string_view path, bool exists, const cluster::Labels& entries) {
  for (const auto& [key, value] : entries) {
    if (exists) {
      patch.Add(fmt::format("{}/{}", path, PointerStep(key)), Text(value));
    } else {
      patch.Add(path, Object(key, Text(value)));
      exists = true;
    }
  }
}

std::string PathOf(const ContainerForm& container) {
  return fmt::format("/spec/{}/{}", container.init ? "initContainers" : "containers",
                     container.index);
}

void AddDevices(Patch& patch, const ContainerForm& container, const DeviceAsk& ask) {
  const std::string path = PathOf(container) + "/resources";
  const std::string count = Text(std::to_string(ask.count));
  const std::string amounts = Object(ask.resource, count);
  if (!container.has_resources) {
    patch.Add(path, fmt::format("{{\"limits\":{0},\"requests\":{0}}}", amounts));
    return;
  }
  const std::pair<std::string_view, bool> maps[] = {{"limits", container.has_limits},
                                                    {"requests", container.has_requests}};
  for (const auto& [name, exists] : maps) {
    const std::string map = fmt::format("{}/{}", path, name);
    if (exists) {
      patch.Add(fmt::format("{}/{}", map, PointerStep(ask.resource)), count);
    } else {
      patch.Add(map, amounts);
    }
  }
}

// Appends to a list, which is made where there is none.
void Append(Patch& patch, const std::string& path, bool exists, const std::string& json) {
  if (exists) {
    patch.Add(path + "/-", json);
  } else {
    patch.Add(path, '[' + json + ']');
  }
}

void AddClaim(Patch& patch, const PodEdit& edit, const ClaimAsk& claim) {
  const std::string entry = fmt::format("{{\"name\":{},\"resourceClaimTemplateName\":{}}}",
                                        Text(kClaimName), Text(claim.template_name));
  Append(patch, "/spec/resourceClaims", edit.form.has_claims, entry);
  const std::string path = PathOf(edit.container) + "/resources";
  const std::string use = Object("name", Text(kClaimName));
  if (!edit.container.has_resources) {
    patch.Add(path, Object("claims", '[' + use + ']'));
  } else {
    Append(patch, path + "/claims", edit.container.has_claims, use);
  }
}

// In front: what stands there may refer to it. A variable of that name stays as it is.
void AddEnv(Patch& patch, const ContainerForm& container, const Choice& choice) {
  const std::string path = PathOf(container) + "/env";
  bool exists = container.has_env;
  std::size_t at = 0;
  for (const plan::classes::EnvVar& variable : choice.env) {
    const auto& own = container.env;
    if (std::find(own.begin(), own.end(), variable.name) != own.end()) continue;
    const std::string json =
        fmt::format("{{\"name\":{},\"value\":{}}}", Text(variable.name), Text(variable.value));
    if (exists) {
      patch.Add(fmt::format("{}/{}", path, at), json);
    } else {
      patch.Add(path, '[' + json + ']');
      exists = true;
    }
    ++at;
  }
}

std::string JsonOf(const cluster::Toleration& toleration) {
  std::string json =
      fmt::format("{{\"key\":{},\"operator\":{}", Text(toleration.key), Text(toleration.op));
  if (!toleration.value.empty()) json += ",\"value\":" + Text(toleration.value);
  if (!toleration.effect.empty()) json += ",\"effect\":" + Text(toleration.effect);
  return json + '}';
}

void AddTolerations(Patch& patch, const PodForm& form, const Choice& choice) {
  bool exists = form.has_tolerations;
  for (const cluster::Toleration& toleration : choice.tolerations) {
    Append(patch, "/spec/tolerations", exists, JsonOf(toleration));
    exists = true;
  }
}

std::string JsonOf(const cluster::SelectorTerm& term) {
  std::string json = fmt::format("{{\"key\":{},\"operator\":{}", Text(term.key), Text(term.op));
  if (!term.values.empty()) {
    json += ",\"values\":[";
    for (const std::string& value : term.values) {
      if (json.back() != '[') json += ',';
      AppendJson(json, value);
    }
    json += ']';
  }
  return json + '}';
}

// All the terms as one list of expressions.
std::string Expressions(const std::vector<cluster::SelectorTerm>& terms) {
  std::string json = "[";
  for (const cluster::SelectorTerm& term : terms) {
    if (json.size() > 1) json += ',';
    json += JsonOf(term);
  }
  return json + ']';
}

// Terms are alternatives: each of them has to say it, but for those that never hold.
void NarrowTerms(Patch& patch, const PodForm& form, const Choice& choice) {
  for (std::size_t i = 0; i < form.terms.size(); ++i) {
    if (form.terms[i].holds_never) continue;
    const std::string path = fmt::format("{}/nodeSelectorTerms/{}/matchExpressions", kRequired, i);
    if (!form.terms[i].has_expressions) {
      patch.Add(path, Expressions(choice.node_terms));
      continue;
    }
    for (const cluster::SelectorTerm& term : choice.node_terms)
      patch.Add(path + "/-", JsonOf(term));
  }
}

void AddAffinity(Patch& patch, const PodForm& form, const Choice& choice) {
  if (choice.node_terms.empty()) return;
  if (!form.terms.empty()) return NarrowTerms(patch, form, choice);
  const std::string terms = '[' + Object("matchExpressions", Expressions(choice.node_terms)) + ']';
  const std::string required = Object("nodeSelectorTerms", terms);
  const std::string node = Object("requiredDuringSchedulingIgnoredDuringExecution", required);
  if (!form.has_affinity) return patch.Add("/spec/affinity", Object("nodeAffinity", node));
  if (!form.has_node_affinity) return patch.Add("/spec/affinity/nodeAffinity", node);
  if (!form.has_required) return patch.Add(kRequired, required);
  patch.Add(fmt::format("{}/nodeSelectorTerms", kRequired), terms);
}

// The API server's own plugin has set the number and the policy before us, and works them out again
// from the name.
void AddPriority(Patch& patch, const PodForm& form, const Choice& choice) {
  if (choice.priority_class.empty()) return;
  patch.Add("/spec/priorityClassName", Text(choice.priority_class));
  if (form.has_priority) patch.Remove("/spec/priority");
  if (form.has_preemption_policy) patch.Remove("/spec/preemptionPolicy");
}

void AddGate(Patch& patch, const PodForm& form) {
  Append(patch, "/spec/schedulingGates", form.has_gates,
         Object("name", Text(cluster::kPlacementGate)));
}

}  // namespace

std::string PatchFor(const Choice& choice, std::string_view admission, const PodEdit& edit) {
  Patch patch;
  cluster::Labels annotations = choice.annotations;
  annotations.emplace_back(plan::classes::kAdmissionAnnotation, admission);
  AddEntries(patch, "/metadata/labels", edit.form.has_labels, choice.labels);
  AddEntries(patch, "/metadata/annotations", edit.form.has_annotations, annotations);
  if (const auto* devices = std::get_if<DeviceAsk>(&choice.ask)) {
    AddDevices(patch, edit.container, *devices);
  } else {
    AddClaim(patch, edit, std::get<ClaimAsk>(choice.ask));
  }
  AddEnv(patch, edit.container, choice);
  AddTolerations(patch, edit.form, choice);
  AddAffinity(patch, edit.form, choice);
  AddPriority(patch, edit.form, choice);
  if (edit.gate && !cluster::IsBehindGate(edit.pod)) AddGate(patch, edit.form);
  return std::move(patch).Finish();
}

std::string GatePatch(const PodForm& form) {
  Patch patch;
  AddGate(patch, form);
  return std::move(patch).Finish();
}

}  // namespace tangram::adapter

// Checks an answer of admission against its contract (docs/admission.md), by means of its own: the
// patch is carried out by another library, and what it changed is compared place by place.
#pragma once

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "kube/base64.h"

namespace tangram::adapter::testing {

using nlohmann::json;

inline json ParseOrNull(std::string_view text) {
  json parsed = json::parse(text, nullptr, false);
  return parsed.is_discarded() ? json() : parsed;
}

// The pod as the API server would have it after the answer; null where the patch cannot be applied.
inline json PatchedPod(const json& pod, const json& response) {
  if (!response.contains("patch")) return pod;
  const auto text = kube::DecodeBase64(response["patch"].get<std::string>());
  const json patch = text ? ParseOrNull(*text) : json();
  if (!patch.is_array()) return {};
  try {
    return pod.patch(patch);
  } catch (const json::exception&) {
    return {};
  }
}

class AdmissionChecker {
 public:
  // What is wrong with the change; empty: nothing.
  std::string Check(const json& before, const json& after) {
    if (!after.is_object()) return "the patch does not apply";
    Compare(before, after, "");
    if (before != after && wrong_.empty()) CheckWhole(after);
    return wrong_;
  }

 private:
  void Wrong(const std::string& what) {
    if (wrong_.empty()) wrong_ = what;
  }

  static bool EndsWithOneOf(std::string_view path, std::string_view prefix,
                            const std::vector<std::string_view>& ends) {
    return path.starts_with(prefix) &&
           std::any_of(ends.begin(), ends.end(), [&](std::string_view end) {
             return path == std::string(prefix) + std::string(end);
           });
  }

  // Our own keys of metadata: set or changed.
  static bool IsOurs(std::string_view path) {
    return EndsWithOneOf(path, "/metadata/labels/tangram.dev~1",
                         {"isolation", "latency", "interruptible", "topology"}) ||
           EndsWithOneOf(path, "/metadata/annotations/tangram.dev~1",
                         {"choice", "admission", "gpu-memory", "serving-flags"});
  }

  // What may be there that was not.
  bool MayAdd(const std::string& path, const json& value) {
    static const std::set<std::string, std::less<>> kWhole = {
        "/metadata/annotations",      "/spec/tolerations",    "/spec/affinity",
        "/spec/schedulingGates",      "/spec/resourceClaims", "/spec/priorityClassName",
        "/spec/affinity/nodeAffinity"};
    if (IsOurs(path) || kWhole.contains(path)) return true;
    if (path.starts_with("/spec/affinity/nodeAffinity/required")) return true;
    if (IsOfContainer(path, "/resources")) return NoteResources(path, value);
    if (IsOfContainer(path, "/resources/limits") || IsOfContainer(path, "/resources/requests")) {
      return NoteAmounts(path, value);
    }
    if (IsOfContainer(path, "/resources/claims")) return NoteContainer(path);
    if (IsAmount(path)) return NoteContainer(path);
    return IsOfContainer(path, "/env") && NoteContainer(path) && AreOurVariables(value);
  }

  static bool IsOfContainer(std::string_view path, std::string_view rest) {
    return (path.starts_with("/spec/containers/") || path.starts_with("/spec/initContainers/")) &&
           path.ends_with(rest) &&
           std::count(path.begin(), path.end(), '/') ==
               3 + std::count(rest.begin(), rest.end(), '/');
  }
  static bool IsAmount(std::string_view path) {
    const auto at = path.rfind('/');
    const std::string_view map = path.substr(0, at);
    return IsOfContainer(map, "/resources/limits") || IsOfContainer(map, "/resources/requests");
  }
  // One container at most is changed.
  bool NoteContainer(const std::string& path) {
    std::size_t end = path.find('/', path.find('/', 6) + 1);
    containers_.insert(path.substr(0, end));
    return containers_.size() == 1;
  }
  bool NoteAmounts(const std::string& path, const json& value) {
    return value.is_object() && value.size() == 1 && NoteContainer(path);
  }
  bool NoteResources(const std::string& path, const json& value) {
    for (const auto& [key, inner] : value.items()) {
      if (key != "limits" && key != "requests" && key != "claims") return false;
      if (inner.size() != 1) return false;
    }
    return NoteContainer(path);
  }
  static bool AreOurVariables(const json& list) {
    return std::all_of(list.begin(), list.end(), [](const json& variable) {
      return variable["name"].get<std::string>().starts_with("TANGRAM_GPU_");
    });
  }

  void Compare(const json& before, const json& after, const std::string& path) {
    if (before == after) return;
    if (before.is_object() && after.is_object()) return CompareObjects(before, after, path);
    if (before.is_array() && after.is_array()) return CompareLists(before, after, path);
    const bool may = IsOurs(path) || path == "/spec/priorityClassName" ||
                     (before.is_null() && MayAdd(path, after));
    if (!may) Wrong("changed: " + path);
  }

  static std::string Step(const std::string& key) {
    std::string step;
    for (const char letter : key) {
      step += letter == '~' ? "~0" : letter == '/' ? "~1" : std::string(1, letter);
    }
    return step;
  }

  void CompareObjects(const json& before, const json& after, const std::string& path) {
    for (const auto& [key, value] : before.items()) {
      const std::string inner = path + "/" + Step(key);
      if (after.contains(key)) {
        Compare(value, after[key], inner);
      } else if (inner != "/spec/priority" && inner != "/spec/preemptionPolicy") {
        Wrong("removed: " + inner);
      }
    }
    for (const auto& [key, value] : after.items()) {
      const std::string inner = path + "/" + Step(key);
      if (!before.contains(key) && !MayAdd(inner, value)) Wrong("added: " + inner);
    }
  }

  void CompareLists(const json& before, const json& after, const std::string& path) {
    static const std::set<std::string, std::less<>> kMayGrow = {
        "/spec/tolerations", "/spec/schedulingGates", "/spec/resourceClaims"};
    const bool same = before.size() == after.size();
    if (same) {
      for (std::size_t i = 0; i < before.size(); ++i) {
        Compare(before[i], after[i], path + "/" + std::to_string(i));
      }
      return;
    }
    if (after.size() < before.size()) return Wrong("shorter: " + path);
    const bool env = IsOfContainer(path, "/env");
    const auto more = static_cast<std::ptrdiff_t>(after.size() - before.size());
    const json kept(env ? json(after.begin() + more, after.end())
                        : json(after.begin(), after.end() - more));
    if (kept != before) return Wrong("not only added to: " + path);
    const bool expressions = path.starts_with("/spec/affinity/nodeAffinity/required") &&
                             path.ends_with("/matchExpressions") && !before.empty();
    if (env) {
      if (!NoteContainer(path) || !AreOurVariables(json(after.begin(), after.begin() + more))) {
        Wrong("variables that are not ours: " + path);
      }
    } else if (IsOfContainer(path, "/resources/claims")) {
      if (!NoteContainer(path)) Wrong("claims of two containers");
    } else if (!kMayGrow.contains(path) && !expressions) {
      Wrong("longer: " + path);
    }
  }

  // Of the pod as it has become.
  void CheckWhole(const json& pod) {
    const json spec = pod.value("spec", json::object());
    const json all = spec.value("schedulingGates", json::array());
    const auto gates = std::count_if(all.begin(), all.end(), [](const json& gate) {
      return gate.value("name", "") == "tangram.dev/placement";
    });
    if (gates != 1) Wrong("the gate is there " + std::to_string(gates) + " times");
    for (const char* list : {"containers", "initContainers"}) {
      if (!spec.contains(list) || !spec[list].is_array()) continue;
      for (const json& container : spec[list]) CheckAmounts(container);
    }
    if (asked_ != 1) Wrong("devices are asked for " + std::to_string(asked_) + " times");
  }

  static json Amounts(const json& container, const char* map) {
    json found = json::object();
    if (!container.is_object() || !container.contains("resources")) return found;
    const json& resources = container["resources"];
    if (!resources.is_object() || !resources.contains(map)) return found;
    if (!resources[map].is_object()) return found;
    for (const auto& [key, value] : resources[map].items()) {
      if (key.starts_with("nvidia.com/")) found[key] = value;
    }
    return found;
  }

  void CheckAmounts(const json& container) {
    const json limits = Amounts(container, "limits");
    if (limits != Amounts(container, "requests")) Wrong("requests are not limits");
    asked_ += static_cast<int>(limits.size());
    if (!container.is_object() || !container.contains("resources")) return;
    const json& resources = container["resources"];
    if (!resources.is_object() || !resources.contains("claims")) return;
    for (const json& claim : resources["claims"]) {
      asked_ += claim.value("name", "") == "tangram-gpu" ? 1 : 0;
    }
  }

  std::string wrong_;
  std::set<std::string> containers_;  // that were changed
  int asked_ = 0;
};

}  // namespace tangram::adapter::testing

#include "lint/objects.h"

#include <algorithm>
#include <array>

#include "base/text.h"

namespace tangram::lint {
namespace {

bool HoldsContainers(const Value& map) {
  const Value* containers = map.Find("containers");
  if (containers == nullptr || !containers->is_list() || containers->items.empty()) return false;
  return std::all_of(containers->items.begin(), containers->items.end(),
                     [](const Value& item) { return item.is_map(); });
}

void AddContainers(const Value& spec, std::string_view list, Pod& pod) {
  const Value* containers = spec.Find(list);
  if (containers == nullptr) return;
  for (std::size_t i = 0; i < containers->items.size(); ++i) {
    if (!containers->items[i].is_map()) continue;
    pod.containers.push_back({&containers->items[i], pod.path / list / i});
  }
}

// A pod spec is known by its containers, whatever kind of object it stands in.
void FindPods(const Value& value, const Path& path, const Value* metadata, Object& object) {
  if (value.is_map() && HoldsContainers(value)) {
    Pod pod{&value, metadata, path, {}};
    AddContainers(value, "initContainers", pod);
    AddContainers(value, "containers", pod);
    object.pods.push_back(std::move(pod));
    return;
  }
  for (const Member& member : value.members) {
    FindPods(member.value, path / member.key, value.Find("metadata"), object);
  }
  for (std::size_t i = 0; i < value.items.size(); ++i) {
    FindPods(value.items[i], path / i, nullptr, object);
  }
}

std::string TitleOf(const Value& root, std::string_view kind) {
  const Value* metadata = root.Find("metadata");
  std::string name(metadata == nullptr ? "" : metadata->TextOf("name"));
  if (name.empty() && metadata != nullptr) name = metadata->TextOf("generateName");
  std::string space(metadata == nullptr ? "" : metadata->TextOf("namespace"));
  const bool cluster_scoped = kind == "DeviceClass" || kind == "ResourceSlice";
  if (space.empty() && !cluster_scoped) space = "default";
  const std::string shown = name.empty() ? "(no name)" : name;
  return std::string(kind) + " " + (space.empty() ? shown : space + "/" + shown);
}

void AddObjects(const Value& root, int document, std::vector<Object>& objects) {
  if (!root.is_map()) return;
  const std::string_view kind = root.TextOf("kind");
  const Value* items = root.Find("items");
  if (kind.ends_with("List") && items != nullptr && items->is_list()) {
    for (const Value& item : items->items) AddObjects(item, document, objects);
    return;
  }
  if (kind.empty() || root.TextOf("apiVersion").empty()) return;
  Object object{document, &root, TitleOf(root, kind), root.TextOf("apiVersion"), kind, {}};
  if (kind != "CustomResourceDefinition") FindPods(root, {}, nullptr, object);
  objects.push_back(std::move(object));
}

}  // namespace

std::vector<Object> FindObjects(const std::vector<Value>& documents) {
  std::vector<Object> objects;
  for (std::size_t i = 0; i < documents.size(); ++i) {
    AddObjects(documents[i], static_cast<int>(i), objects);
  }
  return objects;
}

std::vector<Ask> AsksOf(const Container& container, std::string_view kind) {
  const Value* resources = container.node->Find("resources");
  const Value* asked = resources == nullptr ? nullptr : resources->Find(kind);
  if (asked == nullptr) return {};
  std::vector<Ask> asks;
  for (const Member& member : asked->members) {
    asks.push_back({member.key, &member.value, container.path / "resources" / kind / member.key});
  }
  return asks;
}

std::vector<Ask> AsksOf(const Container& container) {
  std::vector<Ask> asks = AsksOf(container, "limits");
  for (Ask& request : AsksOf(container, "requests")) {
    const bool limited = std::any_of(
        asks.begin(), asks.end(), [&](const Ask& ask) { return ask.resource == request.resource; });
    if (!limited) asks.push_back(std::move(request));
  }
  return asks;
}

bool IsExtended(std::string_view resource) {
  return resource.starts_with("nvidia.com/") || resource == "amd.com/gpu" ||
         resource.starts_with("gpu.intel.com/");
}

bool IsWholeGpu(std::string_view resource) {
  return resource == "nvidia.com/gpu" || resource == "nvidia.com/gpu.shared";
}

bool IsMig(std::string_view resource) { return resource.starts_with("nvidia.com/mig-"); }

bool IsNvidiaGpu(std::string_view resource) { return IsWholeGpu(resource) || IsMig(resource); }

bool IsSharedGpu(std::string_view resource) {
  return IsNvidiaGpu(resource) && resource.ends_with(".shared");
}

std::optional<std::int64_t> WholeCount(const Value& value) {
  if (!value.is_scalar()) return std::nullopt;
  std::string_view text = value.text;
  const bool thousandths = text.ends_with('m');
  if (thousandths) text.remove_suffix(1);
  const auto number = base::ParseInteger(text);
  if (!number || *number < 0) return std::nullopt;
  if (!thousandths) return number;
  return *number % 1000 == 0 ? std::optional(*number / 1000) : std::nullopt;
}

std::int64_t DevicesOf(const Container& container) {
  constexpr std::int64_t kMost = 1'000'000;  // keeps the sum in range for any input
  std::int64_t devices = 0;
  for (const Ask& ask : AsksOf(container)) {
    if (!IsNvidiaGpu(ask.resource)) continue;
    devices += std::min(WholeCount(*ask.value).value_or(0), kMost);
  }
  return devices;
}

std::optional<EnvEntry> EnvOf(const Container& container, std::string_view name) {
  const Value* env = container.node->Find("env");
  if (env == nullptr) return std::nullopt;
  for (std::size_t i = 0; i < env->items.size(); ++i) {
    if (env->items[i].TextOf("name") != name) continue;
    const Value* value = env->items[i].Find("value");
    if (value == nullptr || !value->is_scalar()) return std::nullopt;
    return EnvEntry{value, container.path / "env" / i};
  }
  return std::nullopt;
}

}  // namespace tangram::lint

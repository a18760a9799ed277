// resource.k8s.io/v1 keeps the fields of one request in `exactly`; older versions are going away.
#include <algorithm>
#include <array>

#include "lint/dra.h"
#include "lint/rule.h"

namespace tangram::lint {
namespace {

constexpr std::string_view kNow = "resource.k8s.io/v1";
constexpr std::array<std::string_view, 7> kOfExactly = {
    "deviceClassName", "selectors",   "allocationMode", "count",
    "adminAccess",     "tolerations", "capacity"};

bool BelongsInExactly(const Member& member) {
  return std::find(kOfExactly.begin(), kOfExactly.end(), member.key) != kOfExactly.end();
}

bool IsFlat(const Value& request) {
  return std::any_of(request.members.begin(), request.members.end(), BelongsInExactly);
}

// The request with its fields moved into `exactly`, which stands where the first of them stood.
Value Moved(const Value& request) {
  Value moved = Map({});
  Value exactly = request.Find("exactly") == nullptr ? Map({}) : *request.Find("exactly");
  for (const Member& member : request.members) {
    if (BelongsInExactly(member)) exactly.Set(member.key, member.value);
  }
  for (const Member& member : request.members) {
    const bool inside = BelongsInExactly(member) || member.key == "exactly";
    moved.Set(inside ? "exactly" : member.key, inside ? exactly : member.value);
  }
  return moved;
}

// resource.k8s.io/v1alpha2 named a class for the whole claim.
std::vector<Edit> FromResourceClass(const Object& object) {
  Path spec = Path{} / "spec";
  if (object.kind == "ResourceClaimTemplate") spec = spec / "spec";
  const Value* old = At(*object.root, spec / "resourceClassName");
  if (old == nullptr) return {};
  Value request = Map({{"name", Text("gpu")}, {"exactly", Map({{"deviceClassName", *old}})}});
  Value devices = Map({{"requests", List({std::move(request)})}});
  return {{spec, Map({{"devices", std::move(devices)}}), std::nullopt}};
}

std::vector<Edit> Rewritten(const Object& object) {
  std::vector<Edit> edits;
  if (object.api_version != kNow) {
    edits.push_back({Path{} / "apiVersion", Text(std::string(kNow)), std::nullopt});
    for (Edit& edit : FromResourceClass(object)) edits.push_back(std::move(edit));
  }
  for (const DeviceRequest& request : RequestsOf(object)) {
    if (IsFlat(*request.node)) edits.push_back({request.path, Moved(*request.node), std::nullopt});
  }
  return edits;
}

Mistake OldVersion(const Object& object) {
  const bool alpha = object.api_version.find("alpha") != std::string_view::npos;
  const Value* version = object.root->Find("apiVersion");
  return {alpha ? Severity::kError : Severity::kWarning,
          Path{} / "apiVersion",
          version->line,
          std::string(object.api_version),
          alpha ? "This alpha version of the DRA API is no longer served."
                : "This beta version of the DRA API is replaced by v1 since Kubernetes 1.34.",
          "Use resource.k8s.io/v1, where the fields of a request stand in exactly.",
          Rewritten(object)};
}

}  // namespace

Mistakes CheckDraExactly(const Object& object) {
  if (!IsDra(object)) return {};
  if (object.api_version != kNow) return {OldVersion(object)};
  Mistakes mistakes;
  for (const DeviceRequest& request : RequestsOf(object)) {
    if (!IsFlat(*request.node)) continue;
    const auto first =
        std::find_if(request.node->members.begin(), request.node->members.end(), BelongsInExactly);
    mistakes.push_back({Severity::kError,
                        request.path / first->key,
                        first->value.line,
                        first->key,
                        "In resource.k8s.io/v1 a request has no field of this name; it was moved "
                        "into exactly.",
                        "Move the fields of the request into exactly.",
                        {{request.path, Moved(*request.node), std::nullopt}}});
  }
  return mistakes;
}

}  // namespace tangram::lint

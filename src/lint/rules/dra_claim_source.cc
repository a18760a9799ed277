// spec.resourceClaims[].source went away with resource.k8s.io/v1alpha3 (Kubernetes 1.31).
#include "lint/rule.h"

namespace tangram::lint {
namespace {

// The entry without `source`, what stood in it one level up.
Value Flattened(const Value& entry) {
  Value flat = Map({});
  for (const Member& member : entry.members) {
    if (member.key != "source") {
      flat.Set(member.key, member.value);
      continue;
    }
    for (const Member& inner : member.value.members) flat.Set(inner.key, inner.value);
  }
  return flat;
}

}  // namespace

Mistakes CheckDraClaimSource(const Object& object) {
  Mistakes mistakes;
  for (const Pod& pod : object.pods) {
    const Value* claims = pod.spec->Find("resourceClaims");
    if (claims == nullptr) continue;
    for (std::size_t i = 0; i < claims->items.size(); ++i) {
      const Value& entry = claims->items[i];
      const Value* source = entry.Find("source");
      if (source == nullptr) continue;
      const Path path = pod.path / "resourceClaims" / i;
      mistakes.push_back(
          {Severity::kError,
           path / "source",
           source->line,
           "source",
           "The field source of a pod's resource claim was removed in Kubernetes 1.31; the API "
           "server drops it, and the pod has no claim.",
           "Write resourceClaimName or resourceClaimTemplateName directly in the entry.",
           {{path, Flattened(entry), std::nullopt}}});
    }
  }
  return mistakes;
}

}  // namespace tangram::lint

// GPU nodes often carry the taint nvidia.com/gpu:NoSchedule.
#include <algorithm>

#include "lint/rule.h"

namespace tangram::lint {
namespace {

constexpr std::string_view kTaint = "nvidia.com/gpu";

bool Tolerates(const Value& toleration) {
  const std::string_view key = toleration.TextOf("key");
  const std::string_view effect = toleration.TextOf("effect");
  const bool every_key = key.empty() && toleration.TextOf("operator") == "Exists";
  return (key == kTaint || every_key) && (effect.empty() || effect == "NoSchedule");
}

bool IsTolerant(const Pod& pod) {
  const Value* tolerations = pod.spec->Find("tolerations");
  return tolerations != nullptr &&
         std::any_of(tolerations->items.begin(), tolerations->items.end(), Tolerates);
}

const Container* FirstWithGpu(const Pod& pod) {
  for (const Container& container : pod.containers) {
    if (DevicesOf(container) > 0) return &container;
  }
  return nullptr;
}

}  // namespace

Mistakes CheckLimitsWithoutToleration(const Object& object) {
  Mistakes mistakes;
  for (const Pod& pod : object.pods) {
    const Container* container = FirstWithGpu(pod);
    if (container == nullptr || IsTolerant(pod)) continue;
    const Value* tolerations = pod.spec->Find("tolerations");
    const std::size_t next = tolerations == nullptr ? 0 : tolerations->items.size();
    Value toleration = Map({{"key", Text(std::string(kTaint))},
                            {"operator", Text("Exists")},
                            {"effect", Text("NoSchedule")}});
    mistakes.push_back(
        {Severity::kWarning,
         pod.path / "tolerations",
         pod.spec->line,
         "a GPU in container " + std::string(container->name()) + ", no toleration",
         "Where GPU nodes carry the taint nvidia.com/gpu:NoSchedule, as GKE and many operators set "
         "it, this pod stays pending.",
         "Tolerate nvidia.com/gpu, unless an admission plugin adds it for you.",
         {{pod.path / "tolerations" / next, std::move(toleration), std::nullopt}}});
  }
  return mistakes;
}

}  // namespace tangram::lint

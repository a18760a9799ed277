// Environment variables that choose GPUs behind the back of the scheduler.
#include <algorithm>
#include <cctype>

#include "base/text.h"
#include "lint/rule.h"

namespace tangram::lint {
namespace {

bool UsesClaim(const Container& container) {
  const Value* claims = At(*container.node, Path{} / "resources" / "claims");
  return claims != nullptr && !claims->items.empty();
}

bool AsksForGpu(const Container& container) {
  const std::vector<Ask> asks = AsksOf(container);
  return UsesClaim(container) || std::any_of(asks.begin(), asks.end(), [](const Ask& ask) {
           return IsExtended(ask.resource);
         });
}

bool ListsNoDevice(std::string_view list) {
  return list.empty() || list == "void" || list == "none";
}

// "all", or how many are listed; device ids themselves are not repeated.
std::string Summary(std::string_view list) {
  if (list == "all") return "all";
  return "a list of " + std::to_string(base::Split(list, ',').size());
}

// The greatest index of "0,2,3"; nothing where ids or something else stand there.
std::optional<std::int64_t> GreatestIndex(std::string_view list) {
  std::optional<std::int64_t> greatest;
  for (const std::string_view part : base::Split(list, ',')) {
    const auto index = base::ParseInteger(base::Trim(part));
    if (!index || *index < 0) return std::nullopt;
    greatest = std::max(greatest.value_or(0), *index);
  }
  return greatest;
}

}  // namespace

Mistakes CheckNvidiaVisibleDevices(const Object& object) {
  Mistakes mistakes;
  for (const Pod& pod : object.pods) {
    for (const Container& container : pod.containers) {
      const auto env = EnvOf(container, "NVIDIA_VISIBLE_DEVICES");
      if (!env || AsksForGpu(container) || ListsNoDevice(env->value->text)) continue;
      const bool daemon = object.kind == "DaemonSet";  // monitoring does this on purpose
      mistakes.push_back(
          {daemon ? Severity::kWarning : Severity::kError,
           env->path,
           env->value->line,
           "NVIDIA_VISIBLE_DEVICES: " + Summary(env->value->text),
           "The container takes GPUs of the node without asking for one: nothing counts them, and "
           "other pods were given the same GPUs.",
           "Remove the variable and ask for nvidia.com/gpu in limits.",
           {{env->path, std::nullopt, std::nullopt},
            {container.path / "resources" / "limits" / "nvidia.com/gpu", Number("1"),
             std::nullopt}}});
    }
  }
  return mistakes;
}

Mistakes CheckCudaVisibleDevices(const Object& object) {
  Mistakes mistakes;
  for (const Pod& pod : object.pods) {
    for (const Container& container : pod.containers) {
      const auto env = EnvOf(container, "CUDA_VISIBLE_DEVICES");
      const std::int64_t devices = DevicesOf(container);
      if (!env || devices == 0) continue;
      const auto index = GreatestIndex(env->value->text);
      if (!index || *index < devices) continue;
      mistakes.push_back(
          {Severity::kError,
           env->path,
           env->value->line,
           "CUDA_VISIBLE_DEVICES up to " + std::to_string(*index) + ", with " +
               std::to_string(devices) + " in limits",
           "Inside a container the GPUs are numbered from 0, whichever they are on the node; CUDA "
           "finds none with this number.",
           "Remove the variable; the container sees only its own GPUs.",
           {{env->path, std::nullopt, std::nullopt}}});
    }
  }
  return mistakes;
}

}  // namespace tangram::lint

// vLLM takes a share of the whole device's memory, whoever else is on it.
#include <algorithm>
#include <cstdint>
#include <optional>

#include "base/text.h"
#include "lint/command_line.h"
#include "lint/rule.h"

namespace tangram::lint {
namespace {

constexpr const char* kFlag = "--gpu-memory-utilization";
constexpr std::int64_t kOne = 1'000'000;
constexpr std::string_view kReplicas = "nvidia.com/gpu.replicas";

std::string_view LabelOf(const Value* holder, std::string_view map, std::string_view key) {
  const Value* labels = holder == nullptr ? nullptr : holder->Find(map);
  return labels == nullptr ? std::string_view() : labels->TextOf(key);
}

// The replicas that the pod itself tells, by node selector, label or annotation.
std::optional<std::int64_t> ReplicasOf(const Pod& pod) {
  for (const std::string_view text :
       {LabelOf(pod.spec, "nodeSelector", kReplicas), LabelOf(pod.metadata, "labels", kReplicas),
        LabelOf(pod.metadata, "annotations", kReplicas)}) {
    const auto number = base::ParseInteger(text);
    if (number && *number >= 1 && *number <= 1000) return number;
  }
  return std::nullopt;
}

bool IsShared(const Pod& pod, const Container& container) {
  const std::vector<Ask> asks = AsksOf(container);
  const auto any = [&](bool (*is)(std::string_view)) {
    return std::any_of(asks.begin(), asks.end(), [is](const Ask& ask) { return is(ask.resource); });
  };
  if (any(IsSharedGpu)) return true;
  if (!any(IsWholeGpu)) return false;
  const std::string_view strategy =
      LabelOf(pod.spec, "nodeSelector", "nvidia.com/gpu.sharing-strategy");
  const std::string_view product = LabelOf(pod.spec, "nodeSelector", "nvidia.com/gpu.product");
  return ReplicasOf(pod).value_or(1) > 1 || strategy == "time-slicing" || strategy == "mps" ||
         product.ends_with("-SHARED");
}

// Nine tenths of the share, in hundredths: the rest is for what vLLM does not count.
std::string SafeShare(std::optional<std::int64_t> replicas) {
  const std::int64_t hundredths = std::max<std::int64_t>(1, 90 / replicas.value_or(2));
  return (hundredths < 10 ? "0.0" : "0.") + std::to_string(hundredths);
}

struct Setting {
  std::string found;
  Path field;
  int line = 0;
  std::optional<std::int64_t> millionths;  // nothing: not a number that we can read
  std::vector<Edit> edits;
};

Setting SettingOf(const Container& container, const std::string& safe) {
  if (const auto flag = FindFlag(container, kFlag)) {
    return {std::string(kFlag) + " " + flag->text, flag->path, flag->item->line,
            base::ParseMillionths(flag->text), WithValue(*flag, safe)};
  }
  for (const char* name : {"VLLM_GPU_MEMORY_UTILIZATION", "GPU_MEMORY_UTILIZATION"}) {
    const auto env = EnvOf(container, name);
    const auto number = env ? base::ParseMillionths(env->value->text) : std::nullopt;
    if (!number) continue;
    return {std::string(name) + " " + env->value->text,
            env->path / "value",
            env->value->line,
            number,
            {{env->path / "value", Text(safe), std::nullopt}}};
  }
  return {std::string("no ") + kFlag + ", so 0.92",
          container.path,
          container.node->line,
          920'000,
          {WithFlag(container, kFlag, safe)}};
}

std::optional<Mistake> CheckContainer(const Pod& pod, const Container& container) {
  if (!IsVllmServer(container) || !IsShared(pod, container)) return std::nullopt;
  const auto replicas = ReplicasOf(pod);
  Setting setting = SettingOf(container, SafeShare(replicas));
  const std::int64_t sharers = replicas.value_or(2);
  if (!setting.millionths || *setting.millionths > 10 * kOne) return std::nullopt;
  if (*setting.millionths * sharers <= kOne) return std::nullopt;
  const std::string others = replicas ? "shared by " + std::to_string(*replicas) + " replicas"
                                      : "shared with at least one other replica";
  return Mistake{replicas ? Severity::kError : Severity::kWarning,
                 std::move(setting.field),
                 setting.line,
                 std::move(setting.found),
                 "vLLM takes this share of the whole device's memory, and the device is " + others +
                     ": whoever starts later runs out of memory.",
                 "Give it its own share, with headroom: " + std::string(kFlag) + "=" +
                     SafeShare(replicas) + ".",
                 std::move(setting.edits)};
}

}  // namespace

Mistakes CheckVllmMemoryShare(const Object& object) {
  Mistakes mistakes;
  for (const Pod& pod : object.pods) {
    for (const Container& container : pod.containers) {
      if (auto mistake = CheckContainer(pod, container)) mistakes.push_back(*std::move(mistake));
    }
  }
  return mistakes;
}

}  // namespace tangram::lint

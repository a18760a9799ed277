#include "plan/classes/need.h"

#include <fmt/format.h>

#include <algorithm>

namespace tangram::plan::classes {
namespace {

Isolation IsolationOf(cluster::GpuClass::Isolation asked) {
  using enum cluster::GpuClass::Isolation;
  if (asked == kExclusive) return Isolation::kExclusive;
  return asked == kHardware ? Isolation::kHardware : Isolation::kShared;
}

std::string OneOfModels(const Need& need) {
  std::string text;
  for (const gpu::Model* model : need.models) {
    text += (text.empty() ? "" : " or ") + std::string(model->name);
  }
  for (const std::string& name : need.unknown_models) {
    text += fmt::format("{}\"{}\"", text.empty() ? "" : " or ", name);
  }
  return text;
}

}  // namespace

std::string_view NameOf(Isolation isolation) {
  if (isolation == Isolation::kExclusive) return "Exclusive";
  return isolation == Isolation::kHardware ? "Hardware" : "Shared";
}

Need NeedOf(const cluster::GpuClass& of) {
  Need need;
  need.count = std::max(1, of.count);
  need.memory = std::max(base::MiB(), of.memory.value_or(base::MiB()));
  need.compute = std::max(0, of.compute.value_or(0));
  need.isolation = IsolationOf(of.isolation);
  need.latency_sensitive = of.latency == cluster::GpuClass::Latency::kSensitive;
  need.interruptible = of.interruptible;
  for (const std::string& name : of.models) {
    const gpu::Model* model = gpu::ModelNamed(name);
    if (model == nullptr) {
      need.unknown_models.push_back(name);
    } else {
      need.models.push_back(model);
    }
  }
  need.selectors = of.selectors;
  return need;
}

Need NeedOf(const Need& of_class, const cluster::Pod& pod) {
  Need need = of_class;
  need.isolation = std::max(need.isolation, plan::IsolationOf(pod));
  need.memory = std::max(need.memory, MemoryAsked(pod).value_or(base::MiB()));
  need.latency_sensitive = need.latency_sensitive || IsLatencySensitive(pod);
  // What a pod says of interruption counts either way: "false" keeps it off spot.
  const std::string_view says = cluster::Find(pod.labels, "tangram.dev/interruptible");
  if (!says.empty()) need.interruptible = IsInterruptible(pod);
  return need;
}

std::string Describe(base::MiB memory) {
  const std::int64_t mib = memory.value();
  if (mib < 1024) return fmt::format("{} MiB", mib);
  const std::int64_t hundredths = mib % 1024 * 100 / 1024;
  if (hundredths == 0) return fmt::format("{} GiB", mib / 1024);
  if (hundredths % 10 == 0) return fmt::format("{}.{} GiB", mib / 1024, hundredths / 10);
  return fmt::format("{}.{:02} GiB", mib / 1024, hundredths);
}

std::string Describe(const Need& need) {
  std::string text = need.count == 1 ? "1 GPU" : fmt::format("{} GPUs", need.count);
  std::string with;
  if (need.memory.value() > 0) with = fmt::format("at least {}", Describe(need.memory));
  if (need.compute > 0) {
    with += fmt::format("{}{} % of a card", with.empty() ? "at least " : " and ", need.compute);
  }
  if (!with.empty()) text += fmt::format(" with {}{}", with, need.count > 1 ? " each" : "");
  if (!need.any_model()) text += fmt::format(", of {}", OneOfModels(need));
  if (need.isolation == Isolation::kExclusive) text += ", a whole card of its own";
  if (need.isolation == Isolation::kHardware) text += ", shared with nobody";
  if (!need.selectors.empty()) text += ", by DRA selectors";
  return text;
}

}  // namespace tangram::plan::classes

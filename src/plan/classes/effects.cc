#include "plan/classes/effects.h"

#include <fmt/format.h>

#include <algorithm>
#include <string>
#include <utility>

#include "plan/place/topology.h"
#include "plan/share/serving.h"

namespace tangram::plan::classes {
namespace {

constexpr std::int64_t kBytesPerMiB = 1 << 20;

void SetLabel(const cluster::Pod& pod, std::string key, std::string value, Choice& choice) {
  if (cluster::Find(pod.labels, key) == value) return;
  choice.labels.emplace_back(std::move(key), std::move(value));
}

void AddLabels(const cluster::GpuClass& of, const Need& need, const cluster::Pod& pod,
               Choice& choice) {
  if (need.interruptible) SetLabel(pod, "tangram.dev/interruptible", "true", choice);
  if (need.isolation != Isolation::kShared) {
    SetLabel(pod, "tangram.dev/isolation", std::string(NameOf(need.isolation)), choice);
  }
  if (need.latency_sensitive) SetLabel(pod, "tangram.dev/latency", "Sensitive", choice);
  if (!of.topology.empty() && WishesOf(pod).required.empty()) {
    SetLabel(pod, "tangram.dev/topology", of.topology, choice);
  }
}

// "16Gi", "9728Mi".
std::string QuantityOf(base::MiB memory) {
  const std::int64_t mib = memory.value();
  return mib % 1024 == 0 ? fmt::format("{}Gi", mib / 1024) : fmt::format("{}Mi", mib);
}

// What the pod may come to hold: the environment is fixed before the node is known.
std::vector<Kind> KindsLike(const Index& index, const Need& need, const Kind& chosen) {
  std::vector<Kind> kinds;
  for (const Offer& offer : index.offers()) {
    const bool alike = offer.kind.way == chosen.way && offer.kind.resource == chosen.resource;
    const bool there = offer.total > 0 && offer.kind.memory().value() > 0;
    if (alike && there && Meets(offer.kind, need)) kinds.push_back(PartFor(offer.kind, need));
  }
  if (kinds.empty() && chosen.memory().value() > 0) kinds.push_back(PartFor(chosen, need));
  return kinds;
}

bool HasLess(const Kind& a, const Kind& b) { return a.memory() < b.memory(); }

// As a part of what the process sees.
bool HasLesserPart(const Kind& a, const Kind& b) {
  return a.memory().value() * b.seen.value() < b.memory().value() * a.seen.value();
}

std::string FlagsText(const std::vector<ServingFlag>& flags) {
  std::string text;
  for (const ServingFlag& flag : flags) {
    text += fmt::format("{}{} {}={}", text.empty() ? "" : "; ", flag.server, flag.name, flag.value);
  }
  return text;
}

// The least of what it may come to hold.
void AddSharing(const Index& index, const Need& need, const Kind& kind, Choice& choice) {
  if (kind.isolation() != Isolation::kShared) return;
  const std::vector<Kind> kinds = KindsLike(index, need, kind);
  if (kinds.empty()) return;
  const base::MiB memory = std::min_element(kinds.begin(), kinds.end(), HasLess)->memory();
  choice.env.push_back({"TANGRAM_GPU_MEMORY_BYTES", std::to_string(memory.value() * kBytesPerMiB)});
  const Kind& part = *std::min_element(kinds.begin(), kinds.end(), HasLesserPart);
  const std::vector<ServingFlag> flags = ServingFlags({.seen = part.seen, .share = part.memory()});
  if (flags.empty()) return;
  choice.env.push_back({"TANGRAM_GPU_MEMORY_FRACTION", flags.front().value});
  choice.env.push_back({"TANGRAM_GPU_STATIC_MEMORY_FRACTION", flags.back().value});
  choice.annotations.emplace_back("tangram.dev/serving-flags", FlagsText(flags));
}

// A class gives its priority to pods that have none. One that the cluster lacks would have the API
// server refuse the pod.
void SetPriority(const Index& index, const cluster::GpuClass& of, const cluster::Pod& pod,
                 Choice& choice) {
  if (of.priority_class.empty() || pod.priority_class == of.priority_class) return;
  const auto& known = index.priority_classes();
  const auto named = [&](const std::string& name) {
    return std::find_if(known.begin(), known.end(),
                        [&](const cluster::PriorityClass& each) { return each.name == name; });
  };
  if (named(of.priority_class) == known.end()) {
    choice.warnings.push_back(
        fmt::format("class \"{}\" gives PriorityClass \"{}\", which the cluster does not have; the "
                    "pod keeps its priority",
                    of.name, of.priority_class));
    return;
  }
  const auto own = named(pod.priority_class);
  const bool by_default = own != known.end() && own->global_default;
  if (!pod.priority_class.empty() && !by_default) {
    choice.warnings.push_back(
        fmt::format("the pod keeps its PriorityClass \"{}\"; its class gives "
                    "\"{}\"",
                    pod.priority_class, of.priority_class));
    return;
  }
  choice.priority_class = of.priority_class;
}

}  // namespace

void AddEffects(const Index& index, const Chosen& chosen, const cluster::Pod& pod, Choice& choice) {
  const auto& [of, need, kind] = chosen;
  AddLabels(of, need, pod, choice);
  if (need.memory.value() > 0 && MemoryAsked(pod) != need.memory) {
    choice.annotations.emplace_back("tangram.dev/gpu-memory", QuantityOf(need.memory));
  }
  AddSharing(index, need, kind, choice);
  SetPriority(index, of, pod, choice);
}

}  // namespace tangram::plan::classes

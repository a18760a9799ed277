// A process that sees a MIG instance uses that one and no whole GPU beside it.
#include <algorithm>

#include "lint/rule.h"

namespace tangram::lint {
namespace {

std::optional<Mistake> MixedIn(const Container& container) {
  const std::vector<Ask> asks = AsksOf(container);
  const auto first = std::find_if(asks.begin(), asks.end(),
                                  [](const Ask& ask) { return IsNvidiaGpu(ask.resource); });
  if (first == asks.end()) return std::nullopt;
  const bool keep_mig = IsMig(first->resource);
  Mistake mistake{Severity::kError,
                  container.path / "resources",
                  first->value->line,
                  first->resource,
                  "One container asks for whole GPUs and for MIG instances; CUDA uses only one MIG "
                  "instance and then no whole GPU, so the rest stands idle.",
                  "Ask for one kind in one container; the correction keeps the first.",
                  {}};
  for (const char* kind : {"limits", "requests"}) {
    for (const Ask& ask : AsksOf(container, kind)) {
      if (!IsNvidiaGpu(ask.resource) || IsMig(ask.resource) == keep_mig) continue;
      if (mistake.edits.empty()) mistake.found += " and " + ask.resource;
      mistake.edits.push_back({ask.path, std::nullopt, std::nullopt});
    }
  }
  if (mistake.edits.empty()) return std::nullopt;
  return mistake;
}

}  // namespace

Mistakes CheckMixedWholeAndMig(const Object& object) {
  Mistakes mistakes;
  for (const Pod& pod : object.pods) {
    for (const Container& container : pod.containers) {
      if (auto mistake = MixedIn(container)) mistakes.push_back(std::move(*mistake));
    }
  }
  return mistakes;
}

}  // namespace tangram::lint

// Two replicas of a shared GPU are no more compute than one.
#include "lint/rule.h"
#include "lint/rules/counted.h"

namespace tangram::lint {

Mistakes CheckSharedMoreThanOne(const Object& object) {
  Mistakes mistakes;
  for (const Pod& pod : object.pods) {
    for (const Container& container : pod.containers) {
      for (const Ask& ask : AsksOf(container)) {
        const auto count = IsSharedGpu(ask.resource) ? WholeCount(*ask.value) : std::nullopt;
        if (!count || *count <= 1) continue;
        mistakes.push_back(
            {Severity::kWarning, ask.path, ask.value->line, ask.resource + ": " + ask.value->text,
             "More replicas of a shared GPU give no more compute and may be the same GPU twice; "
             "with failRequestsGreaterThanOne, the default for MPS, the kubelet refuses the pod.",
             "Ask for one replica; for more compute ask for a whole GPU.",
             SetToOne(container, ask.resource)});
      }
    }
  }
  return mistakes;
}

}  // namespace tangram::lint

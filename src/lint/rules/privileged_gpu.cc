// A privileged container sees every device file of its node.
#include "lint/rule.h"

namespace tangram::lint {

Mistakes CheckPrivilegedGpu(const Object& object) {
  Mistakes mistakes;
  if (object.kind == "DaemonSet") return mistakes;  // node agents need it
  for (const Pod& pod : object.pods) {
    for (const Container& container : pod.containers) {
      const Path path = Path{} / "securityContext" / "privileged";
      const Value* privileged = At(*container.node, path);
      if (privileged == nullptr || privileged->text != "true") continue;
      if (DevicesOf(container) == 0) continue;
      mistakes.push_back(
          {Severity::kWarning,
           container.path / "securityContext" / "privileged",
           privileged->line,
           "privileged: true beside a GPU",
           "A privileged container sees every GPU of the node, not only the one it was given, and "
           "can disturb the pods that own the others.",
           "Drop privileged; a GPU needs no privilege.",
           {{container.path / "securityContext" / "privileged", Number("false"), std::nullopt}}});
    }
  }
  return mistakes;
}

}  // namespace tangram::lint

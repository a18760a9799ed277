// The scheduling gate that the webhook sets and the control plane lifts (docs/placement.md), and
// what is written to a pod with the lift.
#pragma once

#include <algorithm>
#include <string_view>

#include "cluster/pod.h"

namespace tangram::cluster {

inline constexpr std::string_view kPlacementGate = "tangram.dev/placement";
// Annotations of a lifted pod: the nodes it was narrowed to, best first, with commas; and why, in
// one line.
inline constexpr std::string_view kNodesAnnotation = "tangram.dev/nodes";
inline constexpr std::string_view kPlacementAnnotation = "tangram.dev/placement";

// What is being deleted is not sent anywhere any more.
inline bool IsBehindGate(const Pod& pod) {
  return !pod.terminating &&
         std::find(pod.gates.begin(), pod.gates.end(), kPlacementGate) != pod.gates.end();
}

// The best of the nodes that a lifted pod was narrowed to; "" when it was not.
inline std::string_view SentTo(const Pod& pod) {
  const std::string_view nodes = Find(pod.annotations, kNodesAnnotation);
  return nodes.substr(0, nodes.find(','));
}

}  // namespace tangram::cluster

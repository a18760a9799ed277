// Nodes and pods of a normalized snapshot by name: bisection, with no table to make first.
#pragma once

#include <algorithm>
#include <string_view>
#include <utility>

#include "cluster/snapshot.h"

namespace tangram::cluster {

// nullptr: there is none. Borrowed from the snapshot.
inline const Node* NodeNamed(const Snapshot& snapshot, std::string_view name) {
  const auto at = std::lower_bound(
      snapshot.nodes.begin(), snapshot.nodes.end(), name,
      [](const Node& node, std::string_view wanted) { return node.name < wanted; });
  return at != snapshot.nodes.end() && at->name == name ? &*at : nullptr;
}

inline const Pod* PodNamed(const Snapshot& snapshot, std::string_view ns, std::string_view name) {
  using Name = std::pair<std::string_view, std::string_view>;
  const auto at = std::lower_bound(
      snapshot.pods.begin(), snapshot.pods.end(), Name(ns, name),
      [](const Pod& pod, const Name& wanted) { return Name(pod.ns, pod.name) < wanted; });
  return at != snapshot.pods.end() && at->ns == ns && at->name == name ? &*at : nullptr;
}

}  // namespace tangram::cluster

// What a pod asks of nodes and of other pods: required node affinity, preferred node affinity,
// required pod affinity and anti-affinity, and topology spread that is not to be violated.
//
// As core/v1 has them (kubernetes.io/docs, "Assigning Pods to Nodes" and "Pod Topology Spread
// Constraints"), as far as they keep a pod off a node. Preferred pod affinity and spread with
// ScheduleAnyway are not kept: they only rank nodes.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "cluster/selector.h"

namespace tangram::cluster {

// Holds where all of it holds; one without any expression never does.
struct NodeTerm {
  std::vector<SelectorTerm> labels;  // matchExpressions
  std::vector<SelectorTerm> fields;  // matchFields; the API knows metadata.name
  bool operator==(const NodeTerm&) const = default;
};

struct NodePreference {
  int weight = 1;  // 1 to 100
  NodeTerm term;
  bool operator==(const NodePreference&) const = default;
};

// Other pods, near which (affinity) or far from which (anti-affinity) a pod has to run: on a node
// whose label of that key has the value that theirs has.
struct PodTerm {
  std::string topology_key;
  std::optional<Selector> selector;            // absent: no pod
  std::vector<std::string> namespaces;         // of the other pods, and
  std::optional<Selector> namespace_selector;  // those that it selects; both absent: the pod's own
  bool operator==(const PodTerm&) const = default;
};

// Pods of its namespace that are selected are spread over the values of the key: with the pod, a
// value may have at most `max_skew` more of them than the value that has fewest.
struct SpreadConstraint {
  std::string topology_key;
  int max_skew = 1;
  std::optional<Selector> selector;  // absent: no pod
  int min_domains = 1;               // with fewer values, the fewest counts as 0
  bool counts_all_nodes = false;     // nodeAffinityPolicy Ignore: nodes that it may not run on, too
  bool honors_taints = false;        // nodeTaintsPolicy Honor: no nodes whose taints keep it off
  bool operator==(const SpreadConstraint&) const = default;
};

struct Affinity {
  std::vector<NodeTerm> nodes;  // one of them has to hold; empty: every node
  std::vector<NodePreference> preferred_nodes;
  std::vector<PodTerm> pods;       // all of them
  std::vector<PodTerm> anti_pods;  // all of them
  std::vector<SpreadConstraint> spread;
  bool operator==(const Affinity&) const = default;

  // Where it may run depends on where others run.
  bool is_about_pods() const { return !pods.empty() || !anti_pods.empty() || !spread.empty(); }
};

}  // namespace tangram::cluster

#include "cluster/schedulable.h"

#include <algorithm>

namespace tangram::cluster {
namespace {

// As k8s.io/api/core/v1 Toleration.ToleratesTaint: an empty effect is every effect, an empty key
// with Exists every taint, and an absent operator is Equal.
bool Tolerates(const Toleration& toleration, const Taint& taint) {
  if (!toleration.effect.empty() && toleration.effect != taint.effect) return false;
  if (toleration.op == "Exists") return toleration.key.empty() || toleration.key == taint.key;
  return toleration.key == taint.key && toleration.value == taint.value;
}

bool Holds(const NodeTerm& term, const Node& node) {
  if (term.labels.empty() && term.fields.empty()) return false;
  const Labels name = {{"metadata.name", node.name}};
  const auto in = [](const Labels& of) {
    return [&of](const SelectorTerm& expression) { return Matches(expression, of); };
  };
  return std::all_of(term.labels.begin(), term.labels.end(), in(node.labels)) &&
         std::all_of(term.fields.begin(), term.fields.end(), in(name));
}

}  // namespace

bool MeetsOneOf(const Node& node, const std::vector<NodeTerm>& terms) {
  return std::any_of(terms.begin(), terms.end(),
                     [&](const NodeTerm& term) { return Holds(term, node); });
}

bool MeetsAffinity(const Node& node, const Pod& pod) {
  return pod.affinity.nodes.empty() || MeetsOneOf(node, pod.affinity.nodes);
}

int PreferenceFor(const Node& node, const Pod& pod) {
  int sum = 0;
  for (const auto& [weight, term] : pod.affinity.preferred_nodes) {
    if (Holds(term, node)) sum += weight;
  }
  return sum;
}

const Labels::value_type* UnmetSelector(const Node& node, const Pod& pod) {
  const auto unmet =
      std::find_if(pod.node_selector.begin(), pod.node_selector.end(), [&](const auto& wanted) {
        return !std::binary_search(node.labels.begin(), node.labels.end(), wanted);
      });
  return unmet == pod.node_selector.end() ? nullptr : &*unmet;
}

const Taint* UntoleratedTaint(const Node& node, const Pod& pod) {
  const auto keeps_off = [&](const Taint& taint) {
    if (taint.effect == "PreferNoSchedule") return false;
    return std::none_of(pod.tolerations.begin(), pod.tolerations.end(),
                        [&](const Toleration& toleration) { return Tolerates(toleration, taint); });
  };
  const auto taint = std::find_if(node.taints.begin(), node.taints.end(), keeps_off);
  return taint == node.taints.end() ? nullptr : &*taint;
}

bool Admits(const Node& node, const Pod& pod) {
  return node.ready && node.schedulable && UnmetSelector(node, pod) == nullptr &&
         MeetsAffinity(node, pod) && UntoleratedTaint(node, pod) == nullptr;
}

}  // namespace tangram::cluster

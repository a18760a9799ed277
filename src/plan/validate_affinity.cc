#include "plan/validate_affinity.h"

#include <algorithm>
#include <map>

#include "cluster/schedulable.h"

namespace tangram::plan {
namespace {

using cluster::Node;
using cluster::Pod;
using cluster::PodTerm;

bool HasKey(const Node& node, const std::string& key) {
  return std::any_of(node.labels.begin(), node.labels.end(),
                     [&](const auto& label) { return label.first == key; });
}

bool InOneDomain(const Node& a, const Node& b, const std::string& key) {
  return HasKey(a, key) && HasKey(b, key) &&
         cluster::Find(a.labels, key) == cluster::Find(b.labels, key);
}

// Whether `term`, said by a pod in `ns`, is about the pod.
bool Means(const PodTerm& term, const std::string& ns, const Pod& pod,
           const cluster::Snapshot& snapshot) {
  if (!term.selector || !cluster::Matches(*term.selector, pod.labels)) return false;
  if (term.namespaces.empty() && !term.namespace_selector) return pod.ns == ns;
  if (std::count(term.namespaces.begin(), term.namespaces.end(), pod.ns) > 0) return true;
  if (!term.namespace_selector) return false;
  cluster::Labels labels;
  for (const cluster::Namespace& space : snapshot.namespaces) {
    if (space.name == pod.ns) labels = space.labels;
  }
  return cluster::Matches(*term.namespace_selector, labels);
}

class Apart {
 public:
  Apart(const std::vector<Occupied>& nodes, const cluster::Snapshot& snapshot, const Node& on,
        const Pod& pod)
      : nodes_(nodes), snapshot_(snapshot), on_(on), pod_(pod) {}

  std::string Why() const {
    for (const PodTerm& term : pod_.affinity.anti_pods) {
      if (Any([&](const Node& node, const Pod& other) {
            return InOneDomain(node, on_, term.topology_key) &&
                   Means(term, pod_.ns, other, snapshot_);
          })) {
        return "its anti-affinity by " + term.topology_key;
      }
    }
    if (Any([&](const Node& node, const Pod& other) { return IsRepelledBy(node, other); })) {
      return "the anti-affinity of another pod";
    }
    if (!IsNear()) return "its affinity to other pods";
    for (const cluster::SpreadConstraint& spread : pod_.affinity.spread) {
      if (!IsSpread(spread)) return "its spread over " + spread.topology_key;
    }
    return "";
  }

 private:
  template <class Is>
  bool Any(Is is) const {
    return std::any_of(nodes_.begin(), nodes_.end(), [&](const Occupied& at) {
      return std::any_of(at.pods->begin(), at.pods->end(),
                         [&](const Pod* other) { return is(*at.node, *other); });
    });
  }

  bool IsRepelledBy(const Node& node, const Pod& other) const {
    const auto& terms = other.affinity.anti_pods;
    return std::any_of(terms.begin(), terms.end(), [&](const PodTerm& term) {
      return InOneDomain(node, on_, term.topology_key) && Means(term, other.ns, pod_, snapshot_);
    });
  }

  bool IsMeantByAll(const Pod& other) const {
    const auto& terms = pod_.affinity.pods;
    return std::all_of(terms.begin(), terms.end(),
                       [&](const PodTerm& term) { return Means(term, pod_.ns, other, snapshot_); });
  }

  bool IsNear() const {
    const auto& terms = pod_.affinity.pods;
    const bool keys = std::all_of(terms.begin(), terms.end(), [&](const PodTerm& term) {
      return HasKey(on_, term.topology_key);
    });
    if (!keys) return false;
    const bool near = std::all_of(terms.begin(), terms.end(), [&](const PodTerm& term) {
      return Any([&](const Node& node, const Pod& other) {
        return InOneDomain(node, on_, term.topology_key) && IsMeantByAll(other);
      });
    });
    const auto anywhere = [&](const Node& node, const Pod& other) {
      return IsMeantByAll(other) && std::any_of(terms.begin(), terms.end(), [&](const auto& term) {
               return HasKey(node, term.topology_key);
             });
    };
    return near || (IsMeantByAll(pod_) && !Any(anywhere));
  }

  bool Counts(const cluster::SpreadConstraint& spread, const Node& node) const {
    for (const cluster::SpreadConstraint& other : pod_.affinity.spread) {
      if (!HasKey(node, other.topology_key)) return false;
    }
    if (spread.honors_taints && cluster::UntoleratedTaint(node, pod_) != nullptr) return false;
    return spread.counts_all_nodes ||
           (cluster::UnmetSelector(node, pod_) == nullptr && cluster::MeetsAffinity(node, pod_));
  }

  bool IsSpread(const cluster::SpreadConstraint& spread) const {
    if (!HasKey(on_, spread.topology_key)) return false;
    const auto meant = [&](const Pod& other) {
      return other.ns == pod_.ns && spread.selector &&
             cluster::Matches(*spread.selector, other.labels);
    };
    std::map<std::string_view, int> counts;
    for (const auto& [node, pods] : nodes_) {
      if (!Counts(spread, *node)) continue;
      int& count = counts[cluster::Find(node->labels, spread.topology_key)];
      for (const Pod* other : *pods) count += meant(*other) ? 1 : 0;
    }
    int fewest = 0;
    if (!counts.empty() && static_cast<int>(counts.size()) >= spread.min_domains) {
      fewest = std::min_element(counts.begin(), counts.end(), [](const auto& a, const auto& b) {
                 return a.second < b.second;
               })->second;
    }
    const int with_it =
        counts[cluster::Find(on_.labels, spread.topology_key)] + (meant(pod_) ? 1 : 0);
    return with_it - fewest <= spread.max_skew;
  }

  const std::vector<Occupied>& nodes_;
  const cluster::Snapshot& snapshot_;
  const Node& on_;
  const Pod& pod_;
};

}  // namespace

std::string WhyApart(const std::vector<Occupied>& nodes, const cluster::Snapshot& snapshot,
                     const cluster::Node& on, const cluster::Pod& pod) {
  return Apart(nodes, snapshot, on, pod).Why();
}

}  // namespace tangram::plan

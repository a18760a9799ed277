// The pods of a snapshot by name, as a plan leaves them; a part of plan/validate.h.
#pragma once

#include <algorithm>
#include <map>
#include <tuple>

#include "cluster/snapshot.h"
#include "plan/plan.h"

namespace tangram::plan {

// Of a normalized snapshot, which must outlive it: found by bisection, with no copy of a name.
class PodTable {
 public:
  explicit PodTable(const cluster::Snapshot& snapshot) : pods_(snapshot.pods) {}

  // nullptr: there is none.
  const cluster::Pod* Find(const PodName& name) const {
    if (const auto other = replaced_.find(name); other != replaced_.end()) return other->second;
    const auto at = std::lower_bound(
        pods_.begin(), pods_.end(), name, [](const cluster::Pod& pod, const PodName& wanted) {
          return std::tie(pod.ns, pod.name) < std::tie(wanted.ns, wanted.name);
        });
    return at != pods_.end() && at->ns == name.ns && at->name == name.name ? &*at : nullptr;
  }
  // A pod of that name is so, from now on; borrowed.
  void Replace(const PodName& name, const cluster::Pod& by) { replaced_[name] = &by; }

  template <class Do>  // Do(const cluster::Pod&)
  void Each(Do&& look) const {
    for (const cluster::Pod& pod : pods_) {
      look(replaced_.empty() ? pod : *Find({pod.ns, pod.name}));
    }
  }

 private:
  const cluster::List<cluster::Pod>& pods_;
  std::map<PodName, const cluster::Pod*> replaced_;
};

}  // namespace tangram::plan

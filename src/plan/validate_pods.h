// The pods of a snapshot by name, as a plan leaves them; a part of plan/validate.h.
#pragma once

#include <map>

#include "cluster/named.h"
#include "plan/plan.h"

namespace tangram::plan {

// Of a normalized snapshot, which must outlive it: found by bisection, with no copy of a name.
class PodTable {
 public:
  explicit PodTable(const cluster::Snapshot& snapshot) : snapshot_(snapshot) {}

  // nullptr: there is none.
  const cluster::Pod* Find(const PodName& name) const {
    if (const auto other = replaced_.find(name); other != replaced_.end()) return other->second;
    return cluster::PodNamed(snapshot_, name.ns, name.name);
  }
  // A pod of that name is so, from now on; borrowed.
  void Replace(const PodName& name, const cluster::Pod& by) { replaced_[name] = &by; }

  template <class Do>  // Do(const cluster::Pod&)
  void Each(Do&& look) const {
    for (const cluster::Pod& pod : snapshot_.pods) {
      look(replaced_.empty() ? pod : *Find({pod.ns, pod.name}));
    }
  }

 private:
  const cluster::Snapshot& snapshot_;
  std::map<PodName, const cluster::Pod*> replaced_;
};

}  // namespace tangram::plan

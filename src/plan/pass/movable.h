// Which running pods may be moved.
#pragma once

#include <map>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

#include "cluster/snapshot.h"
#include "plan/plan.h"

namespace tangram::plan {

// Namespace, kind and name of the owner: what pods of one workload share. Views into the pod.
using OwnerKey = std::tuple<std::string_view, std::string_view, std::string_view>;
OwnerKey OwnerKeyOf(const cluster::Pod& pod);

// Of a kind whose controller makes it again somewhere else, with no work lost by that.
bool IsMadeAgain(const cluster::Pod& pod);

// Whether it may be evicted for a more urgent pod: a controller makes it again, though work may be
// lost, nobody pinned it, it does not run on every node, and it holds no claims. Budgets are not
// looked at.
bool IsEvictable(const cluster::Pod& pod);

// Counts what moves use up. Where budgets could not be read, nothing is movable. Pointers lead into
// the snapshot, which must outlive it.
class Movable {
 public:
  explicit Movable(const cluster::Snapshot& snapshot);

  // Whether all of `pods`, of a node with that policy, may be moved together, on top of those moved
  // so far.
  bool MayMove(const std::vector<const cluster::Pod*>& pods, Moves moves) const;
  // Whether budgets let all of them be evicted, on top of those moved so far.
  bool IsWithinBudgets(const std::vector<const cluster::Pod*>& pods) const;
  void Moved(const std::vector<const cluster::Pod*>& pods);

 private:
  bool IsMovable(const cluster::Pod& pod, Moves moves) const;
  std::vector<const cluster::DisruptionBudget*> BudgetsOf(const cluster::Pod& pod) const;

  const cluster::Snapshot& snapshot_;
  bool budgets_are_known_ = true;
  std::map<OwnerKey, int> replicas_;  // ready pods
  std::map<const cluster::DisruptionBudget*, std::int64_t> used_;
};

}  // namespace tangram::plan

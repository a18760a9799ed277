// Pods behind our gate: a node each, and the gate lifted (docs/placement.md).
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "cluster/gang.h"
#include "control/actuator.h"
#include "control/model.h"
#include "plan/plan.h"

namespace tangram::control {

struct PlacementOptions {
  // A pod that finds no room for so long is lifted without a node, so that the scheduler says why
  // it waits and autoscalers see it. Never a pod of a gang.
  base::Milliseconds gate_limit{30'000};
  // A pod is told why it waits after so long.
  base::Milliseconds say_after{2'000};
  // The wait after a failed write, doubled by each further one.
  base::Milliseconds first_retry{100};
  base::Milliseconds last_retry{30'000};
};

// Decides for all pods behind the gate together. It acts only where ours is the last gate: who set
// another may yet choose the node (Kueue does); where a host was chosen already, the gate is just
// lifted. Gangs are lifted whole or not at all. Owned by the thread of the Model, which it borrows.
class Placement {
 public:
  Placement(Model& model, PlacementOptions options) : model_(model), options_(options) {}

  // One round: what to write. Each write is in flight until Finish.
  std::vector<Write> Decide(const plan::PlanPolicy& policy, base::Time now);
  void Finish(const Write& write, const base::Result<void>& outcome, base::Time now);
  // Forgets all that it remembers: who waits, and what is in flight.
  void Reset();
  // When another round is due though nothing changed.
  std::optional<base::Time> NextDue() const { return next_due_; }

  // Why the pods behind the gate wait, as of the last round.
  const std::vector<plan::Waiting>& waiting() const { return waiting_; }

 private:
  // What is remembered of a pod while it is behind the gate.
  struct Waiter {
    base::Time since{};  // ours has been the last gate
    base::Time not_before{};
    int failures = 0;
    std::string said{};  // the reason that was told last
  };

  void Add(Write write);
  void Remember(base::Time now);
  void Place(const plan::PlacePod& change, const std::string& reason);
  void PutOff(const plan::Waiting& waiting, const cluster::GangBook& gangs);
  void LiftChosen();
  void EvictLost(const cluster::Snapshot& snapshot, base::Time now);
  void Lift(const Gated& gated, std::vector<std::string> nodes, std::string why);
  void WakeAt(base::Time due);
  const Gated* Free(const Key& key, base::Time now) const;

  Model& model_;
  const PlacementOptions options_;
  std::map<PodRef, Waiter> waiters_;
  std::set<PodRef> in_flight_;
  std::map<PodRef, base::Time> evicted_;  // whose nodes are gone; when to ask again
  std::vector<Write> writes_;             // of this round
  std::vector<plan::Waiting> waiting_;
  base::Time now_{};
  std::optional<base::Time> next_due_;
};

}  // namespace tangram::control

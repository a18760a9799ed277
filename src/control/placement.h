// Pods behind our gate: a node each, and the gate lifted (docs/placement.md).
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "cluster/gang.h"
#include "control/actuator.h"
#include "control/model.h"
#include "plan/arrivals.h"
#include "plan/plan.h"

namespace tangram::control {

struct PlacementOptions {
  // A pod that finds no room for so long is lifted without a node, so that the scheduler says why
  // it waits and autoscalers see it. Never a pod of a gang.
  base::Milliseconds gate_limit{30'000};
  // A pod is told why it waits after so long.
  base::Milliseconds say_after{2'000};
  // While pods that come are placed by what is known already, room that became free is seen after
  // so long.
  base::Milliseconds freed_seen_within{5'000};
  // The wait after a failed write, doubled by each further one.
  base::Milliseconds first_retry{100};
  base::Milliseconds last_retry{30'000};
};

// Decides for all pods behind the gate together; for those that just came, where nothing else
// happened, by what it knows of the last time. It acts only where ours is the last gate: who set
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
  // Rounds in which the whole cluster was looked at.
  std::int64_t whole_rounds() const { return whole_rounds_; }

 private:
  // What is remembered of a pod while it is behind the gate.
  struct Waiter {
    base::Time since{};  // ours has been the last gate
    base::Time not_before{};
    int failures = 0;
    std::string said{};  // the reason that was told last
  };

  // What is known since the last plan, for pods that come.
  struct Kept {
    Kept(cluster::Snapshot of, plan::PlanPolicy by)
        : snapshot(std::move(of)), policy(std::move(by)), arrivals(snapshot, policy) {}
    const cluster::Snapshot snapshot;
    const plan::PlanPolicy policy;
    std::vector<cluster::Shared<cluster::Pod>> pods{};  // that came since
    std::optional<base::Time> freed_at{};  // since when something is free that counts as held
    plan::Arrivals arrivals;               // borrows all of these
  };

  // Pods that came get a node by what is kept. False where that does not do, and all has to be
  // looked at.
  bool PlaceArrivals(const plan::PlanPolicy& policy);
  bool KeepsHold(const plan::PlanPolicy& policy, const News& news);
  void PlaceAll(plan::PlanPolicy policy);
  void PlaceWaiting(const cluster::Snapshot& snapshot, plan::PlanPolicy policy);
  void Add(Write write);
  void Remember(base::Time now);
  void Place(const plan::PlacePod& change, const std::string& reason);
  void PutOff(const plan::Waiting& waiting, const cluster::GangBook& gangs);
  using GangName = std::pair<std::string_view, std::string_view>;  // its namespace first
  void LiftTheRest(const plan::Plan& plan, const cluster::GangBook& gangs);
  void LiftChosen();
  void EvictLost(const cluster::Snapshot& snapshot);
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
  std::optional<Kept> kept_;
  std::int64_t whole_rounds_ = 0;
};

}  // namespace tangram::control

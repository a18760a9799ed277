// GpuPlans: proposed for the pools of the cluster, replaced when they are out of date, approved in
// mode Auto, carried out once approved, and kept for a while as the record of what was done
// (docs/gpuplans.md).
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "control/actuator.h"
#include "control/execution.h"
#include "control/model.h"
#include "control/plan_maker.h"
#include "plan/pool_plan.h"
#include "plan/proposal.h"

namespace tangram::control {

struct ProposalOptions {
  // Between two plans of one pool, however much changes.
  base::Milliseconds least_between{15'000};
  // A proposal that can still be carried out as it stands is not replaced sooner, so that people
  // find what they were told of.
  base::Milliseconds stands_for{600'000};
  // The wait after a failed write, doubled by each further one.
  base::Milliseconds first_retry{1'000};
  base::Milliseconds last_retry{300'000};
  // What is over goes after so long, and where a pool has more of them.
  base::Milliseconds keep_for{7 * 86'400'000};
  std::size_t keep_most = 20;
  // Somebody reads what is measured, and calls Measured: a pool whose plans go by that has none
  // before, which would take the place of a better one.
  bool awaits_usage = false;
  ExecutionOptions execution{};
};

// Owned by the thread of the Model, which it borrows with the PlanMaker and the Operations, whom it
// asks to carry out what they can.
class Proposals {
 public:
  Proposals(Model& model, PlanMaker& maker, Operations& operations, ProposalOptions options)
      : model_(model), maker_(maker), operations_(operations), options_(options) {}

  // GpuPlans of the cluster, as the API server has them.
  void Set(plan::Proposal plan);
  void Remove(const std::string& name);
  void KeepOnly(const std::set<std::string>& names);

  // The PlanMaker knows anew what was measured, or that nobody can tell: plans are made again,
  // though nothing changed in the model.
  void Measured();
  // What came of an order.
  void Planned(const std::string& pool, plan::PoolPlan made, base::Time now);

  // One round: what to write. Each write is in flight until Finish. Pools whose mode is not in
  // force (plan/pool_status.h) are in mode Observe here.
  std::vector<Write> Decide(const plan::PlanPolicy& policy, base::Time now);
  void Finish(const Write& write, const base::Result<void>& outcome, base::Time now);
  // Forgets all that it did not read from the cluster.
  void Reset();
  // When another round is due though nothing changed.
  std::optional<base::Time> NextDue() const { return next_due_; }

  // Nodes that plans empty at the moment, to give them back; sorted. What only people have to do
  // yet keeps nobody off a node.
  std::vector<std::string> Emptied() const;
  // Names of the plans that are approved and not over.
  std::set<std::string> UnderWay() const;

  struct Counts {
    std::int64_t plans = 0;     // made
    std::int64_t wrong = 0;     // of them, not shown, since they contradict the cluster
    std::int64_t proposed = 0;  // objects created
    std::int64_t done = 0;      // carried out
    std::int64_t failed = 0;
  };
  const Counts& counts() const { return counts_; }
  // What was found wrong with the last plan that was not shown; empty: nothing was.
  const std::string& fault() const { return fault_; }

 private:
  struct Entry {
    plan::Proposal plan{};
    bool written_here = false;  // its status: as we wrote it last, whatever the watch says
    bool in_flight = false;
    int failures = 0;  // writes, one after another
    base::Time not_before{};
    base::Time progress_at{};  // when its records changed last
    bool denied = false;       // we may not approve it
  };
  struct PoolState {
    std::optional<std::uint64_t> planned_at{};  // changes of the model, of the last order
    std::optional<base::Time> opens{};          // hours of what it keeps ready: another is due then
    base::Time next_plan{};
    std::optional<plan::Proposal> wanted{};  // made, and not decided on yet
    bool nothing_to_do = false;              // the last plan was empty
    bool creating = false;
    int failures = 0;  // to create one, one after another
  };

  void Order(const plan::PlanPolicy& policy);
  bool MayPlan(const plan::Pool& pool) const;
  void DecideOnPool(const std::string& pool, PoolState& state);
  bool MayReplace(const Entry& current) const;
  void LookAt(Entry& entry, const plan::Pool* pool);
  void Execute(Entry& entry, const plan::Pool& pool);
  void Supersede(Entry& entry, std::string reason, std::string message);
  plan::Proposal WithApproval(const Entry& entry, const plan::Pool& pool) const;
  void FinishOf(Entry& entry, const Write& write, const base::Result<void>& outcome);
  void WriteStatus(Entry& entry, plan::Proposal to);
  void DeleteOld();
  void Add(Entry& entry, Write write);
  bool IsFree(const Entry& entry) const;
  base::Milliseconds WaitAfter(int failures) const;
  Entry* CurrentOf(const std::string& pool);
  void WakeAt(base::Time due);

  Model& model_;
  PlanMaker& maker_;
  Operations& operations_;
  const ProposalOptions options_;
  std::map<std::string, Entry> entries_;    // by name
  std::map<std::string, PoolState> pools_;  // by name
  std::map<std::string, base::Time>
      asked_;                           // uids of pods that were asked to go; when to ask again
  std::optional<std::string> ordered_;  // the pool whose plan is being made
  base::Time ordered_at_{};             // of the snapshot that it is made of
  std::vector<Write> writes_;           // of this round
  std::string fault_;
  Counts counts_;
  base::Time now_{};
  bool has_usage_come_ = false;
  std::optional<base::Time> next_due_;
};

}  // namespace tangram::control

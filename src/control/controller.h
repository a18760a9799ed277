// The control plane's loop: what changed -> what to decide again -> what to write.
#pragma once

#include <algorithm>
#include <map>
#include <optional>
#include <string>

#include "base/clock.h"
#include "control/actuator.h"
#include "control/model.h"
#include "control/operations.h"
#include "control/placement.h"
#include "control/plan_maker.h"
#include "control/proposals.h"
#include "control/statuses.h"
#include "control/work_queue.h"
#include "plan/forecast/wanted.h"
#include "plan/policy.h"
#include "plan/pool_status.h"

namespace tangram::control {

struct ControllerOptions {
  PlacementOptions placement{};
  ProposalOptions proposals{};
  OperationOptions operations{};
  // Changes gather for so long before they are decided on, so that a burst is decided together.
  base::Milliseconds batch{5};
  // Between two rounds over plans, and between two writes of one status.
  base::Milliseconds plans_every{1'000};
  base::Milliseconds status_every{15'000};
  // Between two counts of what is wanted.
  base::Milliseconds wanted_every{15'000};
};

// Owned by one thread; not thread-safe, needs no lock, never waits. Whoever owns it applies changes
// to model(), reports what became of writes, and calls Run when that says, or sooner when something
// changed. Its time never goes back, whoever sets the machine's clock (base::SteadyClock).
class Controller {
 public:
  // Borrowed: both must outlive it.
  Controller(Actuator& actuator, PlanMaker& maker, ControllerOptions options)
      : actuator_(actuator),
        options_(options),
        placement_(model_, options.placement),
        operations_(model_, options.operations),
        proposals_(model_, maker, operations_, options.proposals),
        statuses_(options.status_every) {}

  Model& model() { return model_; }
  const Placement& placement() const { return placement_; }
  const Proposals& proposals() const { return proposals_; }
  const Operations& operations() const { return operations_; }

  // GpuPlans, as the API server has them.
  void SetPlan(plan::Proposal plan);
  void RemovePlan(const std::string& name);
  void KeepPlans(const std::set<std::string>& names);
  // NodeOperations, likewise.
  void SetOperation(plan::NodeOperation operation);
  void RemoveOperation(const std::string& name);
  void KeepOperations(const std::set<std::string>& names);
  // What our agents report of nodes' cards.
  void SetGpuNode(cluster::GpuNode report);
  void RemoveGpuNode(const std::string& name);
  void KeepGpuNodes(const std::set<std::string>& names);
  // Whether those who are told by ConfigMaps would see what is written to them.
  void SetUnseen(Unseen unseen);
  // What the status of pools and classes says, and by what classes are judged from now on.
  void FoundConditions(const Statuses::Conditions& pools, const Statuses::Conditions& classes);
  void SetIndex(std::shared_ptr<const plan::classes::Index> index);

  void SetPolicy(plan::PlanPolicy policy);
  // What came of an order of the PlanMaker.
  void Planned(const std::string& pool, plan::PoolPlan made, base::Time now);
  // The PlanMaker knows anew what was measured, or that nobody knows.
  void Measured(const plan::Measured& measured);
  // Nothing is decided before every list was read once.
  void SetSynced(bool synced);
  bool synced() const { return synced_; }
  // Whether this replica is the one that writes. Writes in flight when it ends are forgotten: the
  // next leader sees what became of them.
  void SetLeading(bool leading);
  void Finish(Actuator::Id id, const base::Result<void>& outcome, base::Time now);

  // Decides and writes what is due; returns when to run next, at the latest.
  base::Time Run(base::Time now);
  // No round begins before then, nor before what was said earlier: its owner lets it rest after
  // each, so that a cluster in which something always changes costs no more than a part of a core.
  void RestUntil(base::Time when) { rested_ = std::max(rested_, when); }

  struct Counts {
    std::int64_t rounds = 0;
    std::int64_t lifted = 0;    // gates, with a node
    std::int64_t released = 0;  // gates, without
    std::int64_t evicted = 0;
    std::int64_t failed = 0;  // writes
  };
  const Counts& counts() const { return counts_; }
  // What is wanted of instances in the pools, counted some seconds ago at most; nothing while
  // another replica leads.
  using Wanted = std::map<plan::PoolProfile, std::int64_t>;
  const Wanted& wanted() const { return wanted_; }

 private:
  enum class Owner { kPlacement, kPlans };
  struct InFlight {
    Owner owner;
    control::Write write;
  };

  bool Acts() const { return synced_ && leading_; }
  void Place(base::Time now);
  void LookAtPlans(base::Time now);
  void CountWanted(base::Time now);
  void Write(std::vector<control::Write> writes, Owner owner);
  void Count(const control::Write& write);

  Actuator& actuator_;
  const ControllerOptions options_;
  Model model_;
  Placement placement_;
  Operations operations_;
  Proposals proposals_;
  Statuses statuses_;
  plan::PlanPolicy policy_;
  std::optional<plan::PlanPolicy> in_force_;  // as of the last round over plans; absent: none yet
  WorkQueue queue_;
  std::uint64_t decided_ = 0;     // model_.changes() of the last round of placement
  std::uint64_t plans_seen_ = 0;  // likewise, over plans
  bool again_ = true;             // decide, though nothing changed
  bool plans_again_ = true;
  base::Time plans_not_before_{};
  Wanted wanted_;
  std::optional<std::uint64_t> wanted_seen_{};  // model_.changes() when it was counted
  base::Time wanted_not_before_{};
  base::Time rested_{};  // RestUntil
  bool synced_ = false;
  plan::Measured measured_;
  bool leading_ = false;
  Actuator::Id next_id_ = 1;
  std::map<Actuator::Id, InFlight> in_flight_;
  Counts counts_;
};

}  // namespace tangram::control

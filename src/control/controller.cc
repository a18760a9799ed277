#include "control/controller.h"

#include <utility>

#include "plan/pool_status.h"

namespace tangram::control {
namespace {

constexpr const char* kPlacement = "placement";
constexpr const char* kPlans = "plans";
constexpr base::Milliseconds kIdle{1'000};  // at least so often, whatever happens

}  // namespace

void Controller::SetPolicy(plan::PlanPolicy policy) {
  policy_ = std::move(policy);
  in_force_.reset();
  wanted_seen_.reset();
  again_ = plans_again_ = true;
}

void Controller::SetSynced(bool synced) { synced_ = synced; }

void Controller::SetLeading(bool leading) {
  if (leading_ == leading) return;
  leading_ = leading;
  again_ = plans_again_ = true;
  for (const auto& [id, one] : std::exchange(in_flight_, {})) {
    if (const auto* lift = std::get_if<LiftGate>(&one.write)) model_.Forget(lift->pod);
  }
  placement_.Reset();
  proposals_.Reset();
  operations_.Reset();
  statuses_.Reset();
  wanted_.clear();
  wanted_seen_.reset();
  wanted_not_before_ = {};
}

void Controller::SetPlan(plan::Proposal plan) {
  proposals_.Set(std::move(plan));
  plans_again_ = true;
}

void Controller::RemovePlan(const std::string& name) {
  proposals_.Remove(name);
  plans_again_ = true;
}

void Controller::KeepPlans(const std::set<std::string>& names) {
  proposals_.KeepOnly(names);
  plans_again_ = true;
}

void Controller::SetOperation(plan::NodeOperation operation) {
  operations_.Set(std::move(operation));
  plans_again_ = true;
}

void Controller::RemoveOperation(const std::string& name) {
  operations_.Remove(name);
  plans_again_ = true;
}

void Controller::KeepOperations(const std::set<std::string>& names) {
  operations_.KeepOnly(names);
  plans_again_ = true;
}

void Controller::SetGpuNode(cluster::GpuNode report) {
  if (operations_.SetReport(std::move(report))) plans_again_ = true;
}

void Controller::RemoveGpuNode(const std::string& name) {
  operations_.RemoveReport(name);
  plans_again_ = true;
}

void Controller::KeepGpuNodes(const std::set<std::string>& names) {
  operations_.KeepReports(names);
  plans_again_ = true;
}

void Controller::SetUnseen(Unseen unseen) {
  if (operations_.SetUnseen(std::move(unseen))) plans_again_ = true;
}

void Controller::FoundConditions(const Statuses::Conditions& pools,
                                 const Statuses::Conditions& classes) {
  statuses_.Found(pools, classes);
}

void Controller::SetIndex(std::shared_ptr<const plan::classes::Index> index) {
  statuses_.SetIndex(std::move(index));
  plans_again_ = true;
}

void Controller::Planned(const std::string& pool, plan::PoolPlan made, base::Time now) {
  proposals_.Planned(pool, std::move(made), now);
  plans_again_ = true;
}

void Controller::Measured(const plan::Measured& measured) {
  measured_ = measured;
  proposals_.Measured();
  plans_again_ = true;
}

void Controller::Finish(Actuator::Id id, const base::Result<void>& outcome, base::Time now) {
  const auto found = in_flight_.find(id);
  if (found == in_flight_.end()) return;
  const InFlight one = std::move(found->second);
  in_flight_.erase(found);
  if (outcome) {
    Count(one.write);
  } else {
    ++counts_.failed;
  }
  if (one.owner == Owner::kPlacement) {
    placement_.Finish(one.write, outcome, now);
    again_ = again_ || !outcome;
  } else {
    if (!statuses_.Finish(one.write, outcome) && !operations_.Finish(one.write, outcome, now)) {
      proposals_.Finish(one.write, outcome, now);
    }
    plans_again_ = true;
  }
}

void Controller::Count(const control::Write& write) {
  if (const auto* lift = std::get_if<LiftGate>(&write)) {
    ++(lift->nodes.empty() ? counts_.released : counts_.lifted);
  }
  if (std::holds_alternative<Evict>(write)) ++counts_.evicted;
}

base::Time Controller::Run(base::Time now) {
  if (!Acts()) return now + kIdle;
  const base::Time due = now + options_.batch;
  if (again_ || model_.changes() != decided_) queue_.Add(kPlacement, due);
  if (plans_again_ || model_.changes() != plans_seen_) {
    queue_.Add(kPlans, std::max(due, plans_not_before_));
  }
  if (now < rested_) return std::min(rested_, now + kIdle);
  while (const auto key = queue_.Take(now)) {
    ++counts_.rounds;
    *key == kPlans ? LookAtPlans(now) : Place(now);
  }
  return std::min(queue_.NextDue().value_or(now + kIdle), now + kIdle);
}

void Controller::Place(base::Time now) {
  again_ = false;
  plan::PlanPolicy policy = in_force_.value_or(policy_);
  policy.emptied = proposals_.Emptied();
  Write(placement_.Decide(policy, now), Owner::kPlacement);
  decided_ = model_.changes();  // what it assumed is its own doing
  if (const auto due = placement_.NextDue()) queue_.Add(kPlacement, *due);
}

void Controller::LookAtPlans(base::Time now) {
  plans_again_ = false;
  plans_seen_ = model_.changes();
  plans_not_before_ = now + options_.plans_every;
  plan::PoolsInForce pools = plan::JudgePools(policy_, model_.Take(now), measured_);
  Write(proposals_.Decide(pools.policy, now), Owner::kPlans);
  Write(operations_.Decide(pools.policy, proposals_.UnderWay(), now), Owner::kPlans);
  Write(statuses_.Decide(pools.statuses, now), Owner::kPlans);
  in_force_ = std::move(pools.policy);
  CountWanted(now);
  for (const auto& due : {proposals_.NextDue(), operations_.NextDue(), statuses_.NextDue()}) {
    if (due) queue_.Add(kPlans, std::max(*due, plans_not_before_));
  }
}

void Controller::CountWanted(base::Time now) {
  if (wanted_seen_ == model_.changes()) return;
  if (now < wanted_not_before_) return queue_.Add(kPlans, wanted_not_before_);
  wanted_not_before_ = now + options_.wanted_every;
  wanted_seen_ = model_.changes();
  wanted_ = plan::WantedInstances(model_.Take(now), policy_);
}

void Controller::Write(std::vector<control::Write> writes, Owner owner) {
  for (control::Write& write : writes) {
    const Actuator::Id id = next_id_++;
    actuator_.Start(id, write);
    in_flight_.emplace(id, InFlight{owner, std::move(write)});
  }
}

}  // namespace tangram::control

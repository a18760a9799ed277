#include "control/placement.h"

#include <fmt/format.h>

#include <algorithm>
#include <tuple>
#include <utility>

namespace tangram::control {
namespace {

// Only what pods that wait get: nothing is cut, moved or bought here. Room is made by itself where
// the pool is in mode Auto; else that is a plan's, which waits for approval.
plan::PlanPolicy ForPlacement(plan::PlanPolicy policy) {
  for (plan::Pool& pool : policy.pools) {
    pool.policy.preempt = pool.policy.preempt && pool.policy.mode == plan::Mode::kAuto;
  }
  for (int pass = 0; pass < plan::kPasses; ++pass) {
    const auto which = static_cast<plan::Pass>(pass);
    const bool on =
        which == plan::Pass::kAdmit || which == plan::Pass::kPlace || which == plan::Pass::kPreempt;
    policy.on.at(static_cast<std::size_t>(pass)) &= on;
  }
  return policy;
}

bool IsNode(const cluster::Snapshot& snapshot, const std::string& name) {
  return KeyedList<cluster::Node>::Named(snapshot.nodes, {.name = name}) != nullptr;
}

}  // namespace

std::vector<Write> Placement::Decide(const plan::PlanPolicy& policy, base::Time now) {
  now_ = now;
  writes_.clear();
  Remember(now);
  LiftChosen();
  plan::PlanPolicy for_placement = ForPlacement(policy);
  if (!PlaceArrivals(for_placement)) PlaceAll(std::move(for_placement));
  return std::exchange(writes_, {});
}

bool Placement::KeepsHold(const plan::PlanPolicy& policy, const News& news) {
  if (!kept_ || kept_->policy != policy) return false;
  if (next_due_ && *next_due_ <= now_) return false;
  if (news.freed && !kept_->freed_at) kept_->freed_at = now_;
  if (kept_->freed_at && now_ - *kept_->freed_at >= options_.freed_seen_within) return false;
  const bool some_wait = waiters_.size() > news.arrived.size();
  return !news.other && !(news.freed && some_wait);
}

bool Placement::PlaceArrivals(const plan::PlanPolicy& policy) {
  const News news = model_.TakeNews();
  if (!KeepsHold(policy, news)) return false;
  if (news.freed) waiting_.clear();  // of those none is left
  for (const Key& key : news.came) {
    const cluster::Shared<cluster::Pod>* pod = model_.LatestPod(key);
    if (pod == nullptr) continue;
    kept_->pods.push_back(*pod);
    if (!kept_->arrivals.Came(*kept_->pods.back())) return false;
  }
  std::vector<const cluster::Pod*> arrived;
  for (const Key& key : news.arrived) {
    const Gated* gated = Free(key, now_);
    if (gated == nullptr) return false;
    if (gated->has_host) continue;
    kept_->pods.push_back(*model_.LatestPod(key));
    arrived.push_back(&*std::as_const(kept_->pods).back());
  }
  std::vector<plan::Action> placed;
  if (!arrived.empty() && !kept_->arrivals.Place(arrived, placed)) return false;
  for (const plan::Action& action : placed) {
    Place(std::get<plan::PlacePod>(action.change), action.reason);
  }
  return true;
}

void Placement::PlaceAll(plan::PlanPolicy policy) {
  kept_.reset();
  next_due_.reset();
  waiting_.clear();
  for (const auto& [pod, waiter] : waiters_) {
    if (waiter.not_before > now_) WakeAt(waiter.not_before);
  }
  const cluster::Snapshot& snapshot = model_.Take(now_);
  if (!waiters_.empty()) PlaceWaiting(snapshot, std::move(policy));
  EvictLost(snapshot);
}

void Placement::PlaceWaiting(const cluster::Snapshot& snapshot, plan::PlanPolicy policy) {
  ++whole_rounds_;
  kept_.emplace(snapshot, std::move(policy));
  const plan::Plan& plan = kept_->arrivals.plan();
  for (const plan::Action& action : plan.actions) {
    if (const auto* evict = std::get_if<plan::EvictPod>(&action.change)) {
      const cluster::Pod* pod = model_.PodNamed({evict->pod.ns, evict->pod.name});
      if (pod == nullptr || pod->terminating) continue;  // it goes already
      if (evicted_.contains({pod->ns, pod->name, pod->uid})) continue;
      Add(Evict{{pod->ns, pod->name, pod->uid}, action.reason});
    }
  }
  for (const plan::Action& action : plan.actions) {
    const auto* place = std::get_if<plan::PlacePod>(&action.change);
    if (place != nullptr && action.needs.empty()) Place(*place, action.reason);
  }
  const cluster::GangBook gangs(snapshot);
  for (const plan::Waiting& waiting : plan.waiting) PutOff(waiting, gangs);
  LiftTheRest(plan, gangs);
}

// Pods of which the plan says nothing ask for nothing that is placed here: only a gang whose others
// wait, or are not there yet, keeps them.
void Placement::LiftTheRest(const plan::Plan& plan, const cluster::GangBook& gangs) {
  std::set<plan::PodName> spoken_of;
  std::set<GangName> waiting;
  const auto waits = [&](const plan::PodName& name) {
    if (const cluster::Pod* pod = model_.PodNamed({name.ns, name.name})) {
      waiting.emplace(pod->ns, gangs.Of(*pod).name);
    }
  };
  for (const plan::Action& action : plan.actions) {
    const auto* place = std::get_if<plan::PlacePod>(&action.change);
    if (place == nullptr) continue;
    spoken_of.insert(place->pod);
    if (!action.needs.empty()) waits(place->pod);
  }
  for (const plan::Waiting& one : plan.waiting) {
    spoken_of.insert(one.pod);
    waits(one.pod);
  }
  for (const auto& [ref, waiter] : waiters_) {
    const Key key{ref.ns, ref.name};
    const cluster::Pod* pod = model_.PodNamed(key);
    if (pod == nullptr || spoken_of.contains({ref.ns, ref.name})) continue;
    const cluster::Gang gang = gangs.Of(*pod);
    if (!gang.name.empty() && (waiting.contains({pod->ns, gang.name}) || !gangs.IsWhole(*pod)))
      continue;
    const Gated* free = Free(key, now_);
    if (free != nullptr) Lift(*free, {}, "it asks for no device that is placed here");
  }
}

// Who is behind the gate, and since when ours is the last one.
void Placement::Remember(base::Time now) {
  std::map<PodRef, Waiter> waiters;
  for (const auto& [key, gated] : model_.gated()) {
    if (gated.others || model_.IsAssumed(gated.pod)) continue;
    const auto known = waiters_.find(gated.pod);
    waiters[gated.pod] = known == waiters_.end() ? Waiter{.since = now} : std::move(known->second);
  }
  waiters_ = std::move(waiters);
}

// The pod, where it is behind the gate and may be written to now.
const Gated* Placement::Free(const Key& key, base::Time now) const {
  const auto gated = model_.gated().find(key);
  if (gated == model_.gated().end() || gated->second.others) return nullptr;
  const PodRef& pod = gated->second.pod;
  if (in_flight_.contains(pod) || model_.IsAssumed(pod)) return nullptr;
  const auto waiter = waiters_.find(pod);
  return waiter == waiters_.end() || waiter->second.not_before > now ? nullptr : &gated->second;
}

void Placement::LiftChosen() {
  for (const auto& [key, gated] : model_.gated()) {
    if (!gated.has_host || Free(key, now_) == nullptr) continue;
    Lift(gated, {}, "its node was chosen already");
  }
}

void Placement::Place(const plan::PlacePod& change, const std::string& reason) {
  const Gated* gated = Free({change.pod.ns, change.pod.name}, now_);
  if (gated == nullptr || gated->has_host) return;
  const PodRef pod = gated->pod;
  Lift(*gated, {change.node}, fmt::format("{}: {}", change.node, reason));
  model_.Assume(pod, change.node);
}

void Placement::PutOff(const plan::Waiting& waiting, const cluster::GangBook& gangs) {
  const Key key{waiting.pod.ns, waiting.pod.name};
  const auto gated = model_.gated().find(key);
  if (gated == model_.gated().end()) return;
  waiting_.push_back(waiting);
  const auto known = waiters_.find(gated->second.pod);
  if (known == waiters_.end()) return;
  Waiter& waiter = known->second;
  const cluster::Pod* pod = model_.PodNamed(key);
  const bool in_gang = pod != nullptr && !gangs.Of(*pod).name.empty();
  if (!in_gang && now_ - waiter.since >= options_.gate_limit) {
    if (const Gated* free = Free(key, now_)) {
      Lift(*free, {}, fmt::format("{}: {}", plan::NameOf(waiting.reason), waiting.why));
    }
    return;
  }
  if (!in_gang) WakeAt(waiter.since + options_.gate_limit);
  const std::string reason(plan::NameOf(waiting.reason));
  if (waiter.said == reason) return;
  if (now_ - waiter.since < options_.say_after) return WakeAt(waiter.since + options_.say_after);
  waiter.said = reason;
  Add(SayWaiting{gated->second.pod, reason, fmt::format("{}; {}", waiting.why, waiting.remedy)});
}

// In flight from now on.
void Placement::Add(Write write) {
  const PodRef& pod = *PodOf(write);
  in_flight_.insert(pod);
  if (std::holds_alternative<Evict>(write)) evicted_[pod] = now_ + options_.gate_limit;
  writes_.push_back(std::move(write));
}

void Placement::Lift(const Gated& gated, std::vector<std::string> nodes, std::string why) {
  Add(LiftGate{.pod = gated.pod,
               .version = gated.version,
               .node_affinity = gated.node_affinity,
               .nodes = std::move(nodes),
               .why = std::move(why)});
}

// A pod whose nodes are gone can be sent nowhere else: its affinity only ever narrows. Its
// controller makes another.
void Placement::EvictLost(const cluster::Snapshot& snapshot) {
  std::erase_if(evicted_, [&](const auto& entry) { return entry.second <= now_; });
  for (const auto& [key, ref] : model_.sent()) {
    const cluster::Pod* pod = model_.PodNamed(key);
    if (pod == nullptr || pod->phase != cluster::PodPhase::kPending) continue;
    if (pod->owner.kind.empty() || pod->pending_reason != "Unschedulable") continue;
    if (IsNode(snapshot, pod->node) || evicted_.contains(ref)) continue;
    Add(Evict{ref, fmt::format("its node {} is gone", pod->node)});
  }
}

void Placement::WakeAt(base::Time due) { next_due_ = std::min(next_due_.value_or(due), due); }

void Placement::Reset() {
  waiters_.clear();
  in_flight_.clear();
  evicted_.clear();
  waiting_.clear();
  next_due_.reset();
  kept_.reset();
}

void Placement::Finish(const Write& write, const base::Result<void>& outcome, base::Time now) {
  const PodRef& pod = *PodOf(write);
  in_flight_.erase(pod);
  const bool is_lift = std::holds_alternative<LiftGate>(write);
  if (outcome) {
    // Nothing more until the watch shows it; were that lost, it is tried again.
    if (is_lift) waiters_.try_emplace(pod).first->second.not_before = now + options_.last_retry;
    return;
  }
  if (std::holds_alternative<Evict>(write)) evicted_[pod] = now + options_.gate_limit;
  if (!is_lift) return;
  model_.Forget(pod);
  const auto gated = model_.gated().find({pod.ns, pod.name});
  if (gated == model_.gated().end() || gated->second.pod != pod) return;
  Waiter& waiter = waiters_.try_emplace(pod, Waiter{.since = now}).first->second;
  base::Milliseconds wait = options_.first_retry;
  for (int i = 0; i < waiter.failures && wait < options_.last_retry; ++i) wait *= 2;
  ++waiter.failures;
  waiter.not_before = now + std::min(wait, options_.last_retry);
}

}  // namespace tangram::control

#include "control/saga.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "plan/leaks/judge.h"

namespace tangram::control {
namespace {

constexpr base::Milliseconds kLookAgain{5'000};

const cluster::Taint* TaintOf(const cluster::Node& node) {
  const auto found = std::find_if(node.taints.begin(), node.taints.end(),
                                  [](const auto& taint) { return taint.key == kRepartitionTaint; });
  return found == node.taints.end() ? nullptr : &*found;
}

}  // namespace

OperationMove Saga::Run() && {
  if (!plan::IsOver(to_)) Look();
  return {std::move(to_), std::move(writes_), now_ + kLookAgain};
}

void Saga::Look() {
  if (world_.node == nullptr) return NodeGone();
  if (!to_.step) return Begin(KeepsPodsOff() ? Step::kReserve : Step::kApply);
  if (to_.step != Step::kRelease) {
    if (const std::string who = WhoTookTheNode(); !who.empty()) return TakenOver(who);
    if (const std::string what = WhatAPersonChanged(); !what.empty()) return TakenOver(what);
  }
  switch (*to_.step) {
    case Step::kReserve:
      return Reserve();
    case Step::kEvict:
      return EvictPods();
    case Step::kRelease:
      return Release();
    default:
      return Do(*to_.step);
  }
}

// ---- the steps that all have ----

void Saga::Reserve() {
  if (MayNotGoOn()) return;
  if (HasTaint()) return Go(Step::kEvict, "the node takes no new pods");
  if (Since() >= limits_.reserve) {
    return GiveUp("DeadlinePassed",
                  "the node could not be tainted; look at the controller's log "
                  "and its rights (patch nodes)");
  }
  Change({.taint = ChangeNode::Taint::kAdd});
}

void Saga::EvictPods() {
  if (MayNotGoOn()) return;
  if (const std::string taken = TakenBy(); !taken.empty()) {
    return GiveUp(kTakenMeanwhile, taken + ", and the plan does not name it; it is left alone");
  }
  std::string pod_in_the_way;
  for (const cluster::Pod* pod : world_.holders) {
    if (pod_in_the_way.empty()) pod_in_the_way = fmt::format("{}/{}", pod->ns, pod->name);
    if (!plan::IsNamed(to_, *pod)) continue;
    if (plan::IsPinned(*pod)) {
      return GiveUp("PodPinned",
                    fmt::format("the owner of {}/{} pinned it (do-not-disrupt, "
                                "safe-to-evict=false); let it end, and approve a new plan",
                                pod->ns, pod->name));
    }
    if (pod->terminating) continue;
    Ask(Evict{{pod->ns, pod->name, pod->uid},
              fmt::format("NodeOperation {}: {}", to_.name, to_.reason),
              to_.name});
  }
  const std::string waits_for = pod_in_the_way.empty() ? WaitsFor() : "";
  if (pod_in_the_way.empty() && waits_for.empty()) {
    return Go(Step::kApply, "no pod is in the way");
  }
  if (Since() < limits_.evict) return;
  if (pod_in_the_way.empty()) return GiveUp("DeadlinePassed", waits_for);
  GiveUp("DeadlinePassed",
         fmt::format("{} still holds a GPU of the node{}", pod_in_the_way,
                     AllNamed() ? "; look at its PodDisruptionBudget and finalizers"
                                : ", and the plan does not name it; it is left alone"));
}

void Saga::Release() {
  if (HasTaint()) return Change({.taint = ChangeNode::Taint::kRemove});
  End(State::kDone, "the node takes pods again");
  Finish();
}

// ---- ends ----

void Saga::NodeGone() {
  if (to_.step) End(State::kFailed, "the node is gone");
  Blame("NodeGone", fmt::format("node {} is gone; nothing is left to do", to_.node));
  Finish();
}

void Saga::TakenOver(const std::string& what) {
  End(State::kFailed, what);
  Blame("ChangedByPerson", fmt::format("{}, so Tangram stopped; what was changed is left as it is: "
                                       "{} and approve a new plan",
                                       what, WhereToLook()));
  Begin(Step::kRelease);
}

bool Saga::MayNotGoOn() {
  if (world_.not_allowed.empty()) return false;
  GiveUp(world_.not_allowed_reason, world_.not_allowed);
  return true;
}

void Saga::GiveUp(std::string reason, std::string why) {
  writes_.clear();
  End(State::kFailed, why);
  Blame(std::move(reason), "nothing was changed: " + why);
  Begin(Step::kRelease);
}

void Saga::Fail(std::string reason, std::string why) {
  End(State::kFailed, why);
  Blame(std::move(reason), fmt::format("{}: {}", NameOf(*to_.step), why));
  Begin(Step::kRollBack);
}

void Saga::Finish() {
  to_.step.reset();
  const cluster::Condition cause = Cause();
  const bool failed = cause.reason == "NodeGone" || cause.reason == "ChangedByPerson" ||
                      cause.reason == "RollBackNotVerified";
  if (cause.reason == "StepUnderway") {
    Say("Done", true, "Verified", "the node has it, as it was read back");
  } else {
    Say("Done", false, cause.reason, cause.message);
    Say(failed ? "Failed" : "RolledBack", true, cause.reason, cause.message);
  }
  Say("Running", false, cause.reason, "it is over");
}

// ---- the journal ----

plan::StepRecord* Saga::FindRecord() {
  const auto found = std::find_if(to_.steps.begin(), to_.steps.end(),
                                  [&](const auto& record) { return record.step == to_.step; });
  return found == to_.steps.end() ? nullptr : &*found;
}

const plan::StepRecord& Saga::Record() const { return *plan::RecordOf(to_, *to_.step); }

void Saga::Begin(Step step) {
  to_.step = step;
  if (plan::StepRecord* known = FindRecord()) {
    *known = {.step = step, .started_at = now_, .attempts = known->attempts + 1};
  } else {
    to_.steps.push_back({.step = step, .started_at = now_});
  }
  if (Cause().reason == "StepUnderway") {
    Say("Running", true, "StepUnderway", std::string(NameOf(step)));
    Say("Done", false, "StepUnderway", std::string(NameOf(step)));
  }
}

void Saga::End(State state, std::string message) {
  plan::StepRecord* record = FindRecord();
  if (record == nullptr) return;
  record->state = state;
  record->finished_at = now_;
  record->message = std::move(message);
}

void Saga::Go(Step next, std::string message) {
  const bool undone = next == Step::kRelease && to_.step == Step::kVerifyRollBack;
  End(undone ? State::kRolledBack : State::kDone, std::move(message));
  Begin(next);
}

void Saga::Blame(std::string reason, std::string message) {
  Say("Running", true, std::move(reason), std::move(message));
}

cluster::Condition Saga::Cause() const {
  const auto* running = cluster::ConditionOf(to_.conditions, "Running");
  return running == nullptr ? cluster::Condition{.reason = "StepUnderway"} : *running;
}

void Saga::Say(std::string type, bool holds, std::string reason, std::string message) {
  cluster::Say(to_.conditions,
               {.type = std::move(type),
                .holds = holds,
                .reason = std::move(reason),
                .message = std::move(message)},
               now_);
}

// ---- the world ----

void Saga::Change(ChangeNode change) {
  change.node = to_.node;
  change.operation = to_.name;
  Ask(std::move(change));
}

// Nothing stands there before the taint was written.
std::string Saga::WhoTookTheNode() const {
  const cluster::Taint* taint = TaintOf(node());
  if (taint != nullptr && taint->value != to_.name) {
    return fmt::format("the taint {} is {}'s", kRepartitionTaint, taint->value);
  }
  const bool wants_it = plan::RecordOf(to_, Step::kReserve) != nullptr;
  if (taint == nullptr && wants_it && to_.step != Step::kReserve) {
    return fmt::format("somebody took the taint {} off the node", kRepartitionTaint);
  }
  return "";
}

bool Saga::HasTaint() const {
  const cluster::Taint* taint = TaintOf(node());
  return taint != nullptr && taint->value == to_.name;
}

bool Saga::AllNamed() const {
  return std::all_of(world_.holders.begin(), world_.holders.end(),
                     [&](const cluster::Pod* pod) { return plan::IsNamed(to_, *pod); });
}

}  // namespace tangram::control

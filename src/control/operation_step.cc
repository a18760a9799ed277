#include "control/operation_step.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "control/node_layout.h"
#include "plan/leaks/judge.h"

namespace tangram::control {
namespace {

using plan::NodeOperation;
using Step = plan::OperationStep;
using plan::StepRecord;
using State = StepRecord::State;

constexpr base::Milliseconds kLookAgain{5'000};

const cluster::Taint* TaintOf(const cluster::Node& node) {
  const auto found = std::find_if(node.taints.begin(), node.taints.end(),
                                  [](const auto& taint) { return taint.key == kRepartitionTaint; });
  return found == node.taints.end() ? nullptr : &*found;
}

class Stepper {
 public:
  Stepper(const NodeOperation& operation, const OperationWorld& world, const StepLimits& limits,
          base::Time now)
      : to_(operation),
        names_(plan::LayoutNamesOf(operation)),
        world_(world),
        limits_(limits),
        now_(now) {}

  OperationMove Run() && {
    if (!plan::IsOver(to_)) Look();
    return {std::move(to_), std::move(writes_), now_ + kLookAgain};
  }

 private:
  void Look() {
    if (world_.node == nullptr) return NodeGone();
    if (!to_.step) return Begin(Step::kReserve);
    if (const std::string who = WhatAPersonChanged(); !who.empty()) return TakenOver(who);
    switch (*to_.step) {
      case Step::kReserve:
        return Reserve();
      case Step::kEvict:
        return EvictPods();
      case Step::kApply:
        return Apply();
      case Step::kRestart:
        return Restart();
      case Step::kVerify:
        return Verify();
      case Step::kRestartPlugin:
        return RestartPlugin();
      case Step::kRollBack:
        return RollBack();
      case Step::kVerifyRollBack:
        return VerifyRollBack();
      case Step::kRelease:
        return Release();
    }
  }

  // ---- the steps ----

  void Reserve() {
    if (MayNotGoOn()) return;
    if (HasTaint()) return Go(Step::kEvict, "the node takes no new pods");
    if (Since() >= limits_.reserve) {
      return GiveUp("DeadlinePassed",
                    "the node could not be tainted; look at the controller's log "
                    "and its rights (patch nodes)");
    }
    Change({.taint = ChangeNode::Taint::kAdd});
  }

  void EvictPods() {
    if (MayNotGoOn()) return;
    std::string waits_for;
    for (const cluster::Pod* pod : world_.holders) {
      if (waits_for.empty()) waits_for = fmt::format("{}/{}", pod->ns, pod->name);
      if (!IsNamed(*pod)) continue;
      if (plan::IsPinned(*pod)) {
        return GiveUp("PodPinned",
                      fmt::format("the owner of {}/{} pinned it (do-not-disrupt, "
                                  "safe-to-evict=false); let it end, and approve a new plan",
                                  pod->ns, pod->name));
      }
      if (pod->terminating) continue;
      writes_.emplace_back(Evict{{pod->ns, pod->name, pod->uid},
                                 fmt::format("NodeOperation {}: {}", to_.name, to_.reason),
                                 to_.name});
    }
    if (waits_for.empty() && !MigIsUnderWay(*world_.node)) {
      return Go(Step::kApply, "no pod holds a GPU of the node");
    }
    if (Since() < limits_.evict) return;
    if (waits_for.empty()) {
      return GiveUp("DeadlinePassed", "mig-manager is at another change; look at its log");
    }
    GiveUp("DeadlinePassed",
           fmt::format("{} still holds a GPU of the node{}", waits_for,
                       AllNamed() ? "; look at its PodDisruptionBudget and finalizers"
                                  : ", and the plan does not name it; it is left alone"));
  }

  void Apply() {
    if (!world_.layouts_refused.empty() && Label() == to_.label_before) {
      return GiveUp("LayoutRefused", world_.layouts_refused);
    }
    if (Since() >= (RebootsNow() ? limits_.reboot : limits_.apply)) {
      return Fail("DeadlinePassed",
                  fmt::format("mig-manager did not apply the layout in time (it says \"{}\"); look "
                              "at its pod on the node",
                              MigStateOf(*world_.node)));
    }
    if (Label() != names_.after) {
      if (!world_.holders.empty()) return;  // whoever came in spite of the taint has to go first
      return SetLabel(names_.after);
    }
    if (MigStateOf(*world_.node) == "failed" && Settled()) {
      return Fail("StepFailed",
                  "mig-manager could not apply the layout; its log on the node says which process "
                  "or card kept it from that");
    }
    if (MigStateOf(*world_.node) == "success" && (Settled() || Has(Side::kAfter))) {
      Go(Step::kRestart, "mig-manager says that it is applied");
    }
  }

  // Known of mig-manager: it gives up with its daemons still paused, and the node offers no GPU.
  void Restart() {
    const Step next = IsRollingBack() ? Step::kVerifyRollBack : Step::kVerify;
    const std::vector<std::string> paused = PausedOn(*world_.node);
    if (paused.empty()) return Go(next, "nothing is paused");
    if (Since() >= limits_.verify) return Go(next, "daemons are still paused");
    if (Since() < limits_.settle) return;  // it does so itself, where it is at it
    ChangeNode change;
    for (const std::string& key : paused) {
      change.labels.push_back({key, std::string(kPaused), "true"});
    }
    Change(std::move(change));
  }

  void Verify() {
    const std::string_view state = MigStateOf(*world_.node);
    if (state == "success" && Has(Side::kAfter)) {
      return Go(Step::kRelease, "the node has the layout");
    }
    if (Since() < limits_.verify || PluginIsBlind(Side::kAfter)) return;
    Fail("StepFailed",
         fmt::format("{}, and mig-manager says \"{}\"; look at its log, and at feature "
                     "discovery and the device plugin on the node",
                     WhatDiffers(Side::kAfter), state));
  }

  // Known of the device plugin: it does not see instances that were made while it ran. It goes off
  // the node as mig-manager would have it, and comes again.
  void RestartPlugin() {
    const bool is_off = !PausedOn(*world_.node).empty();
    const auto set = [&](std::string_view from, std::string_view to) {
      Change({.labels = {{std::string(kDevicePlugin), std::string(from), std::string(to)}}});
    };
    if (!Settled()) return is_off ? void() : set("true", kPaused);
    if (is_off && Since() < limits_.verify) return set(kPaused, "true");
    Go(IsRollingBack() ? Step::kVerifyRollBack : Step::kVerify, "the device plugin runs again");
  }

  // Then it is restarted, once for each layout that was applied.
  bool PluginIsBlind(Side side) {
    const bool can = cluster::Find(world_.node->labels, kDevicePlugin) == "true";
    if (!can || !OnlyOfferDiffers(*world_.node, to_.cards, side)) return false;
    const StepRecord* last = plan::RecordOf(to_, Step::kRestartPlugin);
    const StepRecord* applied =
        plan::RecordOf(to_, IsRollingBack() ? Step::kRollBack : Step::kApply);
    if (last != nullptr && applied != nullptr && last->started_at >= applied->started_at) {
      return false;
    }
    End(State::kFailed, WhatDiffers(side));
    Begin(Step::kRestartPlugin);
    return true;
  }

  // The former layout under the name that stood there, and where that does not help under ours: a
  // label whose value does not change makes mig-manager do nothing.
  void RollBack() {
    const StepRecord& record = *Record();
    const bool again = record.attempts % 2 == 0;
    const std::string ours =
        names_.before == to_.label_before ? names_.before_again : names_.before;
    const std::string& target = again || to_.label_before.empty() ? ours : to_.label_before;
    const bool untouched = record.attempts == 1 && Label() == to_.label_before;
    if (Since() >= (RebootsNow() ? limits_.reboot : limits_.apply)) {
      return Go(Step::kRestart, "mig-manager does not end");
    }
    if (!untouched && Label() != target) {
      const bool known = target == to_.label_before || world_.layouts_written;
      if (!known && !world_.layouts_refused.empty()) {
        return Go(Step::kRestart, world_.layouts_refused);
      }
      return SetLabel(target);
    }
    const std::string_view state = MigStateOf(*world_.node);
    const bool ended = state == "success" || state == "failed" || (untouched && !RebootsNow());
    if (ended && Settled()) {
      Go(Step::kRestart, fmt::format("mig-manager says \"{}\"", state));
    }
  }

  void VerifyRollBack() {
    if (Has(Side::kBefore) && (MigStateOf(*world_.node) == "success" || Since() >= limits_.hold)) {
      return Go(Step::kRelease, "the node has its former layout");
    }
    if (Since() < limits_.verify || PluginIsBlind(Side::kBefore)) return;
    const std::string differs = WhatDiffers(Side::kBefore);
    End(State::kFailed, differs);
    if (plan::RecordOf(to_, Step::kRollBack)->attempts < limits_.roll_backs) {
      return Begin(Step::kRollBack);
    }
    const std::string first = Cause().message;
    Blame(
        "RollBackNotVerified",
        fmt::format("{}; and it could not be rolled back: {}. Look at mig-manager on the node, and "
                    "set the label {} to another layout and back",
                    first, differs, kMigConfig));
    Begin(Step::kRelease);
  }

  void Release() {
    if (HasTaint()) return Change({.taint = ChangeNode::Taint::kRemove});
    End(State::kDone, "the node takes pods again");
    Finish();
  }

  // ---- ends ----

  void NodeGone() {
    if (to_.step) End(State::kFailed, "the node is gone");
    Blame("NodeGone", fmt::format("node {} is gone; nothing is left to do", to_.node));
    Finish();
  }

  void TakenOver(const std::string& what) {
    End(State::kFailed, what);
    Blame("ChangedByPerson",
          fmt::format("{}, so Tangram stopped; the layout is as that person, or mig-manager, left "
                      "it: look at the node's label {} and approve a new plan",
                      what, kMigConfig));
    Begin(Step::kRelease);
  }

  bool MayNotGoOn() {
    if (world_.not_allowed.empty()) return false;
    GiveUp(world_.not_allowed_reason, world_.not_allowed);
    return true;
  }

  // Before anything was changed.
  void GiveUp(std::string reason, std::string message) {
    writes_.clear();
    End(State::kFailed, message);
    Blame(std::move(reason), "nothing was changed: " + message);
    Begin(Step::kRelease);
  }

  // After something may have been.
  void Fail(std::string reason, std::string message) {
    End(State::kFailed, message);
    Blame(std::move(reason), fmt::format("{}: {}", NameOf(*to_.step), message));
    Begin(Step::kRollBack);
  }

  void Finish() {
    to_.step.reset();
    const cluster::Condition cause = Cause();
    const bool failed = cause.reason == "NodeGone" || cause.reason == "ChangedByPerson" ||
                        cause.reason == "RollBackNotVerified";
    if (cause.reason == "StepUnderway") {
      Say("Done", true, "Verified", "the node has the layout, as it was read back");
    } else {
      Say("Done", false, cause.reason, cause.message);
      Say(failed ? "Failed" : "RolledBack", true, cause.reason, cause.message);
    }
    Say("Running", false, cause.reason, "it is over");
  }

  // ---- the journal ----

  StepRecord* Record() {
    const auto found = std::find_if(to_.steps.begin(), to_.steps.end(),
                                    [&](const auto& record) { return record.step == to_.step; });
    return found == to_.steps.end() ? nullptr : &*found;
  }

  void Begin(Step step) {
    to_.step = step;
    if (StepRecord* known = Record()) {
      *known = {.step = step, .started_at = now_, .attempts = known->attempts + 1};
    } else {
      to_.steps.push_back({.step = step, .started_at = now_});
    }
    if (Cause().reason == "StepUnderway") {
      Say("Running", true, "StepUnderway", std::string(NameOf(step)));
      Say("Done", false, "StepUnderway", std::string(NameOf(step)));
    }
  }

  void End(State state, std::string message) {
    StepRecord* record = Record();
    if (record == nullptr) return;
    record->state = state;
    record->finished_at = now_;
    record->message = std::move(message);
  }

  void Go(Step next, std::string message) {
    const bool undone = next == Step::kRelease && to_.step == Step::kVerifyRollBack;
    End(undone ? State::kRolledBack : State::kDone, std::move(message));
    Begin(next);
  }

  // Why it does not end as it should stands in Running, from then on.
  void Blame(std::string reason, std::string message) {
    Say("Running", true, std::move(reason), std::move(message));
  }
  cluster::Condition Cause() const {
    const auto* running = cluster::ConditionOf(to_.conditions, "Running");
    return running == nullptr ? cluster::Condition{.reason = "StepUnderway"} : *running;
  }
  void Say(std::string type, bool holds, std::string reason, std::string message) {
    cluster::Say(to_.conditions,
                 {.type = std::move(type),
                  .holds = holds,
                  .reason = std::move(reason),
                  .message = std::move(message)},
                 now_);
  }

  // ---- the world ----

  // Nothing before the taint stands, nor once it is to go.
  std::string WhatAPersonChanged() const {
    if (to_.step == Step::kRelease) return "";
    const auto* taint = TaintOf(*world_.node);
    if (taint != nullptr && taint->value != to_.name) {
      return fmt::format("the taint {} is {}'s", kRepartitionTaint, taint->value);
    }
    if (taint == nullptr && to_.step != Step::kReserve) {
      return fmt::format("somebody took the taint {} off the node", kRepartitionTaint);
    }
    if (MayStand(Label())) return "";
    return fmt::format("somebody set the label {} to \"{}\"", kMigConfig, Label());
  }

  bool MayStand(const std::string& label) const {
    const bool is_before = label == to_.label_before;
    const bool is_after = label == names_.after;
    if (IsRollingBack()) {
      return is_before || is_after || label == names_.before || label == names_.before_again;
    }
    switch (to_.step.value_or(Step::kReserve)) {
      case Step::kApply:
        return is_before || is_after;
      case Step::kRestart:
      case Step::kVerify:
      case Step::kRestartPlugin:
        return is_after;
      default:
        return is_before;
    }
  }

  void SetLabel(const std::string& value) {
    const bool ours = value.starts_with(plan::kLayoutPrefix);
    if (ours && !world_.layouts_written) {
      writes_.emplace_back(WriteLayouts{to_.name, plan::LayoutsOf(to_)});
      return;
    }
    Change({.labels = {{std::string(kMigConfig), Label(), value}}});
  }

  void Change(ChangeNode change) {
    change.node = to_.node;
    change.operation = to_.name;
    writes_.emplace_back(std::move(change));
  }

  std::string Label() const { return std::string(cluster::Find(world_.node->labels, kMigConfig)); }
  bool HasTaint() const {
    const auto* taint = TaintOf(*world_.node);
    return taint != nullptr && taint->value == to_.name;
  }
  bool IsRollingBack() const { return plan::RecordOf(to_, Step::kRollBack) != nullptr; }
  base::Milliseconds Since() { return now_ - Record()->started_at; }
  bool Settled() { return Since() >= limits_.settle; }
  bool RebootsNow() const { return MigStateOf(*world_.node) == "rebooting"; }
  bool Has(Side side) const { return world_.node->ready && WhatDiffers(side).empty(); }
  std::string WhatDiffers(Side side) const {
    if (const auto paused = PausedOn(*world_.node); !paused.empty()) {
      return fmt::format("mig-manager left the daemon of {} paused", paused.front());
    }
    return DifferenceOf(*world_.node, to_.cards, side);
  }
  bool IsNamed(const cluster::Pod& pod) const {
    return std::any_of(to_.evict.begin(), to_.evict.end(), [&](const plan::NamedPod& named) {
      return named.uid == pod.uid && named.pod == plan::PodName{pod.ns, pod.name};
    });
  }
  bool AllNamed() const {
    return std::all_of(world_.holders.begin(), world_.holders.end(),
                       [&](const cluster::Pod* pod) { return IsNamed(*pod); });
  }

  NodeOperation to_;
  const plan::LayoutNames names_;
  const OperationWorld& world_;
  const StepLimits& limits_;
  const base::Time now_;
  std::vector<Write> writes_;
};

}  // namespace

OperationMove NextStep(const NodeOperation& operation, const OperationWorld& world,
                       const StepLimits& limits, base::Time now) {
  return Stepper(operation, world, limits, now).Run();
}

}  // namespace tangram::control

#include "control/mig_manager_saga.h"

#include <fmt/format.h>

#include <utility>

namespace tangram::control {

std::string MigManagerSaga::WhyNever(const cluster::Node& node) {
  if (cluster::Find(node.labels, "nvidia.com/gpu.deploy.mig-manager") == "false") {
    return fmt::format("mig-manager does not run on {} (label nvidia.com/gpu.deploy.mig-manager)",
                       node.name);
  }
  return WhyNobodyCuts(node, "MigManager");
}

void MigManagerSaga::Do(Step step) {
  switch (step) {
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
    case Step::kReserve:
    case Step::kEvict:
    case Step::kRelease:
      return;  // Saga's
  }
}

// ---- the steps ----

void MigManagerSaga::Apply() {
  if (!world().layouts_refused.empty() && Label() == operation().label_before) {
    return GiveUp("LayoutRefused", world().layouts_refused);
  }
  if (Since() >= TimeToApply()) {
    return Fail("DeadlinePassed",
                fmt::format("mig-manager did not apply the layout in time (it says \"{}\"); look "
                            "at its pod on the node",
                            MigState()));
  }
  if (Label() != names_.after) {
    if (!world().holders.empty()) return;  // whoever came in spite of the taint has to go first
    return SetLabel(names_.after);
  }
  if (MigState() == "failed" && Settled()) {
    return Fail("StepFailed",
                "mig-manager could not apply the layout; its log on the node says which process "
                "or card kept it from that");
  }
  if (MigState() == "success" && (Settled() || Has(Side::kAfter))) {
    Go(Step::kRestart, "mig-manager says that it is applied");
  }
}

// Known of mig-manager: it gives up with its daemons still paused, and the node offers no GPU.
void MigManagerSaga::Restart() {
  const Step next = IsRollingBack() ? Step::kVerifyRollBack : Step::kVerify;
  const std::vector<std::string> paused = PausedOn(node());
  if (paused.empty()) return Go(next, "nothing is paused");
  if (Since() >= limits().verify) return Go(next, "daemons are still paused");
  if (Since() < limits().settle) return;  // it does so itself, where it is at it
  ChangeNode change;
  for (const std::string& key : paused) {
    change.labels.push_back({key, std::string(kPaused), "true"});
  }
  Change(std::move(change));
}

void MigManagerSaga::Verify() {
  if (MigState() == "success" && Has(Side::kAfter)) {
    return Go(Step::kRelease, "the node has the layout");
  }
  if (Since() < limits().verify || PluginIsBlind(Side::kAfter)) return;
  Fail("StepFailed", fmt::format("{}, and mig-manager says \"{}\"; look at its log, and at feature "
                                 "discovery and the device plugin on the node",
                                 WhatDiffers(Side::kAfter), MigState()));
}

// The former layout under the name that stood there, and where that does not help under ours: a
// label whose value does not change makes mig-manager do nothing.
void MigManagerSaga::RollBack() {
  const std::string& before = operation().label_before;
  const bool first = Record().attempts == 1;
  const bool again = Record().attempts % 2 == 0;
  const std::string ours = names_.before == before ? names_.before_again : names_.before;
  const std::string& target = again || before.empty() ? ours : before;
  const bool untouched = first && Label() == before;
  if (Since() >= TimeToApply()) return Go(Step::kRestart, "mig-manager does not end");
  if (!untouched && Label() != target) {
    const bool known = target == before || world().layouts_written;
    if (!known && !world().layouts_refused.empty()) {
      return Go(Step::kRestart, world().layouts_refused);
    }
    return SetLabel(target);
  }
  const bool ended =
      MigState() == "success" || MigState() == "failed" || (untouched && !RebootsNow());
  if (ended && Settled()) {
    Go(Step::kRestart, fmt::format("mig-manager says \"{}\"", MigState()));
  }
}

void MigManagerSaga::VerifyRollBack() {
  if (Has(Side::kBefore) && (MigState() == "success" || Since() >= limits().hold)) {
    return Go(Step::kRelease, "the node has its former layout");
  }
  if (Since() < limits().verify || PluginIsBlind(Side::kBefore)) return;
  const std::string differs = WhatDiffers(Side::kBefore);
  End(State::kFailed, differs);
  if (plan::RecordOf(operation(), Step::kRollBack)->attempts < limits().roll_backs) {
    return Begin(Step::kRollBack);
  }
  Blame("RollBackNotVerified",
        fmt::format("{}; and it could not be rolled back: {}. Look at mig-manager on the node, and "
                    "set the label {} to another layout and back",
                    Cause().message, differs, kMigConfig));
  Begin(Step::kRelease);
}

// ---- the world ----

std::string MigManagerSaga::WaitsFor() const {
  return MigIsUnderWay(node()) ? "mig-manager is at another change; look at its log" : "";
}

std::string MigManagerSaga::WhatAPersonChanged() const {
  if (MayStand(Label())) return "";
  return fmt::format("somebody set the label {} to \"{}\"", kMigConfig, Label());
}

std::string MigManagerSaga::WhereToLook() const {
  return fmt::format("look at the node's label {}", kMigConfig);
}

bool MigManagerSaga::MayStand(const std::string& label) const {
  const bool is_before = label == operation().label_before;
  const bool is_after = label == names_.after;
  if (IsRollingBack()) {
    return is_before || is_after || label == names_.before || label == names_.before_again;
  }
  switch (*operation().step) {
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

void MigManagerSaga::SetLabel(const std::string& value) {
  const bool ours = value.starts_with(plan::kLayoutPrefix);
  if (ours && !world().layouts_written) {
    return Ask(WriteLayouts{operation().name, plan::LayoutsOf(operation())});
  }
  Change({.labels = {{std::string(kMigConfig), Label(), value}}});
}

std::string MigManagerSaga::WhatDiffers(Side side) const {
  if (const auto paused = PausedOn(node()); !paused.empty()) {
    return fmt::format("mig-manager left the daemon of {} paused", paused.front());
  }
  return DifferenceOf(node(), operation().cards, side);
}

}  // namespace tangram::control

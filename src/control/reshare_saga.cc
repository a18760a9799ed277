#include "control/reshare_saga.h"

#include <fmt/format.h>

#include <utility>

namespace tangram::control {

std::string ReshareSaga::WhyNever(const cluster::Node& node) {
  for (const cluster::Gpu& gpu : node.gpus) {
    if (gpu.dra_device.empty()) continue;
    return fmt::format(
        "{} has two owners of its cards: a DRA driver publishes {}, and shares are the device "
        "plugin's; set sharing.strategy of the pool to None, or stop the driver's GPU part there",
        node.name, gpu.dra_device);
  }
  if (cluster::Find(node.labels, kDevicePlugin) == "false") {
    return fmt::format("the device plugin does not run on {} (label {})", node.name, kDevicePlugin);
  }
  if (cluster::Find(node.labels, "nvidia.com/gpu.product").empty()) {
    return fmt::format(
        "{} has no labels of NVIDIA's feature discovery, by which shares are read back; run it "
        "there, or share its cards by the cloud's own node pool",
        node.name);
  }
  return "";
}

void ReshareSaga::Do(Step step) {
  switch (step) {
    case Step::kApply:
      return Apply();
    case Step::kVerify:
      return Verify();
    case Step::kRollBack:
      return RollBack();
    case Step::kVerifyRollBack:
      return VerifyRollBack();
    default:
      return;  // Saga's, or of other backends
  }
}

bool ReshareSaga::KeepsPodsOff() const {
  return plan::WhoIsInTheWayOf(reshare()) != plan::InTheWay::kNobody;
}

// ---- the steps ----

// The configuration, time for the kubelet to bring it to the plugin's pods, then the label.
void ReshareSaga::Apply() {
  if (Label() == reshare().config_after) return Go(Step::kVerify, "the label names it");
  if (!world().not_allowed.empty()) return GiveUp(world().not_allowed_reason, world().not_allowed);
  if (!world().layouts_refused.empty()) return GiveUp("ConfigRefused", world().layouts_refused);
  if (Since() >= limits().apply) {
    return GiveUp("DeadlinePassed",
                  "the device plugin's ConfigMap or the node's label could not be written, or pods "
                  "came in spite of the taint; look at the controller's log and its rights");
  }
  if (!world().layouts_written) return Ask(WriteSharing{operation().name, reshare()});
  if (Since() < limits().bring || !world().holders.empty()) return;
  SetLabel(reshare().config_after);
}

void ReshareSaga::Verify() {
  if (Has(Side::kAfter)) return Go(Step::kRelease, "the node shares so");
  if (Since() < limits().verify) return;
  Fail(
      "StepFailed",
      fmt::format("{}; look at the device plugin and feature discovery on the node, and at the log "
                  "of their config-manager",
                  DifferenceOf(node(), reshare(), Side::kAfter)));
}

void ReshareSaga::RollBack() {
  if (Label() == reshare().config_before) {
    return Go(Step::kVerifyRollBack, "the label is as it was");
  }
  if (Since() >= limits().apply) return Go(Step::kVerifyRollBack, "the label cannot be written");
  SetLabel(reshare().config_before);
}

// A plugin that never read the other configuration shares as it did, until it reads this one.
void ReshareSaga::VerifyRollBack() {
  const bool settled = Since() >= limits().settle;
  if (settled && Has(Side::kBefore) && Label() == reshare().config_before) {
    return Go(Step::kRelease, "the node shares as it did");
  }
  if (Since() < limits().verify) return;
  const std::string differs = DifferenceOf(node(), reshare(), Side::kBefore);
  End(State::kFailed, differs);
  Blame("RollBackNotVerified",
        fmt::format("{}; and it could not be rolled back: {}. The label {} is to be \"{}\"; delete "
                    "the device plugin's pod on the node, so that it reads its configuration again",
                    Cause().message, differs, kPluginConfig, reshare().config_before));
  Begin(Step::kRelease);
}

// ---- the world ----

std::string ReshareSaga::WaitsFor() const {
  return MigIsUnderWay(node()) ? "mig-manager is at work on the node; look at its log" : "";
}

std::string ReshareSaga::WhatAPersonChanged() const {
  const bool is_before = Label() == reshare().config_before;
  const bool is_after = Label() == reshare().config_after;
  const Step step = *operation().step;
  const bool may_be_before = step != Step::kVerify;
  const bool may_be_after = step != Step::kReserve && step != Step::kEvict;
  if ((is_before && may_be_before) || (is_after && may_be_after)) return "";
  return fmt::format("somebody set the label {} to \"{}\"", kPluginConfig, Label());
}

std::string ReshareSaga::WhereToLook() const {
  return fmt::format("look at the node's label {}", kPluginConfig);
}

void ReshareSaga::SetLabel(const std::string& value) {
  Change({.labels = {{std::string(kPluginConfig), Label(), value}}});
}

}  // namespace tangram::control

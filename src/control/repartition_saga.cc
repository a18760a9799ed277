#include "control/repartition_saga.h"

#include <fmt/format.h>

namespace tangram::control {

std::string RepartitionSaga::WhyNobodyCuts(const cluster::Node& node, std::string_view backend) {
  for (const cluster::Gpu& gpu : node.gpus) {
    if (gpu.dra_device.empty()) continue;
    return fmt::format(
        "{} has two owners of its cards: a DRA driver publishes {}, and the pool's backend is {}; "
        "set partitioning.backend to Dra, or stop the driver's GPU part there",
        node.name, gpu.dra_device, backend);
  }
  if (cluster::Find(node.labels, "nvidia.com/mig.strategy") == "none") {
    return fmt::format(
        "the device plugin of {} shows no MIG instance (nvidia.com/mig.strategy is "
        "none); set mig.strategy to mixed in the ClusterPolicy",
        node.name);
  }
  return node.gpus.empty() ? fmt::format("{} has no GPU", node.name) : "";
}

// Known of the device plugin: it does not see instances that were made while it ran. It goes off
// the node as mig-manager would have it, and comes again.
void RepartitionSaga::RestartPlugin() {
  const bool is_off = !PausedOn(node()).empty();
  const auto set = [&](std::string_view from, std::string_view to) {
    Change({.labels = {{std::string(kDevicePlugin), std::string(from), std::string(to)}}});
  };
  if (!Settled()) return is_off ? void() : set("true", kPaused);
  if (is_off && Since() < limits().verify) return set(kPaused, "true");
  Go(IsRollingBack() ? Step::kVerifyRollBack : Step::kVerify, "the device plugin runs again");
}

bool RepartitionSaga::PluginIsBlind(Side side) {
  const bool can = LabelOf(kDevicePlugin) == "true";
  if (!can || !OnlyOfferDiffers(node(), operation().cards, side)) return false;
  const plan::StepRecord* last = plan::RecordOf(operation(), Step::kRestartPlugin);
  const plan::StepRecord* applied =
      plan::RecordOf(operation(), IsRollingBack() ? Step::kRollBack : Step::kApply);
  if (last != nullptr && applied != nullptr && last->started_at >= applied->started_at) {
    return false;
  }
  End(State::kFailed, WhatDiffers(side));
  Begin(Step::kRestartPlugin);
  return true;
}

}  // namespace tangram::control

#include "control/agent_saga.h"

#include <fmt/format.h>

#include <utility>

namespace tangram::control {

std::string AgentSaga::WhyNever(const cluster::Node& node) {
  const std::string_view deployed = cluster::Find(node.labels, "nvidia.com/gpu.deploy.mig-manager");
  if (!deployed.empty() && deployed != "false") {
    return fmt::format(
        "{} has two owners of its cards: mig-manager runs there (label "
        "nvidia.com/gpu.deploy.mig-manager), and the pool's backend is Agent; set "
        "partitioning.backend to MigManager, or that label to false",
        node.name);
  }
  return WhyNobodyCuts(node, "Agent");
}

void AgentSaga::Do(Step step) {
  switch (step) {
    case Step::kApply:
      return Apply();
    case Step::kVerify:
      return Verify();
    case Step::kRestartPlugin:
      return RestartPlugin();
    case Step::kRollBack:
      return RollBack();
    case Step::kVerifyRollBack:
      return VerifyRollBack();
    default:
      return;  // Saga's, or of other backends
  }
}

// ---- the steps ----

// Nothing is given up here: an order may be on its way, and the one that rolls back replaces it.
void AgentSaga::Apply() {
  if (!world().not_allowed.empty()) return Fail(world().not_allowed_reason, world().not_allowed);
  if (Since() >= limits().apply) {
    return Fail(
        "DeadlinePassed",
        "the agent did not carry the order out in time; look at its pod on the node, and at "
        "the GpuNode");
  }
  const cluster::CutOrder order = OrderNow(Side::kAfter);
  if (!Stands(order)) return Order(order);
  const cluster::CutAnswer* answer = Ended();
  if (answer == nullptr) return;
  if (answer->state == cluster::CutAnswer::State::kFailed) return Refused(*answer);
  Go(Step::kVerify, "the agent says that the cards are cut" + LeftToDo());
}

// Who holds an instance may still be on the way out, or its report behind.
void AgentSaga::Refused(const cluster::CutAnswer& answer) {
  const std::string why = fmt::format("the agent says {}: {}", answer.reason, answer.message);
  if (const std::string taken = TakenBy(); answer.reason == "InUse" && !taken.empty()) {
    return Fail(kTakenMeanwhile, fmt::format("{}, and the plan does not name it; {}", taken, why));
  }
  if (answer.reason == "InUse" && Record().attempts < limits().roll_backs) {
    if (!Settled()) return;
    End(State::kFailed, why);
    return Begin(Step::kApply);
  }
  Fail(answer.reason == "LayoutInvalid" ? "LayoutRefused" : "StepFailed", why);
}

void AgentSaga::Verify() {
  if (Has(Side::kAfter)) return Go(Step::kRelease, "the node has the layout");
  if (PluginIsBlind(Side::kAfter) || Since() < limits().verify) return;
  Fail("StepFailed", fmt::format("{}; look at the agent, feature discovery and the device plugin "
                                 "on the node{}",
                                 WhatDiffers(Side::kAfter), LeftToDo()));
}

void AgentSaga::RollBack() {
  if (Since() >= limits().apply) return Go(Step::kVerifyRollBack, "the agent does not answer");
  const cluster::CutOrder order = OrderNow(Side::kBefore);
  if (!Stands(order)) return Order(order);
  const cluster::CutAnswer* answer = Ended();
  if (answer == nullptr) return;
  const bool done = answer->state == cluster::CutAnswer::State::kDone;
  Go(Step::kVerifyRollBack,
     done ? "the agent says that the cards are cut as before"
          : fmt::format("the agent says {}: {}", answer->reason, answer->message));
}

// An agent that is silent may be at the first order still: it is given time to say so.
void AgentSaga::VerifyRollBack() {
  const bool may_be_at_work = Ended() == nullptr && Since() < limits().hold;
  if (!may_be_at_work && Has(Side::kBefore)) {
    return Go(Step::kRelease, "the node has its former layout");
  }
  if (PluginIsBlind(Side::kBefore) || Since() < limits().verify) return;
  const std::string differs = WhatDiffers(Side::kBefore);
  End(State::kFailed, differs);
  if (plan::RecordOf(operation(), Step::kRollBack)->attempts < limits().roll_backs) {
    return Begin(Step::kRollBack);
  }
  Blame("RollBackNotVerified",
        fmt::format("{}; and it could not be rolled back: {}. Look at the agent on the node, and "
                    "order a layout by its GpuNode",
                    Cause().message, differs));
  Begin(Step::kRelease);
}

// ---- the world ----

std::string AgentSaga::WaitsFor() const {
  const std::string why = WhyNoOrder(report(), operation().node, now());
  return why.empty() ? InUseOf(*report(), operation().cards) : why;
}

std::string AgentSaga::TakenBy() const {
  return report() == nullptr ? "" : HeldBy(world().others, *report(), operation().cards);
}

std::string AgentSaga::WhatAPersonChanged() const {
  if (report() == nullptr) return "";
  const Step step = *operation().step;
  const bool may_be_ours = step != Step::kReserve && step != Step::kEvict;
  const bool may_be_before = step != Step::kVerify && step != Step::kRestartPlugin;
  const auto& order = report()->order;
  if (may_be_ours && order && IsOurs(*order)) return "";
  const std::string is = order ? order->operation : "";
  if (may_be_before && is == operation().order_before) return "";
  return is.empty() ? "somebody took the order out of the GpuNode"
                    : fmt::format("somebody ordered another layout ({})", is);
}

std::string AgentSaga::WhereToLook() const {
  return fmt::format("look at GpuNode {}", operation().node);
}

std::string AgentSaga::WhatDiffers(Side side) const {
  if (report() == nullptr) return fmt::format("there is no GpuNode {}", operation().node);
  std::string differs = DifferenceOf(*report(), operation().cards, side);
  return differs.empty() ? DifferenceOf(node(), operation().cards, side) : differs;
}

// ---- orders ----

cluster::CutOrder AgentSaga::OrderOf(Side side, int attempt) const {
  std::string name = operation().name;
  if (side == Side::kBefore) name += ".back";
  if (attempt > 1) name += fmt::format(".{}", attempt);
  return {std::move(name), CutsOf(operation().cards, side)};
}

cluster::CutOrder AgentSaga::OrderNow(Side side) const {
  const plan::StepRecord* record =
      plan::RecordOf(operation(), side == Side::kAfter ? Step::kApply : Step::kRollBack);
  return OrderOf(side, record == nullptr ? 1 : record->attempts);
}

bool AgentSaga::Stands(const cluster::CutOrder& order) const {
  return report() != nullptr && report()->order == order;
}

bool AgentSaga::IsOurs(const cluster::CutOrder& order) const {
  for (const Side side : {Side::kAfter, Side::kBefore}) {
    for (int attempt = 1; attempt <= limits().roll_backs; ++attempt) {
      if (order == OrderOf(side, attempt)) return true;
    }
  }
  return false;
}

const cluster::CutAnswer* AgentSaga::Ended() const {
  const cluster::CutAnswer* answer = report() == nullptr ? nullptr : AnswerOf(*report());
  const bool ended = answer != nullptr && answer->state != cluster::CutAnswer::State::kRunning;
  return ended ? answer : nullptr;
}

std::string AgentSaga::LeftToDo() const {
  const cluster::CutAnswer* answer = Ended();
  return answer == nullptr || answer->message.empty() ? "" : ". " + answer->message;
}

void AgentSaga::Order(cluster::CutOrder order) {
  if (report() == nullptr) return;  // the agent makes it again
  Ask(OrderCut{operation().node, operation().name, std::move(order), report()->version});
}

}  // namespace tangram::control

#include "control/agent_report.h"

#include <fmt/format.h>

#include <algorithm>

namespace tangram::control {
namespace {

using cluster::CutCard;
using cluster::CutInstance;
using cluster::GpuNode;
using cluster::ReportedCard;
using plan::CardLayouts;

// Of an instance without a place nothing can be made; who begins an operation asks for none.
CutCard CutOf(const CardLayouts& card, Side side) {
  const auto& layout = side == Side::kBefore ? card.before : card.after;
  CutCard cut{.uuid = card.uuid, .gpu = card.gpu, .mig = !layout.empty(), .instances = {}};
  for (const plan::PlacedInstance& instance : layout) {
    cut.instances.push_back({instance.profile, instance.start.value_or(0)});
  }
  std::sort(cut.instances.begin(), cut.instances.end(),
            [](const auto& a, const auto& b) { return a.start < b.start; });
  return cut;
}

std::vector<CutInstance> InstancesOf(const ReportedCard& card) {
  std::vector<CutInstance> instances;
  for (const auto& instance : card.instances) instances.push_back(instance.at);
  return instances;
}

const ReportedCard* CardOf(const GpuNode& report, const std::string& uuid) {
  const auto found = std::find_if(report.cards.begin(), report.cards.end(),
                                  [&](const ReportedCard& card) { return card.uuid == uuid; });
  return found == report.cards.end() ? nullptr : &*found;
}

std::string TextOf(bool mig, const std::vector<CutInstance>& instances) {
  if (!mig) return "MIG off";
  std::string text;
  for (const CutInstance& instance : instances) {
    text += fmt::format("{}{} at {}", text.empty() ? "" : ", ", instance.profile, instance.start);
  }
  return text.empty() ? "no instance" : text;
}

bool Changes(const CardLayouts& card) { return card.before != card.after; }

std::string InUseOf(const ReportedCard& is, const CardLayouts& card) {
  const CutCard after = CutOf(card, Side::kAfter);
  if (is.mig != after.mig && is.in_use) return fmt::format("GPU {} is in use", is.index);
  for (const cluster::ReportedInstance& instance : is.instances) {
    const auto& stays = after.instances;
    if (!instance.in_use || std::find(stays.begin(), stays.end(), instance.at) != stays.end()) {
      continue;
    }
    return fmt::format("the {} at {} of GPU {} is in use", instance.at.profile, instance.at.start,
                       is.index);
  }
  return "";
}

}  // namespace

std::string WhyNoOrder(const GpuNode* report, const std::string& node, base::Time now) {
  if (report == nullptr) {
    return fmt::format(
        "no agent reports the cards of {}; run it there, with agent.report and "
        "agent.mig.enabled",
        node);
  }
  if (now - report->observed_at > kReportTooOld) {
    return fmt::format("the agent on {} is silent; look at its pod there", node);
  }
  if (!cluster::Holds(report->conditions, "Ready")) {
    const auto* ready = cluster::ConditionOf(report->conditions, "Ready");
    return fmt::format("the agent on {} says: {}", node,
                       ready == nullptr ? "nothing yet" : ready->message);
  }
  const cluster::CutAnswer* answer = AnswerOf(*report);
  const bool at_work =
      report->order && (answer == nullptr || answer->state == cluster::CutAnswer::State::kRunning);
  return at_work
             ? fmt::format("the agent on {} is at the order of {}", node, report->order->operation)
             : "";
}

std::vector<CardLayouts> CardsOf(const GpuNode& report) {
  std::vector<CardLayouts> cards;
  for (const ReportedCard& card : report.cards) {
    if (!card.readable || card.uuid.empty()) continue;
    CardLayouts& to = cards.emplace_back();
    to.gpu = card.index;
    to.uuid = card.uuid;
    for (const CutInstance& one : InstancesOf(card)) to.before.push_back({one.profile, one.start});
    to.after = to.before;
  }
  return cards;
}

std::vector<CutCard> CutsOf(const std::vector<CardLayouts>& cards, Side side) {
  std::vector<CutCard> cuts;
  for (const CardLayouts& card : cards) {
    if (Changes(card)) cuts.push_back(CutOf(card, side));
  }
  return cuts;
}

std::string DifferenceOf(const GpuNode& report, const std::vector<CardLayouts>& cards, Side side) {
  for (const CutCard& wanted : CutsOf(cards, side)) {
    const ReportedCard* is = CardOf(report, wanted.uuid);
    if (is == nullptr) return fmt::format("the agent sees no card {}", wanted.uuid);
    if (!is->readable) return fmt::format("the agent cannot read GPU {}", is->index);
    if (is->mig == wanted.mig && InstancesOf(*is) == wanted.instances) continue;
    return fmt::format("the agent sees {} on GPU {} in place of {}",
                       TextOf(is->mig, InstancesOf(*is)), is->index,
                       TextOf(wanted.mig, wanted.instances));
  }
  return "";
}

std::string InUseOf(const GpuNode& report, const std::vector<CardLayouts>& cards) {
  for (const CardLayouts& card : cards) {
    const ReportedCard* is = Changes(card) ? CardOf(report, card.uuid) : nullptr;
    if (is == nullptr) continue;
    if (std::string used = InUseOf(*is, card); !used.empty()) return used;
  }
  return "";
}

}  // namespace tangram::control

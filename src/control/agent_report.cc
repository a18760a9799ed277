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

// A device that has to go.
struct Going {
  std::string name;  // "the 1g.10gb at 0 of GPU 1", "GPU 1"
  bool in_use = false;
  const std::vector<cluster::DeviceHolder>* holders;
};

std::vector<Going> WhatGoes(const ReportedCard& is, const CardLayouts& card) {
  std::vector<Going> going;
  const CutCard after = CutOf(card, Side::kAfter);
  if (is.mig != after.mig) {
    going.push_back({fmt::format("GPU {}", is.index), is.in_use, &is.holders});
  }
  for (const cluster::ReportedInstance& instance : is.instances) {
    const auto& stays = after.instances;
    if (std::find(stays.begin(), stays.end(), instance.at) != stays.end()) continue;
    going.push_back(
        {fmt::format("the {} at {} of GPU {}", instance.at.profile, instance.at.start, is.index),
         instance.in_use, &instance.holders});
  }
  return going;
}

std::vector<Going> WhatGoes(const GpuNode& report, const std::vector<CardLayouts>& cards) {
  std::vector<Going> all;
  for (const CardLayouts& card : cards) {
    const ReportedCard* is = Changes(card) ? CardOf(report, card.uuid) : nullptr;
    if (is == nullptr) continue;
    for (Going& one : WhatGoes(*is, card)) all.push_back(std::move(one));
  }
  return all;
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

std::string HeldBy(const std::vector<const cluster::Pod*>& pods, const GpuNode& report,
                   const std::vector<CardLayouts>& cards) {
  for (const Going& one : WhatGoes(report, cards)) {
    for (const cluster::Pod* pod : pods) {
      const cluster::DeviceHolder holder{pod->ns, pod->name};
      const bool holds = !pod->terminating && std::find(one.holders->begin(), one.holders->end(),
                                                        holder) != one.holders->end();
      if (holds) return fmt::format("{}/{} holds {}", pod->ns, pod->name, one.name);
    }
  }
  return "";
}

std::string InUseOf(const GpuNode& report, const std::vector<CardLayouts>& cards) {
  for (const Going& one : WhatGoes(report, cards)) {
    if (one.in_use) return fmt::format("{} is in use", one.name);
  }
  return "";
}

}  // namespace tangram::control

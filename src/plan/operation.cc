#include "plan/operation.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

#include "base/digest.h"

namespace tangram::plan {
namespace {

constexpr std::array<std::pair<OperationStep, std::string_view>, 9> kSteps = {
    {{OperationStep::kReserve, "Reserve"},
     {OperationStep::kEvict, "Evict"},
     {OperationStep::kApply, "Apply"},
     {OperationStep::kRestart, "Restart"},
     {OperationStep::kVerify, "Verify"},
     {OperationStep::kRestartPlugin, "RestartPlugin"},
     {OperationStep::kRollBack, "RollBack"},
     {OperationStep::kVerifyRollBack, "VerifyRollBack"},
     {OperationStep::kRelease, "Release"}}};

constexpr std::string_view kAgain = "-again";
constexpr std::size_t kDigits = 16;

using Cards = std::map<int, std::map<std::string, int>>;

Cards CardsOf(const NodeOperation& operation,
              std::vector<PlacedInstance> CardLayouts::* const which) {
  Cards cards;
  for (const CardLayouts& card : operation.cards) {
    std::map<std::string, int>& profiles = cards[card.gpu];
    for (const PlacedInstance& instance : card.*which) ++profiles[instance.profile];
  }
  return cards;
}

std::string ContentName(const Cards& cards) {
  std::string content;
  for (const auto& [gpu, profiles] : cards) {
    content += fmt::format("{}:", gpu);
    for (const auto& [profile, count] : profiles) content += fmt::format("{}={},", profile, count);
    content += ';';
  }
  return std::string(kLayoutPrefix) + base::Sha256Hex(content).substr(0, kDigits);
}

}  // namespace

std::string_view NameOf(OperationStep step) {
  const auto* found = std::find_if(kSteps.begin(), kSteps.end(),
                                   [&](const auto& entry) { return entry.first == step; });
  return found->second;
}

std::optional<OperationStep> StepNamed(std::string_view name) {
  const auto* found = std::find_if(kSteps.begin(), kSteps.end(),
                                   [&](const auto& entry) { return entry.second == name; });
  return found == kSteps.end() ? std::nullopt : std::optional(found->first);
}

const cluster::Condition* EndOf(const NodeOperation& operation) {
  for (const char* type : {"Done", "RolledBack", "Failed"}) {
    const cluster::Condition* condition = cluster::ConditionOf(operation.conditions, type);
    if (condition != nullptr && condition->holds) return condition;
  }
  return nullptr;
}

bool IsOver(const NodeOperation& operation) { return EndOf(operation) != nullptr; }

const StepRecord* RecordOf(const NodeOperation& operation, OperationStep step) {
  const auto found = std::find_if(operation.steps.begin(), operation.steps.end(),
                                  [&](const StepRecord& record) { return record.step == step; });
  return found == operation.steps.end() ? nullptr : &*found;
}

bool IsNamed(const NodeOperation& operation, const cluster::Pod& pod) {
  return std::any_of(operation.evict.begin(), operation.evict.end(), [&](const NamedPod& named) {
    return named.uid == pod.uid && named.pod == PodName{pod.ns, pod.name};
  });
}

const std::string* NodeToOperate(const Change& change) {
  if (const auto* cut = std::get_if<Repartition>(&change)) return &cut->node;
  if (const auto* reshare = std::get_if<Reshare>(&change)) return &reshare->node;
  return nullptr;
}

InTheWay WhoIsInTheWayOf(const Resharing& reshare) {
  const ShareChange& change = reshare.change;
  const bool keeps_name = change.before > 1 && change.after > 1;
  const bool mps = reshare.before == cluster::Sharing::kMps ||
                   reshare.after == cluster::Sharing::kMps;  // its daemon starts anew
  if (!keeps_name || mps || reshare.before != reshare.after) return InTheWay::kHolders;
  return change.after < change.before ? InTheWay::kTooMany : InTheWay::kNobody;
}

std::string OperationName(const Proposal& plan, const Action& action) {
  constexpr std::size_t kLongestNode = 63 - 1 - kDigits;
  const std::string& node = *NodeToOperate(action.change);
  std::string prefix(node.substr(0, kLongestNode));
  while (prefix.ends_with('.') || prefix.ends_with('-')) prefix.pop_back();
  std::string of = fmt::format("{}\n{}\n{}", plan.name, plan.uid, node);
  if (std::holds_alternative<Reshare>(action.change)) of += fmt::format("\n{}", action.id);
  const std::string digest = base::Sha256Hex(of);
  return prefix + "-" + digest.substr(0, kDigits);
}

LayoutNames LayoutNamesOf(const NodeOperation& operation) {
  LayoutNames names{.after = ContentName(CardsOf(operation, &CardLayouts::after)),
                    .before = ContentName(CardsOf(operation, &CardLayouts::before))};
  if (names.after == operation.label_before) names.after += kAgain;
  names.before_again = names.before + std::string(kAgain);
  return names;
}

std::vector<MigLayout> LayoutsOf(const NodeOperation& operation) {
  const LayoutNames names = LayoutNamesOf(operation);
  return {{names.after, CardsOf(operation, &CardLayouts::after)},
          {names.before, CardsOf(operation, &CardLayouts::before)},
          {names.before_again, CardsOf(operation, &CardLayouts::before)}};
}

}  // namespace tangram::plan

#include "control/operation_start.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <utility>

#include "control/agent_saga.h"
#include "control/mig_manager_saga.h"
#include "control/node_sharing.h"
#include "control/reshare_saga.h"

namespace tangram::control {
namespace {

using plan::MigBackend;
using plan::NodeOperation;

// A name of the pod that leaves the node, where the change is about one.
const plan::PodName* PodThatLeaves(const plan::Change& change, const std::string& node) {
  if (const auto* move = std::get_if<plan::MovePod>(&change)) {
    return move->from == node ? &move->pod : nullptr;
  }
  if (const auto* evict = std::get_if<plan::EvictPod>(&change)) {
    return evict->node == node ? &evict->pod : nullptr;
  }
  return nullptr;
}

std::vector<plan::NamedPod> PodsToEvict(const plan::Proposal& plan, const std::string& node,
                                        const std::vector<int>& actions,
                                        const cluster::Snapshot& snapshot) {
  std::set<plan::PodName> named;
  for (const plan::Action& action : plan.plan.actions) {
    if (const auto* pod = PodThatLeaves(action.change, node)) named.insert(*pod);
    if (std::find(actions.begin(), actions.end(), action.id) == actions.end()) continue;
    named.insert(action.disturbs.begin(), action.disturbs.end());
  }
  std::vector<plan::NamedPod> pods;
  for (const cluster::Pod& pod : snapshot.pods) {
    if (pod.node != node || !named.contains({pod.ns, pod.name})) continue;
    pods.push_back({{pod.ns, pod.name}, pod.uid});
  }
  return pods;
}

// Every card of the node: mig-manager is told of all of them.
std::vector<plan::CardLayouts> CardsSaid(const cluster::Node& node) {
  std::vector<plan::CardLayouts> cards;
  for (const cluster::Gpu& gpu : node.gpus) {
    plan::CardLayouts& card = cards.emplace_back();
    card.gpu = gpu.index;
    card.uuid = gpu.uuid;
    for (const cluster::Instance& instance : gpu.instances) {
      card.before.push_back({instance.profile, instance.start});
    }
    card.after = card.before;
  }
  return cards;
}

// As the agent sees them, where it is the agent that cuts: places count.
std::vector<plan::CardLayouts> CardsAt(const NodeToChange& at) {
  if (at.backend == MigBackend::kAgent && at.report != nullptr) return CardsOf(*at.report);
  return CardsSaid(at.node);
}

plan::Resharing ResharingOf(const cluster::Node& node, const plan::Reshare& change) {
  return {.profile = change.profile,
          .change = {plan::ResourceOf(change.profile, node.mig_strategy), change.from, change.to},
          .before = change.from > 1 ? SharingOf(node, change.profile) : cluster::Sharing::kNone,
          .after = change.to > 1 ? change.sharing : cluster::Sharing::kNone,
          .config_before = std::string(cluster::Find(node.labels, kPluginConfig))};
}

// What the plan takes for the card's layout, or makes of it, against what the agent sees.
std::string WhyNotOf(const cluster::GpuNode& report, const plan::Repartition& cut) {
  const auto has_place = [](const plan::PlacedInstance& one) { return one.start.has_value(); };
  if (!std::all_of(cut.to.begin(), cut.to.end(), has_place)) {
    return fmt::format("the plan does not say where the instances of GPU {} stand", cut.gpu);
  }
  const auto cards = CardsOf(report);
  const auto card =
      std::find_if(cards.begin(), cards.end(), [&](const auto& one) { return one.gpu == cut.gpu; });
  if (card == cards.end()) return fmt::format("the agent does not read GPU {}", cut.gpu);
  const auto profiles = [](const std::vector<plan::PlacedInstance>& layout) {
    std::multiset<std::string> all;
    for (const plan::PlacedInstance& one : layout) all.insert(one.profile);
    return all;
  };
  if (profiles(card->before) == profiles(cut.from)) return "";
  return fmt::format("the agent sees GPU {} cut otherwise than the plan takes it to be", cut.gpu);
}

}  // namespace

std::string WhyNever(const NodeToChange& at, const plan::Change& change) {
  if (std::holds_alternative<plan::Reshare>(change)) return ReshareSaga::WhyNever(at.node);
  return at.backend == MigBackend::kAgent ? AgentSaga::WhyNever(at.node)
                                          : MigManagerSaga::WhyNever(at.node);
}

std::string WhyNotYet(const NodeToChange& at, const plan::Change& change, base::Time now) {
  if (MigIsUnderWay(at.node)) return "mig-manager is at another change";
  const auto* reshare = std::get_if<plan::Reshare>(&change);
  const auto* cut = std::get_if<plan::Repartition>(&change);
  const bool by_agent = cut != nullptr && at.backend == MigBackend::kAgent;
  if (by_agent) {
    if (std::string why = WhyNoOrder(at.report, at.node.name, now); !why.empty()) return why;
    if (std::string why = WhyNotOf(*at.report, *cut); !why.empty()) return why;
  }
  const std::string odd = reshare != nullptr
                              ? DifferenceOf(at.node, ResharingOf(at.node, *reshare), Side::kBefore)
                              : DifferenceOf(at.node, CardsAt(at), Side::kBefore);
  return odd.empty() ? "" : fmt::format("{} is not in order: {}", at.node.name, odd);
}

NodeOperation OperationFor(const plan::Proposal& plan, const std::vector<int>& actions,
                           const NodeToChange& at, const cluster::Snapshot& snapshot) {
  const auto action_of = [&](int id) -> const plan::Action& {
    return plan.plan.actions.at(static_cast<std::size_t>(id));
  };
  const plan::Action& first = action_of(actions.front());
  NodeOperation operation{.name = plan::OperationName(plan, first),
                          .node = at.node.name,
                          .plan = plan.name,
                          .actions = actions};
  operation.reason = first.reason;
  operation.ours = true;
  operation.evict = PodsToEvict(plan, at.node.name, actions, snapshot);
  if (const auto* reshare = std::get_if<plan::Reshare>(&first.change)) {
    operation.reshare = ResharingOf(at.node, *reshare);
    return operation;
  }
  operation.backend = at.backend;
  operation.cards = CardsAt(at);
  operation.label_before = std::string(cluster::Find(at.node.labels, kMigConfig));
  if (at.backend == MigBackend::kAgent && at.report != nullptr && at.report->order) {
    operation.order_before = at.report->order->operation;
  }
  for (const int id : actions) {
    const auto* change = std::get_if<plan::Repartition>(&action_of(id).change);
    for (plan::CardLayouts& card : operation.cards) {
      if (change != nullptr && card.gpu == change->gpu) card.after = change->to;
    }
  }
  return operation;
}

}  // namespace tangram::control

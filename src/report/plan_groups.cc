#include "report/plan_groups.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>
#include <string_view>
#include <tuple>

#include "report/plan_words.h"

namespace tangram::report {
namespace {

// "mig-1g.5gb": without whose resource it is.
std::string ShortName(const std::string& resource) {
  return resource.substr(resource.find('/') + 1);
}

class Grouper {
 public:
  Grouper(const cluster::Snapshot& snapshot, Grouping grouping)
      : grouping_(grouping), workloads_(snapshot) {
    for (const cluster::Node& node : snapshot.nodes) pools_[node.name] = node.pool;
  }

  std::vector<ActionGroup> Group(const plan::Plan& plan) const {
    std::vector<ActionGroup> groups;
    std::map<std::tuple<std::size_t, std::string, std::string>, std::size_t> known;
    for (const plan::Action& action : plan.actions) {
      auto key = std::make_tuple(action.change.index(), ManyOf(action),
                                 PodOf(action.change) == nullptr ? action.reason : "");
      const std::size_t fresh = groups.size();
      const std::size_t at = grouping_ == Grouping::kNone
                                 ? fresh
                                 : known.try_emplace(std::move(key), fresh).first->second;
      if (at == fresh) groups.emplace_back();
      groups[at].actions.push_back(&action);
      if (const auto rate = RateChange(action)) {
        groups[at].rate = groups[at].rate.value_or(base::MicroUsdPerHour()) + *rate;
      }
    }
    for (ActionGroup& group : groups) Describe(group);
    return groups;
  }

 private:
  bool IsAlone() const { return grouping_ == Grouping::kNone; }

  // What one action is about.
  std::string WhatOf(const plan::Action& action) const {
    const plan::Change& change = action.change;
    if (const auto* resize = std::get_if<plan::ResizePod>(&change)) {
      return PodText(resize->pod) + " to " + ShortName(resize->resource_after);
    }
    if (const plan::PodName* pod = PodOf(change)) return PodText(*pod);
    if (const auto* cut = std::get_if<plan::Repartition>(&change)) {
      const std::string to = LayoutText(cut->to);
      return IsAlone() ? fmt::format("{} -> {}", LayoutText(cut->from), to) : "1 card to " + to;
    }
    if (const auto* share = std::get_if<plan::Reshare>(&change)) {
      const std::string of = share->profile.empty() ? "card" : share->profile;
      return fmt::format("{} -> {} shares a {}", share->from, share->to, of);
    }
    if (const auto* add = std::get_if<plan::AddNode>(&change)) {
      const bool spot = add->capacity == cluster::CapacityType::kSpot;
      return (spot ? "a spot node like " : "a node like ") + add->like;
    }
    return "the node";
  }

  // What actions have in common that are one group.
  std::string ManyOf(const plan::Action& action) const {
    if (const auto* resize = std::get_if<plan::ResizePod>(&action.change)) {
      return "pods of " + workloads_.Of(resize->pod) + " to " + ShortName(resize->resource_after);
    }
    if (const plan::PodName* pod = PodOf(action.change)) return "pods of " + workloads_.Of(*pod);
    if (std::holds_alternative<plan::GiveBack>(action.change)) {
      const auto pool = pools_.find(NodeOf(action.change));
      const bool named = pool != pools_.end() && !pool->second.empty();
      return named ? "nodes of " + pool->second : "nodes";
    }
    if (const auto* cut = std::get_if<plan::Repartition>(&action.change)) {
      return "cards to " + LayoutText(cut->to);
    }
    return WhatOf(action);
  }

  void Describe(ActionGroup& group) const {
    const plan::Action& first = *group.actions.front();
    const std::string what = WhatOf(first);
    const std::string many = ManyOf(first);
    const std::size_t count = group.actions.size();
    group.what = count == 1     ? what
                 : what == many ? fmt::format("{} ({} times)", many, count)
                                : fmt::format("{} {}", count, many);
    group.where = WhereOf(group);
    group.why = WhyOf(group);
  }

  static std::string WhereOf(const ActionGroup& group) {
    std::set<std::string_view> nodes;
    for (const plan::Action* action : group.actions) nodes.insert(NodeOf(action->change));
    if (nodes.size() > 1) return fmt::format("{} nodes", nodes.size());
    const auto* cut = std::get_if<plan::Repartition>(&group.actions.front()->change);
    const bool one_card = cut != nullptr && group.actions.size() == 1;
    return std::string(*nodes.begin()) + (one_card ? fmt::format(" GPU {}", cut->gpu) : "");
  }

  static std::string WhyOf(const ActionGroup& group) {
    const plan::Action& first = *group.actions.front();
    if (std::holds_alternative<plan::ResizePod>(first.change)) return "it needs no more";
    const bool one_reason =
        std::all_of(group.actions.begin(), group.actions.end(),
                    [&](const plan::Action* action) { return action->reason == first.reason; });
    if (one_reason) return first.reason;
    if (std::holds_alternative<plan::StopPod>(first.change)) return "they do nothing";
    if (std::holds_alternative<plan::EvictPod>(first.change)) return "others are more urgent";
    const bool moves = std::holds_alternative<plan::MovePod>(first.change);
    return moves ? "empties their nodes" : "each has room where it goes";
  }

  Grouping grouping_;
  Workloads workloads_;
  std::unordered_map<std::string, std::string> pools_;
};

}  // namespace

std::string PodText(const plan::PodName& pod) { return pod.ns + "/" + pod.name; }

Workloads::Workloads(const cluster::Snapshot& snapshot) {
  for (const cluster::Pod& pod : snapshot.pods) pods_[pod.ns + "/" + pod.name] = &pod;
}

std::string Workloads::Of(const plan::PodName& name) const {
  const auto pod = pods_.find(PodText(name));
  if (pod == pods_.end() || pod->second->owner.name.empty()) return PodText(name);
  return name.ns + "/" + pod->second->owner.name;
}

std::vector<ActionGroup> GroupActions(const cluster::Snapshot& snapshot, const plan::Plan& plan,
                                      Grouping grouping) {
  return Grouper(snapshot, grouping).Group(plan);
}

}  // namespace tangram::report

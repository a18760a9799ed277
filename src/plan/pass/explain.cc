// What waits for now, and what would change it.
#include <fmt/format.h>

#include <algorithm>

#include "cluster/schedulable.h"
#include "plan/pass/gang.h"
#include "plan/pass/passes.h"

namespace tangram::plan {
namespace {

bool HasRoomSomewhere(const World& world, const cluster::Pod& pod) {
  return std::any_of(world.nodes().begin(), world.nodes().end(),
                     [&](const NodeRoom& node) { return Fits(node, pod); });
}

// What the policy rules out that might serve it; empty: nothing.
std::string RuledOut(const World& world, const cluster::Pod& pod) {
  const PlanPolicy& policy = world.policy();
  for (const auto& [resource, count] : pod.devices) {
    const ResourceKind kind = KindOf(resource);
    const bool offered =
        std::any_of(world.nodes().begin(), world.nodes().end(),
                    [&](const NodeRoom& node) { return CountIn(node.offers, resource) >= count; });
    if (offered) continue;
    if (kind.unit == ResourceKind::Unit::kInstance && policy.mig == MigBackend::kNone)
      return "cutting cards";
    if (kind.shared && policy.most_replicas < 2) return "sharing cards";
  }
  return "";
}

// The scarcest thing: what the pod asks for, and the most of it that one allowed node has free.
std::string Scarce(const World& world, const cluster::Pod& pod) {
  std::string text;
  for (const auto& [resource, count] : pod.devices) {
    if (KindOf(resource).unit == ResourceKind::Unit::kNotGpu || count == 0) continue;
    std::int64_t most = 0;
    int allowed = 0;
    for (const NodeRoom& node : world.nodes()) {
      if (node.given_back || !cluster::Admits(*node.like, pod)) continue;
      if (CountIn(node.offers, resource) > 0) ++allowed;
      most = std::max(most, CountIn(node.free, resource));
    }
    text = fmt::format("it asks for {} {}; of the {} {} that it may use one has {} free", count,
                       resource, allowed, allowed == 1 ? "node" : "nodes", most);
    if (most < count) return text;
  }
  return text + ", but not the CPU or memory beside it";
}

}  // namespace

void ExplainWaiting(World& world) {
  for (const cluster::Pod* pod : world.demand()) {
    const std::string ruled_out = RuledOut(world, *pod);
    if (!world.unknown_room().empty()) {
      world.Wait(*pod, WaitReason::kNoRoom,
                 "what is on the nodes is not known: " + world.unknown_room(),
                 "plan on a snapshot in which every pod says where it runs");
    } else if (!ruled_out.empty()) {
      world.Wait(*pod, WaitReason::kNotAllowed, "the policy rules out " + ruled_out,
                 "allow it in the policy");
    } else if (IsInGang(*pod)) {
      world.Wait(*pod, WaitReason::kGang,
                 fmt::format("not all pods of its gang {} fit together",
                             cluster::Find(pod->labels, kGangLabel)),
                 "it waits until they do; nothing is held for it");
    } else if (HasRoomSomewhere(world, *pod)) {
      world.Wait(*pod, WaitReason::kNotAllowed, "there is room, but the pass place is off",
                 "switch the pass on");
    } else {
      world.Wait(*pod, WaitReason::kNoRoom, Scarce(world, *pod),
                 "it waits until pods end, or nodes are added");
    }
  }
}

}  // namespace tangram::plan

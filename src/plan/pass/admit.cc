// Which waiting pods a change could serve. The others get the reason, and what would change it.
#include <fmt/format.h>

#include <algorithm>
#include <optional>

#include "cluster/schedulable.h"
#include "plan/pass/gang.h"
#include "plan/pass/passes.h"

namespace tangram::plan {
namespace {

constexpr std::string_view kOurGate = "tangram.dev/placement";

struct Refusal {
  WaitReason reason = WaitReason::kNoSuchDevice;
  std::string why;
  std::string remedy;
};

std::optional<Refusal> HeldByOthers(const cluster::Pod& pod) {
  const auto gate = std::find_if(pod.gates.begin(), pod.gates.end(),
                                 [](const std::string& name) { return name != kOurGate; });
  if (gate != pod.gates.end()) {
    return Refusal{WaitReason::kGated, "the scheduling gate " + *gate + " holds it",
                   "it waits for whoever set the gate"};
  }
  if (!pod.claims.empty()) {
    return Refusal{WaitReason::kByClaim, "it asks for its GPU by the claim " + pod.claims.front(),
                   "the scheduler allocates claims by itself"};
  }
  return std::nullopt;
}

using NodeRef = const NodeRoom*;

// The nodes of `from` that `keeps`.
template <class Keeps>
std::vector<NodeRef> Those(const std::vector<NodeRef>& from, Keeps keeps) {
  std::vector<NodeRef> kept;
  std::copy_if(from.begin(), from.end(), std::back_inserter(kept), keeps);
  return kept;
}

std::string Nodes(std::size_t count) {
  return fmt::format("{} {}", count, count == 1 ? "node" : "nodes");
}

std::int64_t MostOf(const std::vector<NodeRef>& nodes, std::string_view resource) {
  std::int64_t most = 0;
  for (const NodeRef node : nodes) most = std::max(most, CouldOffer(*node, resource));
  return most;
}

std::optional<Refusal> NoDevice(const cluster::Pod& pod, const std::vector<NodeRef>& all) {
  for (const auto& [resource, count] : pod.devices) {
    const std::int64_t most = MostOf(all, resource);
    if (most == 0 && count > 0) {
      return Refusal{WaitReason::kNoSuchDevice,
                     fmt::format("no node has {}, and no card here can be made to", resource),
                     "ask for a resource that the cluster has (kubectl describe nodes), or add a "
                     "node that has it"};
    }
    if (count > most) {
      return Refusal{WaitReason::kTooLarge,
                     fmt::format("it asks for {} {}; a node has at most {}", count, resource, most),
                     "ask for less in one pod, or add a larger node"};
    }
  }
  return std::nullopt;
}

std::optional<Refusal> TooLarge(const cluster::Pod& pod, const std::vector<NodeRef>& nodes) {
  const auto largest = [&](auto member) {
    std::int64_t most = 0;
    for (const NodeRef node : nodes) most = std::max(most, (node->like->*member).value());
    return most;
  };
  const std::int64_t cpu = largest(&cluster::Node::cpu);
  const std::int64_t memory = largest(&cluster::Node::memory);
  return Refusal{
      WaitReason::kTooLarge,
      fmt::format("it asks for {} CPUs and {} MiB; the nodes with its GPU have at most {} and {}",
                  pod.cpu.value() / 1000, pod.memory.value(), cpu / 1000, memory),
      "ask for less CPU and memory, or add a larger node"};
}

// What keeps the pod off the most willing node.
Refusal KeptOff(const cluster::Pod& pod, const std::vector<NodeRef>& nodes) {
  for (const NodeRef node : nodes) {
    if (cluster::UnmetSelector(*node->like, pod) != nullptr) continue;
    const cluster::Taint* taint = cluster::UntoleratedTaint(*node->like, pod);
    return {WaitReason::kNoNodeAllows,
            fmt::format("the {} with its GPU that its selector allows {} the taint {}:{}",
                        Nodes(nodes.size()), nodes.size() == 1 ? "has" : "have", taint->key,
                        taint->effect),
            fmt::format("add a toleration of {}", taint->key)};
  }
  const auto* unmet = cluster::UnmetSelector(*nodes.front()->like, pod);
  return {WaitReason::kNoNodeAllows,
          fmt::format("its node selector {}={} is met by none of the {} with its GPU", unmet->first,
                      unmet->second, Nodes(nodes.size())),
          "change the selector, or label a node"};
}

std::optional<Refusal> Refuse(const cluster::Pod& pod, const std::vector<NodeRef>& all) {
  if (auto held = HeldByOthers(pod)) return held;
  if (auto none = NoDevice(pod, all)) return none;
  const auto with_gpu = Those(all, [&](NodeRef node) {
    return std::all_of(pod.devices.begin(), pod.devices.end(), [&](const auto& asked) {
      return CouldOffer(*node, asked.name) >= asked.count;
    });
  });
  const auto large = Those(with_gpu, [&](NodeRef node) {
    return node->like->cpu >= pod.cpu && node->like->memory >= pod.memory;
  });
  if (large.empty()) return TooLarge(pod, with_gpu);
  const auto allowed = Those(large, [&](NodeRef node) {
    return cluster::UnmetSelector(*node->like, pod) == nullptr &&
           cluster::UntoleratedTaint(*node->like, pod) == nullptr;
  });
  if (allowed.empty()) return KeptOff(pod, large);
  return std::nullopt;
}

}  // namespace

void Admit(World& world) {
  std::vector<NodeRef> all;
  for (const NodeRoom& node : world.nodes()) all.push_back(&node);
  std::vector<const cluster::Pod*> served;
  for (const Gang& gang : GangsOf(world.demand())) {
    const cluster::Pod* refused = nullptr;
    std::vector<std::optional<Refusal>> refusals;
    for (const cluster::Pod* pod : gang) {
      refusals.push_back(Refuse(*pod, all));
      if (refusals.back() && refused == nullptr) refused = pod;
    }
    for (std::size_t i = 0; i < gang.size(); ++i) {
      if (refusals[i]) {
        world.Wait(*gang[i], refusals[i]->reason, std::move(refusals[i]->why),
                   std::move(refusals[i]->remedy));
      } else if (refused != nullptr) {
        world.Wait(*gang[i], WaitReason::kGang, "pod " + refused->name + " of its gang waits",
                   "see what that one waits for");
      } else {
        served.push_back(gang[i]);
      }
    }
  }
  std::sort(served.begin(), served.end(), IsMoreUrgent);
  world.demand() = std::move(served);
}

}  // namespace tangram::plan

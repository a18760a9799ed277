// Which waiting pods a change could serve. The others get the reason, and what would change it.
#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <optional>

#include "cluster/gang.h"
#include "cluster/gate.h"
#include "cluster/schedulable.h"
#include "plan/pass/gang.h"
#include "plan/pass/passes.h"
#include "plan/pass/shared_devices.h"
#include "plan/pass/willing.h"
#include "plan/share/asks.h"

namespace tangram::plan {
namespace {

struct Refusal {
  WaitReason reason = WaitReason::kNoSuchDevice;
  std::string why;
  std::string remedy;
};

std::optional<Refusal> HeldByOthers(const cluster::Pod& pod) {
  const auto gate = std::find_if(pod.gates.begin(), pod.gates.end(), [](const std::string& name) {
    return name != cluster::kPlacementGate;
  });
  if (gate != pod.gates.end()) {
    return Refusal{WaitReason::kGated, "the scheduling gate " + *gate + " holds it",
                   "it waits for whoever set the gate"};
  }
  return std::nullopt;
}

// A share has none of the isolation that the pod asks for.
std::optional<Refusal> Contradicts(const cluster::Pod& pod) {
  if (IsolationOf(pod) == Isolation::kShared) return std::nullopt;
  const auto share = std::find_if(pod.devices.begin(), pod.devices.end(), [](const auto& asked) {
    return KindOf(asked.name).shared && asked.count > 0;
  });
  if (share == pod.devices.end()) return std::nullopt;
  return Refusal{WaitReason::kIsolation,
                 fmt::format("its label tangram.dev/isolation asks for {}, and {} is shared with "
                             "others",
                             cluster::Find(pod.labels, "tangram.dev/isolation"), share->name),
                 "ask for an instance or a card of its own, or let it share"};
}

std::string Nodes(std::size_t count) {
  return fmt::format("{} {}", count, count == 1 ? "node" : "nodes");
}

class Admission {
 public:
  explicit Admission(const World& world)
      : world_(world), nodes_(world.nodes()), willing_(NodesOf(world)) {
    for (const NodeRoom& node : nodes_) size_.emplace_back(node.like->cpu, node.like->memory);
  }

  // Nothing where some change could serve the pod.
  std::optional<Refusal> Refuse(const cluster::Pod& pod) {
    if (auto held = HeldByOthers(pod)) return held;
    if (auto contradiction = Contradicts(pod)) return contradiction;
    const auto could = CouldOfEach(pod);
    const Willing& willing = willing_.For(pod);
    // A node that is not ready, or cordoned, may serve it again.
    std::vector<Site> served;
    const bool by_claim = world_.book().Concerns(pod);
    for (const std::size_t n : willing.all) {
      if (!IsLargeEnough(pod, n) || !HasGpu(pod, could, n) || !HasGpuMemory(nodes_[n], pod)) {
        continue;
      }
      if (!by_claim) return std::nullopt;
      served.push_back(nodes_[n].site());
    }
    return served.empty() ? WhyNone(pod, could, willing) : RefuseClaims(pod, served);
  }

 private:
  using ByNode = std::vector<std::int64_t>;

  // What each node could offer of each resource that the pod asks for. Worked out once a resource:
  // a cluster has few of them, and many pods.
  std::vector<const ByNode*> CouldOfEach(const cluster::Pod& pod) {
    std::vector<const ByNode*> each;
    for (const auto& [resource, count] : pod.devices) {
      const auto [known, fresh] = could_.try_emplace(resource);
      if (fresh) {
        for (const NodeRoom& node : nodes_) known->second.push_back(CouldOffer(node, resource));
      }
      each.push_back(&known->second);
    }
    return each;
  }

  bool HasGpu(const cluster::Pod& pod, const std::vector<const ByNode*>& could,
              std::size_t n) const {
    for (std::size_t i = 0; i < could.size(); ++i) {
      const auto& [resource, count] = pod.devices[i];
      if ((*could[i])[n] >= count) continue;
      if (!nodes_[n].book->IsByClaim(nodes_[n].site(), pod, resource)) return false;
    }
    return true;
  }

  bool IsLargeEnough(const cluster::Pod& pod, std::size_t n) const {
    return size_[n].first >= pod.cpu && size_[n].second >= pod.memory;
  }

  // Whether devices for all its claims are on one of the nodes, whoever holds them.
  std::optional<Refusal> RefuseClaims(const cluster::Pod& pod,
                                      const std::vector<Site>& sites) const {
    using Verdict = DeviceBook::Verdict;
    const DeviceBook::Could could = world_.book().CouldServe(sites, pod);
    switch (could.verdict) {
      case Verdict::kFits:
        return std::nullopt;
      case Verdict::kNotThere:
        return Refusal{WaitReason::kByClaim, could.why,
                       "it waits until the claim is made; see kubectl describe pod"};
      case Verdict::kUnknown:
        return Refusal{WaitReason::kByClaim, could.why, std::string(kUnknownClaimRemedy)};
      case Verdict::kNoDevices:
        break;
    }
    return Refusal{WaitReason::kNoSuchDevice,
                   fmt::format("no node that it may use has devices for {}",
                               ClaimsOf(pod, world_.book().resources())),
                   "ask for devices that are published (kubectl get resourceslices), or add a node "
                   "that has them"};
  }

  Refusal WhyNone(const cluster::Pod& pod, const std::vector<const ByNode*>& could,
                  const Willing& willing) const {
    if (auto none = NoDevice(pod, could)) return *std::move(none);
    std::vector<std::size_t> with_gpu;
    std::vector<std::size_t> large;
    for (std::size_t n = 0; n < nodes_.size(); ++n) {
      if (!HasGpu(pod, could, n)) continue;
      with_gpu.push_back(n);
      if (IsLargeEnough(pod, n)) large.push_back(n);
    }
    if (with_gpu.empty()) {
      return {WaitReason::kTooLarge, "no one node has all the kinds of device that it asks for",
              "ask for less in one pod, or add a node that has them"};
    }
    if (large.empty()) return TooLarge(pod, with_gpu);
    const bool any = std::any_of(large.begin(), large.end(),
                                 [&](std::size_t n) { return HasGpuMemory(nodes_[n], pod); });
    return any ? KeptOff(pod, large, willing) : TooMuchGpuMemory(pod);
  }

  // Why it is not known whether DRA has devices behind a resource; empty: it is.
  std::string WhyUnread() const {
    for (const char* kind : {"deviceclasses.resource.k8s.io", "resourceslices.resource.k8s.io"}) {
      const cluster::Gap* gap = cluster::GapIn(world_.snapshot(), kind);
      if (gap != nullptr) return fmt::format("{} could not be read: {}", kind, gap->why);
    }
    return {};
  }

  std::optional<Refusal> NoDevice(const cluster::Pod& pod,
                                  const std::vector<const ByNode*>& could) const {
    for (std::size_t i = 0; i < could.size(); ++i) {
      const auto& [resource, count] = pod.devices[i];
      const auto by_claim = [&, &name = resource](const NodeRoom& node) {
        return node.book->IsByClaim(node.site(), pod, name);
      };
      if (std::any_of(nodes_.begin(), nodes_.end(), by_claim)) continue;
      const std::int64_t most =
          could[i]->empty() ? 0 : *std::max_element(could[i]->begin(), could[i]->end());
      if (most <= 0 && count > 0 && !WhyUnread().empty()) {
        return Refusal{WaitReason::kByClaim,
                       fmt::format("no device plugin offers {}; whether DRA does is not known: {}",
                                   resource, WhyUnread()),
                       "let Tangram read them, or leave it to the scheduler"};
      }
      if (most <= 0 && count > 0) {
        return Refusal{WaitReason::kNoSuchDevice,
                       fmt::format("no node has {}, and no card here can be made to", resource),
                       "ask for a resource that the cluster has (kubectl describe nodes), or add "
                       "a node that has it"};
      }
      if (count > most) {
        return Refusal{
            WaitReason::kTooLarge,
            fmt::format("it asks for {} {}; a node has at most {}", count, resource, most),
            "ask for less in one pod, or add a larger node"};
      }
    }
    return std::nullopt;
  }

  Refusal TooLarge(const cluster::Pod& pod, const std::vector<std::size_t>& nodes) const {
    std::int64_t cpu = 0;
    std::int64_t memory = 0;
    for (const std::size_t n : nodes) {
      cpu = std::max(cpu, nodes_[n].like->cpu.value());
      memory = std::max(memory, nodes_[n].like->memory.value());
    }
    return {WaitReason::kTooLarge,
            fmt::format("it asks for {} CPUs and {} MiB; the nodes with its GPU have at most {} "
                        "and {}",
                        pod.cpu.value() / 1000, pod.memory.value(), cpu / 1000, memory),
            "ask for less CPU and memory, or add a larger node"};
  }

  static Refusal TooMuchGpuMemory(const cluster::Pod& pod) {
    return {WaitReason::kTooLarge,
            fmt::format("it needs {} MiB of GPU memory, and no device of the kind that it asks for "
                        "has so much",
                        MemoryAsked(pod).value_or(base::MiB()).value()),
            "ask for a larger instance or card, or correct its annotation tangram.dev/gpu-memory"};
  }

  // What keeps the pod off the most willing node.
  Refusal KeptOff(const cluster::Pod& pod, const std::vector<std::size_t>& nodes,
                  const Willing& willing) const {
    for (const std::size_t n : nodes) {
      if (!willing.by_selector[n]) continue;
      const cluster::Taint* taint = cluster::UntoleratedTaint(*nodes_[n].like, pod);
      return {WaitReason::kNoNodeAllows,
              fmt::format("the {} with its GPU that its selector allows {} the taint {}:{}",
                          Nodes(nodes.size()), nodes.size() == 1 ? "has" : "have", taint->key,
                          taint->effect),
              fmt::format("add a toleration of {}", taint->key)};
    }
    const auto* unmet = cluster::UnmetSelector(*nodes_[nodes.front()].like, pod);
    if (unmet == nullptr) {
      return {WaitReason::kNoNodeAllows,
              fmt::format("its node affinity is met by none of the {} with its GPU",
                          Nodes(nodes.size())),
              "change the affinity, or label a node"};
    }
    return {WaitReason::kNoNodeAllows,
            fmt::format("its node selector {}={} is met by none of the {} with its GPU",
                        unmet->first, unmet->second, Nodes(nodes.size())),
            "change the selector, or label a node"};
  }

  const World& world_;
  const std::vector<NodeRoom>& nodes_;
  std::map<std::string, ByNode> could_;  // by resource
  std::vector<std::pair<base::MilliCpu, base::MiB>> size_;
  WillingNodes willing_;
};

// A gang starts once all its pods are there.
std::optional<Refusal> Incomplete(const World& world, const Gang& gang) {
  const cluster::Gang said = world.gangs().Of(*gang.front());
  if (said.name.empty()) return std::nullopt;
  for (const cluster::Pod* pod : gang) {
    const std::string missing = world.gangs().MissingFor(*pod);
    if (missing.empty()) continue;
    const bool is_group = missing.starts_with("podgroups.");
    return Refusal{
        WaitReason::kGang,
        fmt::format("{} has to say how many pods its gang {} has, and does not", missing,
                    said.name),
        is_group ? "create it, with that number" : "label its pod template with the gang, too"};
  }
  if (world.gangs().IsWhole(*gang.front())) return std::nullopt;
  return Refusal{WaitReason::kGang,
                 fmt::format("{} of the {} pods of its gang {} are there",
                             world.gangs().CountThere(*gang.front()), *said.size, said.name),
                 "it starts once all of them are there"};
}

}  // namespace

void Admit(World& world) {
  Admission admission(world);
  std::vector<const cluster::Pod*> served;
  for (const Gang& gang : GangsOf(world.demand(), world.gangs())) {
    if (const auto incomplete = Incomplete(world, gang)) {
      for (const cluster::Pod* pod : gang) {
        world.Wait(*pod, incomplete->reason, incomplete->why, incomplete->remedy);
      }
      continue;
    }
    const cluster::Pod* refused = nullptr;
    std::vector<std::optional<Refusal>> refusals;
    for (const cluster::Pod* pod : gang) {
      refusals.push_back(admission.Refuse(*pod));
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

// What waits for now, and what would change it.
#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <set>

#include "base/nearest.h"
#include "cluster/schedulable.h"
#include "plan/pass/cut.h"
#include "plan/pass/gang.h"
#include "plan/pass/passes.h"
#include "plan/pass/shared_devices.h"

namespace tangram::plan {
namespace {

bool HasRoomSomewhere(const World& world, const cluster::Pod& pod) {
  return std::any_of(world.nodes().begin(), world.nodes().end(),
                     [&](const NodeRoom& node) { return Fits(node, pod); });
}

// What would make a resource that no node offers.
enum class Means { kCutting, kSharing };

bool RulesOutCutting(const NodeRoom& node, const ResourceKind& kind) {
  if (node.policy->mig == MigBackend::kNone) return true;
  if (node.policy->profiles.empty()) return false;
  return std::none_of(node.cards.begin(), node.cards.end(), [&](const CardRoom& card) {
    const gpu::MigProfile* profile =
        card.model == nullptr ? nullptr : gpu::ProfileNamed(*card.model, kind.profile);
    return profile != nullptr && MayMake(node, *card.model, *profile);
  });
}

bool RulesOut(const NodeRoom& node, const ResourceKind& kind, Means means) {
  if (means == Means::kCutting) return RulesOutCutting(node, kind);
  return node.policy->most_replicas < 2 || node.policy->sharing == cluster::Sharing::kNone;
}

// The pools whose policy rules out the means, where that is what the pod waits for: of the nodes
// that could serve it none may. Empty where no pool selects those nodes.
std::optional<std::set<std::string_view>> PoolsThatRuleOut(const World& world,
                                                           const cluster::Pod& pod,
                                                           const cluster::ResourceCount& asked,
                                                           Means means) {
  const ResourceKind kind = KindOf(asked.name);
  std::set<std::string_view> pools;
  bool ruled_out = false;
  for (const NodeRoom& node : world.nodes()) {
    const bool rules_out = RulesOut(node, kind, means);
    ruled_out = ruled_out || rules_out;
    const bool could = CouldOffer(node, asked.name) >= asked.count &&
                       cluster::UnmetSelector(*node.like, pod) == nullptr &&
                       cluster::MeetsAffinity(*node.like, pod) &&
                       cluster::UntoleratedTaint(*node.like, pod) == nullptr;
    if (could && !rules_out) return std::nullopt;
    if (could && node.pool != nullptr) pools.insert(node.pool->name);
  }
  if (!ruled_out) return std::nullopt;
  return pools;
}

std::vector<Means> MeansFor(const ResourceKind& kind) {
  std::vector<Means> means;
  if (kind.unit == ResourceKind::Unit::kInstance) means.push_back(Means::kCutting);
  if (kind.shared) means.push_back(Means::kSharing);
  return means;
}

// What the policy rules out that might serve it; empty: nothing.
std::string RuledOut(const World& world, const cluster::Pod& pod) {
  for (const cluster::ResourceCount& asked : pod.devices) {
    const auto offers = [&](const NodeRoom& node) {
      return CountIn(node.offers, asked.name) >= asked.count ||
             world.book().IsByClaim(node.site(), pod, asked.name);
    };
    if (std::any_of(world.nodes().begin(), world.nodes().end(), offers)) continue;
    for (const Means means : MeansFor(KindOf(asked.name))) {
      const auto pools = PoolsThatRuleOut(world, pod, asked, means);
      if (!pools) continue;
      const std::string_view what = means == Means::kSharing ? "sharing cards" : "cutting cards";
      return pools->empty()
                 ? std::string(what)
                 : fmt::format("{} in GpuPool {}", what, base::Few({pools->begin(), pools->end()}));
    }
  }
  return "";
}

// Nodes that have room for the pod, and which other pods keep it off.
int CountKeptOff(const World& world, const cluster::Pod& pod) {
  if (!world.neighbours().Concern(pod)) return 0;
  return static_cast<int>(
      std::count_if(world.nodes().begin(), world.nodes().end(), [&](const NodeRoom& node) {
        return HasRoom(node, pod) && cluster::Admits(*node.self, pod) &&
               !world.neighbours().Allow(*node.self, pod);
      }));
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
  if (text.empty()) return "the nodes that it may use lack CPU or memory for it";
  return text + ", but not the CPU or memory beside it";
}

struct Why {
  WaitReason reason = WaitReason::kNoRoom;
  std::string what;
  std::string remedy;
};

// Whether only claims could serve the pod there.
bool IsForClaims(const World& world, const NodeRoom& node, const cluster::Pod& pod) {
  return !pod.claims.empty() ||
         std::any_of(pod.devices.begin(), pod.devices.end(), [&](const auto& asked) {
           return world.book().IsByClaim(node.site(), pod, asked.name);
         });
}

// Of a pod with claims, where none of the nodes that it may use serves them now.
std::optional<Why> WhyClaimsWait(const World& world, const cluster::Pod& pod) {
  std::vector<Site> nodes;
  for (const NodeRoom& node : world.nodes()) {
    if (node.given_back || !cluster::Admits(*node.self, pod)) continue;
    if (!IsForClaims(world, node, pod)) continue;
    if (world.book().Fits(node.site(), pod)) return std::nullopt;
    nodes.push_back(node.site());
  }
  if (nodes.empty() && pod.claims.empty()) return std::nullopt;
  const std::string unknown = world.book().WhyUnknown(nodes, pod);
  if (!unknown.empty()) {
    return Why{WaitReason::kByClaim, unknown, std::string(kUnknownClaimRemedy)};
  }
  return Why{WaitReason::kNoRoom,
             fmt::format("others hold the devices for {}, on {} {} that it may use",
                         ClaimsOf(pod, world.book().resources()), nodes.size(),
                         nodes.size() == 1 ? "node" : "nodes"),
             "it waits until pods end, or nodes are added"};
}

// Where the pod would fit, but for those who share what is free there.
std::optional<Why> WhySharersKeepItOff(const World& world, const cluster::Pod& pod) {
  std::string why;
  int nodes = 0;
  for (const NodeRoom& node : world.nodes()) {
    if (!HasRoom(node, pod) || !MayRun(node, pod)) continue;
    std::string one = WhyNotShared(node, pod);
    if (one.empty()) return std::nullopt;
    if (nodes++ == 0) why = std::move(one);
  }
  if (nodes == 0) return std::nullopt;
  return Why{
      WaitReason::kNoRoom,
      fmt::format("{} {} shares free, but {}", nodes, nodes == 1 ? "node has" : "nodes have", why),
      "it waits until pods end, or nodes are added; or ask for a device of its own"};
}

std::string InOneDomain(const cluster::Pod& pod) {
  const std::string_view level = WishesOf(pod).required;
  return level.empty() ? "" : fmt::format(" in one {}", level);
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
    } else if (const cluster::Pod* by = world.EvictedBy(*pod); by != nullptr) {
      world.Wait(*pod, WaitReason::kNoRoom,
                 fmt::format("it makes room for {}/{}; {}", by->ns, by->name, Scarce(world, *pod)),
                 "it waits until pods end, or nodes are added");
    } else if (const auto gang = world.gangs().Of(*pod); !gang.name.empty()) {
      world.Wait(
          *pod, WaitReason::kGang,
          fmt::format("not all pods of its gang {} fit together{}", gang.name, InOneDomain(*pod)),
          "it waits until they do; nothing is held for it");
    } else if (const int nodes = CountKeptOff(world, *pod); nodes > 0) {
      world.Wait(
          *pod, WaitReason::kApart,
          fmt::format("{} {} room; affinity to other pods, theirs to it, or its spread keeps "
                      "it off",
                      nodes, nodes == 1 ? "node has" : "nodes have"),
          "it waits until the others move, or change the affinity");
    } else if (auto why = world.book().Concerns(*pod) ? WhyClaimsWait(world, *pod) : std::nullopt) {
      world.Wait(*pod, why->reason, std::move(why->what), std::move(why->remedy));
    } else if (auto shared = WhySharersKeepItOff(world, *pod)) {
      world.Wait(*pod, shared->reason, std::move(shared->what), std::move(shared->remedy));
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

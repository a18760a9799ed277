#include "plan/explain.h"

#include <algorithm>
#include <map>
#include <set>
#include <tuple>

#include "cluster/gang.h"
#include "cluster/gate.h"
#include "cluster/named.h"
#include "cluster/schedulable.h"
#include "plan/pass/gang.h"
#include "plan/pass/shared_devices.h"
#include "plan/pass/world.h"

namespace tangram::plan {
namespace {

using Kind = Obstacle::Kind;

// ---- on a node ----

void SayWhatItHolds(const Findings& findings, Explanation& told) {
  const PodRef pod{told.pod->ns, told.pod->name};
  bool priced = true;
  base::MicroUsdPerHour rate;
  for (const CardView& card : findings.cards) {
    for (const SeatView& seat : card.seats) {
      if (seat.pod != pod) continue;
      HeldSeat held{.node = card.node,
                    .gpu = card.gpu,
                    .model = card.model,
                    .profile = seat.profile,
                    .start = seat.start,
                    .replicas = std::max(1, card.replicas),
                    .exact = seat.exact,
                    .share = seat.share,
                    .rate = {},
                    .active = seat.active};
      if (card.rate) held.rate = base::ShareOf(*card.rate, seat.share);
      priced = priced && held.rate.has_value();
      rate += held.rate.value_or(base::MicroUsdPerHour());
      told.holds.push_back(held);
    }
  }
  if (priced && !told.holds.empty()) told.rate = rate;
  for (const LeakSummary& leak : findings.leaks) {
    std::copy_if(leak.findings.begin(), leak.findings.end(), std::back_inserter(told.findings),
                 [&](const Finding& finding) { return finding.pod == pod; });
  }
}

// ---- while it waits ----

bool HasGpus(const NodeRoom& node) {
  return !node.cards.empty() ||
         std::any_of(node.offers.begin(), node.offers.end(), [](const auto& offer) {
           return offer.second > 0 && KindOf(offer.first).unit != ResourceKind::Unit::kNotGpu;
         });
}

// The first device of the pod that `counts` of the node has too few of; empty: none. What a claim
// would serve there is another question.
std::string Missing(const NodeRoom& node, const cluster::Pod& pod, const Counts& counts) {
  const auto short_of = [&](const auto& asked) {
    return asked.count > CountIn(counts, asked.name) &&
           !node.book->IsByClaim(node.site(), pod, asked.name);
  };
  const auto missing = std::find_if(pod.devices.begin(), pod.devices.end(), short_of);
  return missing == pod.devices.end() ? "" : missing->name;
}

// What of the node itself rules it out, whoever runs there.
std::optional<Obstacle> RuledOutBySelf(const NodeRoom& node, const cluster::Pod& pod) {
  const cluster::Node& self = *node.self;
  if (const auto* unmet = cluster::UnmetSelector(self, pod)) {
    return Obstacle{Kind::kSelector, unmet->first + "=" + unmet->second};
  }
  if (!cluster::MeetsAffinity(self, pod)) return Obstacle{Kind::kSelector};
  if (const cluster::Taint* taint = cluster::UntoleratedTaint(self, pod)) {
    return Obstacle{Kind::kTaint, taint->key};
  }
  if (!self.ready || !self.schedulable) return Obstacle{Kind::kNotReady};
  if (std::string device = Missing(node, pod, node.offers); !device.empty()) {
    return Obstacle{Kind::kNoDevice, std::move(device)};
  }
  if (pod.cpu > self.cpu || pod.memory > self.memory || !HasGpuMemory(node, pod)) {
    return Obstacle{Kind::kTooSmall};
  }
  return std::nullopt;
}

std::optional<Obstacle> RuledOut(const NodeRoom& node, const cluster::Pod& pod) {
  if (auto by_self = RuledOutBySelf(node, pod)) return by_self;
  if (std::string device = Missing(node, pod, node.free); !device.empty()) {
    return Obstacle{Kind::kHeld, std::move(device)};
  }
  if (!node.book->Fits(node.site(), pod))
    return Obstacle{Kind::kClaims, ClaimsOf(pod, node.book->resources())};
  if (pod.cpu > node.cpu || pod.memory > node.memory) return Obstacle{Kind::kBusyHost};
  if (!node.around->Allow(*node.self, pod)) return Obstacle{Kind::kOtherPods};
  std::string not_shared = WhyNotShared(node, pod);
  if (!not_shared.empty()) return Obstacle{Kind::kSharers, std::move(not_shared)};
  return std::nullopt;
}

cluster::Owner WorkloadOf(const cluster::Pod& pod) {
  return pod.owner.kind.empty() ? cluster::Owner{"", pod.name} : pod.owner;
}

void SayWhoHolds(const std::vector<std::pair<const NodeRoom*, std::string>>& held,
                 Explanation& told) {
  std::map<std::pair<std::string_view, cluster::Owner>, std::int64_t> devices;
  for (const auto& [node, resource] : held) {
    for (const cluster::Pod* pod : node->pods) {
      const std::int64_t count = cluster::CountOf(pod->devices, resource);
      if (count > 0) devices[{pod->ns, WorkloadOf(*pod)}] += count;
    }
  }
  for (const auto& [who, count] : devices) {
    told.holders.push_back({who.first, who.second, count});
  }
  std::stable_sort(told.holders.begin(), told.holders.end(),
                   [](const Holder& a, const Holder& b) { return a.devices > b.devices; });
}

void SayWhatIsInTheWay(const cluster::Snapshot& snapshot, const PlanPolicy& policy,
                       Explanation& told) {
  const World world(snapshot, policy);
  std::map<std::pair<Kind, std::string>, std::int64_t> counts;
  std::vector<std::pair<const NodeRoom*, std::string>> held;
  for (const NodeRoom& node : world.nodes()) {
    if (!HasGpus(node)) continue;
    ++told.gpu_nodes;
    const auto obstacle = RuledOut(node, *told.pod);
    if (!obstacle) {
      ++told.open_nodes;
      continue;
    }
    ++counts[{obstacle->kind, obstacle->what}];
    if (obstacle->kind == Kind::kHeld) held.emplace_back(&node, obstacle->what);
  }
  for (const auto& [why, nodes] : counts) told.obstacles.push_back({why.first, why.second, nodes});
  std::stable_sort(told.obstacles.begin(), told.obstacles.end(),
                   [](const Obstacle& a, const Obstacle& b) { return a.nodes > b.nodes; });
  SayWhoHolds(held, told);
}

bool Places(const Action& action, const PodName& pod) {
  const auto* place = std::get_if<PlacePod>(&action.change);
  return place != nullptr && place->pod == pod;
}

// The action and all that it needs, in the plan's order.
std::set<int> WithNeeds(const Plan& plan, int action) {
  std::set<int> ids;
  std::vector<int> open = {action};
  while (!open.empty()) {
    const int id = open.back();
    open.pop_back();
    if (!ids.insert(id).second) continue;
    const std::vector<int>& needs = plan.actions.at(static_cast<std::size_t>(id)).needs;
    open.insert(open.end(), needs.begin(), needs.end());
  }
  return ids;
}

// The node whose policy says whether the action may be done: for an added one, the one it is like.
std::string_view PolicyNodeOf(const Plan& plan, const Change& change) {
  const auto node = std::visit(
      [](const auto& of) -> std::string_view {
        using Of = std::decay_t<decltype(of)>;
        if constexpr (std::is_same_v<Of, AddNode>) {
          return of.like;
        } else if constexpr (std::is_same_v<Of, MovePod> || std::is_same_v<Of, ResizePod>) {
          return of.from;
        } else {
          return of.node;
        }
      },
      change);
  for (const Action& action : plan.actions) {
    const auto* added = std::get_if<AddNode>(&action.change);
    if (added != nullptr && added->node == node) return added->like;
  }
  return node;
}

void SayWhatServesIt(const cluster::Snapshot& snapshot, const PlanPolicy& policy,
                     Explanation& told) {
  const Plan plan = MakePlan(snapshot, policy);
  const PodName name{told.pod->ns, told.pod->name};
  for (const Waiting& waiting : plan.waiting) {
    if (waiting.pod == name) told.waiting = waiting;
  }
  const auto place = std::find_if(plan.actions.begin(), plan.actions.end(),
                                  [&](const Action& action) { return Places(action, name); });
  if (place == plan.actions.end()) return;
  for (const int id : WithNeeds(plan, place->id)) {
    NextStep step{.action = plan.actions.at(static_cast<std::size_t>(id)), .mode = {}};
    const std::string_view on = PolicyNodeOf(plan, step.action.change);
    step.mode = policy.defaults.mode;
    const cluster::Node* node = cluster::NodeNamed(snapshot, on);
    const Pool* pool = node == nullptr ? nullptr : PoolOf(policy, *node);
    if (pool != nullptr) {
      step.pool = pool->name;
      step.mode = pool->policy.mode;
    }
    told.steps.push_back(std::move(step));
  }
}

void SayGang(const cluster::Snapshot& snapshot, Explanation& told) {
  const cluster::GangBook book(snapshot);
  const cluster::Gang gang = book.Of(*told.pod);
  if (gang.name.empty()) return;
  GangStanding standing{.name = gang.name, .size = gang.size};
  for (const cluster::Pod& pod : snapshot.pods) {
    if (GangKeyOf(pod) != GangKeyOf(*told.pod) || !book.IsThere(pod)) continue;
    ++standing.there;
    if (!pod.node.empty()) ++standing.on_nodes;
  }
  told.gang = standing;
}

Explanation::State StateOf(const cluster::Snapshot& snapshot, const cluster::Pod& pod) {
  using State = Explanation::State;
  const bool over =
      pod.phase == cluster::PodPhase::kSucceeded || pod.phase == cluster::PodPhase::kFailed;
  if (over || (pod.terminating && pod.node.empty())) return State::kEnded;
  if (!AsksForGpu(pod) && !ClassResources(snapshot).AreAskedBy(pod)) return State::kNoGpu;
  if (!pod.node.empty()) return State::kOnNode;
  return !cluster::SentTo(pod).empty() && pod.gates.empty() ? State::kSent : State::kWaits;
}

}  // namespace

std::string_view NameOf(Obstacle::Kind kind) {
  switch (kind) {
    case Kind::kNotReady:
      return "NotReady";
    case Kind::kSelector:
      return "Selector";
    case Kind::kTaint:
      return "Taint";
    case Kind::kNoDevice:
      return "NoDevice";
    case Kind::kTooSmall:
      return "TooSmall";
    case Kind::kHeld:
      return "Held";
    case Kind::kClaims:
      return "Claims";
    case Kind::kBusyHost:
      return "BusyHost";
    case Kind::kOtherPods:
      return "OtherPods";
    case Kind::kSharers:
      break;
  }
  return "Sharers";
}

std::string_view NameOf(Explanation::State state) {
  switch (state) {
    case Explanation::State::kEnded:
      return "Ended";
    case Explanation::State::kNoGpu:
      return "NoGpu";
    case Explanation::State::kOnNode:
      return "OnNode";
    case Explanation::State::kSent:
      return "Sent";
    case Explanation::State::kWaits:
      break;
  }
  return "Waits";
}

Explanation Explain(const cluster::Snapshot& snapshot, const PlanPolicy& policy,
                    const cluster::Pod& pod) {
  using State = Explanation::State;
  Explanation told{.pod = &pod, .state = StateOf(snapshot, pod)};
  if (told.state == State::kEnded || told.state == State::kNoGpu) return told;
  SayGang(snapshot, told);
  if (told.state == State::kOnNode) {
    told.node = cluster::NodeNamed(snapshot, pod.node);
    SayWhatItHolds(FindLeaks(snapshot, LeakPolicy()), told);
    return told;
  }
  if (told.state == State::kSent) {
    told.node = cluster::NodeNamed(snapshot, cluster::SentTo(pod));
    return told;
  }
  SayWhatServesIt(snapshot, policy, told);
  SayWhatIsInTheWay(snapshot, policy, told);
  return told;
}

}  // namespace tangram::plan

// Instances are made for pods that ask for one: beside held ones, on cards that nobody holds, and
// where the policy lets pods move, in the room that these leave.
#include <fmt/format.h>

#include <algorithm>
#include <cstdint>
#include <initializer_list>
#include <map>
#include <numeric>
#include <optional>

#include "plan/mig/pack.h"
#include "plan/pass/carry_out.h"
#include "plan/pass/gang.h"
#include "plan/pass/passes.h"

namespace tangram::plan {
namespace {

using Pods = std::vector<const cluster::Pod*>;

// Instances of one profile that it asks for, and nothing else of a GPU; 0: it asks otherwise.
std::int64_t InstancesOf(const cluster::Pod& pod) {
  std::int64_t instances = 0;
  for (const auto& [resource, count] : pod.devices) {
    const ResourceKind kind = KindOf(resource);
    if (kind.unit == ResourceKind::Unit::kNotGpu || count == 0) continue;
    const bool instance = kind.unit == ResourceKind::Unit::kInstance && !kind.shared;
    if (!instance || instances > 0) return 0;
    instances = count;
  }
  return pod.claims.empty() && !IsInGang(pod) ? instances : 0;
}

std::string InstanceResourceOf(const cluster::Pod& pod) {
  const auto device = std::find_if(pod.devices.begin(), pod.devices.end(), [](const auto& one) {
    return KindOf(one.name).unit == ResourceKind::Unit::kInstance && one.count > 0;
  });
  return device->name;
}

// What nodes have left once pods of a transition have come.
class RoomLeft {
 public:
  explicit RoomLeft(const World& world) : world_(world) {}

  // False where the pod finds too little; else it is counted.
  bool Takes(std::size_t node, const cluster::Pod& pod) {
    const NodeRoom& room = world_.nodes()[node];
    auto& [cpu, memory] = left_.try_emplace(node, room.cpu, room.memory).first->second;
    if (pod.cpu > cpu || pod.memory > memory) return false;
    cpu -= pod.cpu;
    memory -= pod.memory;
    return true;
  }

 private:
  const World& world_;
  std::map<std::size_t, std::pair<base::MilliCpu, base::MiB>> left_;
};

// All that a fleet of one node's cards is, none of which moves, and of its equal wants.
using FleetKey = std::vector<std::int64_t>;

void Add(std::initializer_list<std::int64_t> values, FleetKey& key) {
  for (const std::int64_t value : values) key.push_back(value);
}

std::int64_t AddressOf(const void* of) {
  return static_cast<std::int64_t>(reinterpret_cast<std::uintptr_t>(of));
}

FleetKey KeyOf(const mig::Fleet& fleet) {
  FleetKey key;
  const mig::Want& want = fleet.wants.front();
  Add({std::ssize(fleet.wants), want.priority, want.weight, std::ssize(want.request)}, key);
  for (const mig::Alternative& one : want.request) {
    Add({AddressOf(one.profile), one.cost, static_cast<std::int64_t>(one.sites)}, key);
  }
  for (const mig::FleetCard& card : fleet.cards) {
    Add({AddressOf(card.model), static_cast<std::int64_t>(card.change), card.site, card.cost,
         std::ssize(card.held), std::ssize(card.free)},
        key);
    for (const mig::HeldInstance& held : card.held) {
      Add({AddressOf(held.at.profile), held.at.start, held.move_cost}, key);
    }
    for (const gpu::Occupied& at : card.free) Add({AddressOf(at.profile), at.start}, key);
  }
  return key;
}

class Partition {
 public:
  explicit Partition(World& world) : world_(world), cuts_(world) {}

  void Run() {
    std::map<int, std::pair<Pods, Pods>, std::greater<>> by_priority;  // of one, of several
    for (const cluster::Pod* pod : world_.demand()) {
      const std::int64_t instances = InstancesOf(*pod);
      if (instances == 0) continue;
      auto& [one, several] = by_priority[pod->priority];
      (instances == 1 ? one : several).push_back(pod);
    }
    Pods wants;
    for (const auto& [priority, pods] : by_priority) {
      // What needs several instances of one node is hardest to serve, but not before more urgent
      // pods.
      if (!pods.second.empty()) MakeForAll(std::exchange(wants, {}));
      for (const cluster::Pod* pod : pods.second) MakeSeveral(*pod);
      wants.insert(wants.end(), pods.first.begin(), pods.first.end());
    }
    MakeForAll(std::move(wants));
    for (const auto& [model, made] : several_) {
      const auto packing = mig::Pack(*model, made.demand);
      if (!packing) continue;
      world_.Certify({fmt::format("{} cards cut for pods of several instances", model->name),
                      made.cards, packing->lower_bound});
    }
  }

 private:
  // On cards that nobody held, for pods that ask for several instances. However they are spread,
  // they need so many cards.
  struct Made {
    std::vector<mig::Demand> demand{};
    std::int64_t cards = 0;
  };

  // One instance for each. Where a node was too full for some, these are tried again on the others.
  void MakeForAll(Pods wants) {
    while (!wants.empty()) {
      const std::size_t before = wants.size();
      const bool full = MakeForMost(wants);
      std::erase_if(wants, [&](const cluster::Pod* pod) { return !Waits(pod); });
      if (!full || wants.size() == before) return;
    }
  }

  bool Waits(const cluster::Pod* pod) const {
    const Pods& demand = world_.demand();
    return std::find(demand.begin(), demand.end(), pod) != demand.end();
  }

  // Whether nodes were too full for some.
  bool MakeForMost(const Pods& wants) {
    InstanceFleet fleet(world_, cuts_, wants);
    mig::Transition transition = mig::PlanTransition(fleet.fleet());
    bool full = false;
    while (TakeOutWhatFindsNoRoom(fleet, transition, wants)) {
      full = true;
      transition = mig::PlanTransition(fleet.fleet());
    }
    CarryOut carry_out(world_, cuts_, fleet, wants);
    carry_out.Do(transition.steps);
    if (!full && transition.stay.empty()) Certify(fleet, transition, carry_out.cut_cards());
    return full;
  }

  // CPU and memory of nodes, and disruption budgets, are not part of the program.
  bool TakeOutWhatFindsNoRoom(InstanceFleet& fleet, const mig::Transition& transition,
                              const Pods& wants) {
    RoomLeft left(world_);
    bool took_out = false;
    for (const mig::Step& step : transition.steps.steps) {
      const auto* move = std::get_if<mig::MoveHeld>(&step);
      if (move == nullptr || MayMove(fleet, *move, left)) continue;
      fleet.fleet().cards[move->card].held[move->held].moves_to.reset();
      took_out = true;
    }
    for (const mig::Step& step : transition.steps.steps) {
      const auto* serve = std::get_if<mig::ServeWant>(&step);
      if (serve == nullptr) continue;
      if (left.Takes(fleet.card(serve->to.card).node, *wants[serve->want])) continue;
      fleet.fleet().wants[serve->want].request.clear();
      took_out = true;
    }
    return took_out;
  }

  // To another node, since a pod that starts again on its own may get its old instance; and not
  // twice where its budget lets it be restarted once.
  bool MayMove(const InstanceFleet& fleet, const mig::MoveHeld& move, RoomLeft& left) {
    const cluster::Pod& pod = fleet.mover(move.card, move.held);
    const NodeRoom& from = world_.nodes()[fleet.card(move.from.card).node];
    const std::size_t to = fleet.card(move.to.card).node;
    if (&from == &world_.nodes()[to]) return false;
    if (move.to_spare && !world_.movable().MayMove({&pod, &pod}, from.policy->moves)) return false;
    return left.Takes(to, pod);
  }

  void Certify(InstanceFleet& fleet, const mig::Transition& transition, int cut) {
    const mig::FleetTotals& totals = transition.answer.totals;
    const mig::FleetTotals& bound = transition.answer.bound;
    const auto sum = [](const mig::FleetTotals& of) {
      return std::accumulate(of.served.begin(), of.served.end(), std::int64_t{0},
                             [](std::int64_t all, const auto& one) { return all + one.second; });
    };
    const auto wants = static_cast<std::int64_t>(fleet.fleet().wants.size());
    if (sum(totals) < wants) {
      world_.Certify({"pods left without an instance", wants - sum(totals), wants - sum(bound)});
    }
    if (cut > 0) world_.Certify({ModelOf(fleet, transition) + "cards cut", cut, bound.changed});
  }

  // Of the cards that are cut, where it is one: "A100-40GB ".
  static std::string ModelOf(InstanceFleet& fleet, const mig::Transition& transition) {
    const gpu::Model* model = nullptr;
    for (const mig::Step& step : transition.steps.steps) {
      const auto* set = std::get_if<mig::SetLayout>(&step);
      if (set == nullptr) continue;
      const gpu::Model* of = fleet.fleet().cards[set->card].model;
      if (model != nullptr && of != model) return "";
      model = of;
    }
    return model == nullptr ? "" : fmt::format("{} ", model->name);
  }

  // ---- several instances of one node ----

  // On the node where the fewest cards have to be cut for it.
  void MakeSeveral(const cluster::Pod& pod) {
    const Pods wants{&pod};
    InstanceFleet fleet(world_, cuts_, wants);
    std::optional<std::pair<std::int64_t, std::size_t>> best;  // cards changed, node
    mig::Steps steps;
    for (const auto& [node, cards] : ByNode(fleet)) {
      mig::Fleet alone = Alone(fleet, cards);
      const std::int64_t missing = InstancesOf(pod) - FreeBeside(alone, world_.nodes()[node], pod);
      if (missing <= 0) continue;
      alone.wants.resize(static_cast<std::size_t>(missing), alone.wants.front());
      const mig::Transition& transition = PlanAlone(std::move(alone));
      const auto& served = transition.answer.served;
      const bool all = std::all_of(served.begin(), served.end(),
                                   [](const auto& place) { return place.has_value(); });
      const std::pair found(transition.answer.totals.changed, node);
      if (!all || (best && *best < found)) continue;
      best = found;
      steps = LayoutsOf(transition.steps, cards);
    }
    if (!best) return;
    for (const mig::Step& step : steps.steps) Count(fleet, std::get<mig::SetLayout>(step), pod);
    CarryOut(world_, cuts_, fleet, wants).Do(steps);
    NodeRoom& node = world_.nodes()[best->second];
    if (Fits(node, pod)) world_.Place(Pass::kPartition, node, pod, "on new instances");
  }

  void Count(InstanceFleet& fleet, const mig::SetLayout& set, const cluster::Pod& pod) {
    const mig::FleetCard& card = fleet.fleet().cards[set.card];
    if (!card.held.empty()) return;
    Made& made = several_[card.model];
    ++made.cards;
    for (const gpu::Occupied& at : set.instances) {
      const bool for_pod = gpu::ResourceNameOf(*at.profile) == InstanceResourceOf(pod);
      const bool stood = std::find(card.free.begin(), card.free.end(), at) != card.free.end();
      if (for_pod && !stood) made.demand.push_back({at.profile, 1});
    }
  }

  static std::map<std::size_t, std::vector<std::size_t>> ByNode(InstanceFleet& fleet) {
    std::map<std::size_t, std::vector<std::size_t>> nodes;
    for (std::size_t c = 0; c < fleet.fleet().cards.size(); ++c) {
      nodes[fleet.card(c).node].push_back(c);
    }
    return nodes;
  }

  // These cards of the fleet, on which nothing moves, and its first want.
  static mig::Fleet Alone(InstanceFleet& fleet, const std::vector<std::size_t>& cards) {
    mig::Fleet alone;
    alone.wants.push_back(fleet.fleet().wants.front());
    for (const std::size_t c : cards) {
      alone.cards.push_back(fleet.fleet().cards[c]);
      for (mig::HeldInstance& held : alone.cards.back().held) held.moves_to.reset();
    }
    return alone;
  }

  // Nodes of one kind, in one state, are planned for once: on a large cluster they are many.
  const mig::Transition& PlanAlone(mig::Fleet alone) {
    const auto [known, is_new] = alone_.try_emplace(KeyOf(alone));
    if (is_new) known->second = mig::PlanTransition(std::move(alone));
    return known->second;
  }

  // Free instances for the pod on cards of the node that are not of the fleet.
  static std::int64_t FreeBeside(const mig::Fleet& fleet, const NodeRoom& node,
                                 const cluster::Pod& pod) {
    const std::string resource = InstanceResourceOf(pod);
    std::int64_t free = CountIn(node.free, resource);
    for (const mig::FleetCard& card : fleet.cards) {
      free -= std::count_if(card.free.begin(), card.free.end(), [&](const gpu::Occupied& at) {
        return gpu::ResourceNameOf(*at.profile) == resource;
      });
    }
    return std::max<std::int64_t>(0, free);
  }

  // The changes of layouts, as steps of the fleet that `cards` are of.
  static mig::Steps LayoutsOf(const mig::Steps& steps, const std::vector<std::size_t>& cards) {
    mig::Steps layouts;
    for (const mig::Step& step : steps.steps) {
      const auto* set = std::get_if<mig::SetLayout>(&step);
      if (set != nullptr)
        layouts.steps.emplace_back(mig::SetLayout{cards[set->card], set->instances});
    }
    return layouts;
  }

  World& world_;
  Cuts cuts_;
  std::map<const gpu::Model*, Made> several_;
  std::map<FleetKey, mig::Transition> alone_;  // looked up alone: its order means nothing
};

}  // namespace

void CutCards(World& world) {
  const auto cuts = [](const NodePolicy& policy) { return policy.mig != MigBackend::kNone; };
  if (!world.SomePolicy(cuts)) return;
  Partition(world).Run();
  CutForShares(world);
  JoinCards(world);
}

}  // namespace tangram::plan

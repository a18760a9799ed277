#include "plan/pass/world.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <numeric>
#include <span>
#include <unordered_map>
#include <utility>

#include "cluster/schedulable.h"
#include "plan/leaks/busy.h"
#include "plan/share/asks.h"

namespace tangram::plan {
namespace {

SeatRoom SeatOf(const cluster::Instance& instance, const gpu::Model* model) {
  SeatRoom seat{.profile = instance.profile, .start = instance.start};
  if (model != nullptr) seat.facts = gpu::ProfileNamed(*model, instance.profile);
  return seat;
}

base::MiB MemoryOf(const cluster::Gpu& gpu, const gpu::Model* model) {
  return gpu.memory.value() > 0 || model == nullptr ? gpu.memory : model->memory;
}

void SetShared(SeatRoom& seat, const cluster::Gpu& gpu) {
  seat.replicas = std::max(1, gpu.replicas);
  if (seat.replicas == 1) return;
  const bool mps = gpu.sharing == cluster::Sharing::kMps;
  seat.sharing = mps ? cluster::Sharing::kMps : cluster::Sharing::kTimeSlicing;
}

CardRoom RoomOf(const Card& card, const Sharers& sharers) {
  CardRoom room{.index = card.gpu->index, .model = card.model};
  room.memory = MemoryOf(*card.gpu, card.model);
  const bool single = card.node->mig_strategy == cluster::MigStrategy::kSingle;
  room.may_change = card.model != nullptr && !single;
  for (const Seat& seat : card.seats) {
    if (seat.uncovered) continue;
    if (seat.replica == 0) {
      room.seats.push_back(seat.instance ? SeatOf(*seat.instance, card.model) : SeatRoom());
      SetShared(room.seats.back(), *card.gpu);
      if (card.gpu->replicas > 1) room.seats.back().used = sharers.UsedOn(card, seat);
    }
    room.seats.back().held += seat.pod != nullptr ? 1 : 0;
  }
  return room;
}

// With nothing on it, and without its cards.
NodeRoom Bare(const cluster::Node& like, std::string name) {
  NodeRoom room{.name = std::move(name), .like = &like, .cpu = like.cpu, .memory = like.memory};
  for (const auto& [resource, count] : like.devices) room.offers[resource] = count;
  room.free = room.offers;
  return room;
}

enum class Hold { kOne, kRelease };

// A seat of the kind to hold or to release: on a card in use before any other. nullptr: none.
SeatRoom* SeatFor(NodeRoom& node, const ResourceKind& kind, Hold hold) {
  SeatRoom* spare = nullptr;
  for (CardRoom& card : node.cards) {
    const auto fits = [&](const SeatRoom& seat) {
      const bool room = hold == Hold::kOne ? seat.held < seat.replicas : seat.held > 0;
      return room && IsOfKind(node, card, seat, kind);
    };
    const auto seat = std::find_if(card.seats.begin(), card.seats.end(), fits);
    if (seat == card.seats.end()) continue;
    if (card.held() > 0) return &*seat;
    if (spare == nullptr) spare = &*seat;
  }
  return spare;
}

void HoldSeats(NodeRoom& node, const ResourceKind& kind, std::int64_t count) {
  const Hold hold = count > 0 ? Hold::kOne : Hold::kRelease;
  for (std::int64_t left = std::abs(count); left > 0; --left) {
    SeatRoom* seat = SeatFor(node, kind, hold);
    if (seat == nullptr) return;  // a resource that stands for no seat
    seat->held += count > 0 ? 1 : -1;
  }
}

// In thousandths of the card.
std::int64_t HeldOf(const CardRoom& card) {
  std::int64_t held = 0;
  for (const SeatRoom& seat : card.seats) {
    if (seat.held == 0) continue;
    std::int64_t size = 1000;
    if (!seat.profile.empty() && card.model != nullptr && card.model->memory_slices > 0) {
      const int slices = seat.facts != nullptr ? std::max(1, seat.facts->memory_slices) : 1;
      size = 1000 * slices / card.model->memory_slices;
    }
    held += size * std::min(seat.held, seat.replicas) / seat.replicas;
  }
  return std::min<std::int64_t>(held, 1000);
}

// False where pods hold more of a GPU resource than the node offers now: a device fell out, or the
// layout changed under them.
bool OffersWhatIsHeld(const NodeRoom& node) {
  return std::all_of(node.free.begin(), node.free.end(), [](const auto& resource) {
    return resource.second >= 0 || KindOf(resource.first).unit == ResourceKind::Unit::kNotGpu;
  });
}

std::string WhyRoomIsUnknown(const cluster::Snapshot& snapshot, const Holdings& holdings) {
  if (!holdings.unplaced.empty()) {
    return fmt::format("{} running pods hold GPUs and name no node", holdings.unplaced.size());
  }
  const cluster::Gap* gap = cluster::GapIn(snapshot, "pods");
  return gap == nullptr ? "" : "not every pod could be read: " + gap->why;
}

// The first resource of a GPU that the pod asks for.
std::string GpuResourceOf(const cluster::Pod& pod) {
  for (const auto& [resource, count] : pod.devices) {
    if (KindOf(resource).unit != ResourceKind::Unit::kNotGpu && count > 0) return resource;
  }
  return "";
}

// Whether what the node offers is what its cards are: else somebody else has changed one of the two
// (DRA owns the cards, a device is unhealthy, a layout is under way), and the cards are left alone.
bool OffersItsCards(const NodeRoom& node) {
  Counts cards;
  for (const CardRoom& card : node.cards) {
    for (const SeatRoom& seat : card.seats) {
      const bool whole = seat.profile.empty();
      if (!whole && seat.facts == nullptr) return false;
      cards[whole ? std::string(kCardResource) : gpu::ResourceNameOf(*seat.facts)] += seat.replicas;
    }
  }
  Counts offers;
  for (const auto& [resource, count] : node.offers) {
    constexpr std::string_view kShared = ".shared";
    if (count == 0 || KindOf(resource).unit == ResourceKind::Unit::kNotGpu) continue;
    std::string_view name = resource;
    if (name.ends_with(kShared)) name.remove_suffix(kShared.size());
    offers[std::string(name)] += count;
  }
  return cards == offers;
}

NodePolicy HandsOff() {
  NodePolicy policy;
  policy.mode = Mode::kObserve;
  policy.mig = MigBackend::kNone;
  policy.sharing = cluster::Sharing::kNone;
  policy.most_replicas = 1;
  policy.give_back = false;
  return policy;
}

}  // namespace

bool WaitsForDevices(const cluster::Pod& pod, const ClassResources& resources) {
  if (!pod.node.empty() || pod.phase != cluster::PodPhase::kPending || pod.terminating)
    return false;
  return AsksForGpu(pod) || resources.AreAskedBy(pod);
}

std::vector<const cluster::Node*> NodesOf(const World& world) {
  std::vector<const cluster::Node*> nodes;
  for (const NodeRoom& node : world.nodes()) nodes.push_back(node.self);
  return nodes;
}

NodeRoom& NodeNamed(std::vector<NodeRoom>& nodes, std::string_view name) {
  return *std::find_if(nodes.begin(), nodes.end(),
                       [&](const NodeRoom& node) { return node.name == name; });
}

bool IsMoreUrgent(const cluster::Pod* a, const cluster::Pod* b) {
  if (a->priority != b->priority) return a->priority > b->priority;
  return std::tie(a->created_at, a->ns, a->name) < std::tie(b->created_at, b->ns, b->name);
}

PodName NameOf(const cluster::Pod& pod) { return {pod.ns, pod.name}; }

World::World(const cluster::Snapshot& snapshot, const PlanPolicy& policy)
    : snapshot_(snapshot),
      policy_(policy),
      gangs_(snapshot),
      hands_off_(HandsOff()),
      state_{.neighbours = Neighbours(snapshot), .book = DeviceBook(snapshot)} {
  std::unordered_map<std::string_view, std::size_t> by_name;
  for (const cluster::Node& node : snapshot.nodes) {
    by_name.emplace(node.name, state_.nodes.size());
    state_.nodes.push_back(Bare(node, node.name));
    state_.nodes.back().self = &node;
    state_.nodes.back().around = &state_.neighbours;
    state_.nodes.back().book = &state_.book;
  }
  for (const cluster::Pod& pod : snapshot.pods) {
    if (!cluster::HoldsDevices(pod)) continue;
    const auto at = by_name.find(pod.node);
    if (at == by_name.end()) continue;
    NodeRoom& node = state_.nodes[at->second];
    node.pods.push_back(&pod);
    node.cpu -= pod.cpu;
    node.memory -= pod.memory;
    for (const auto& [resource, count] : pod.devices) node.free[resource] -= count;
    state_.neighbours.Add(*node.self, pod);
  }
  const Holdings holdings = FindHoldings(snapshot);
  sharers_ = Sharers(holdings);
  for (NodeRoom& node : state_.nodes) node.sharers = &sharers_;
  unknown_room_ = WhyRoomIsUnknown(snapshot, holdings);
  busy_ = BusyOf(snapshot, holdings, LeakPolicy());
  for (const Card& card : holdings.cards) {
    NodeRoom& node = state_.nodes[by_name.at(card.node->name)];
    node.cards.push_back(RoomOf(card, sharers_));
    node.exact = node.exact &&
                 std::all_of(card.seats.begin(), card.seats.end(),
                             [](const Seat& seat) { return seat.pod == nullptr || seat.exact; });
  }
  TakeClaimedCards();
  for (NodeRoom& node : state_.nodes) {
    BlockHeldCards(node);
    // What was sent there and is not bound yet.
    for (const cluster::Pod* pod : node.pods) CountClaims(node, *pod, +1);
  }
  for (NodeRoom& node : state_.nodes) {
    if (OffersItsCards(node) && OffersWhatIsHeld(node)) continue;
    for (CardRoom& card : node.cards) card.may_change = false;
  }
  std::sort(state_.nodes.begin(), state_.nodes.end(),
            [](const NodeRoom& a, const NodeRoom& b) { return a.name < b.name; });
  ResolvePolicies();
  for (const cluster::Pod& pod : snapshot.pods) {
    if (WaitsForDevices(pod, state_.book.resources())) state_.demand.push_back(&pod);
  }
  std::sort(state_.demand.begin(), state_.demand.end(), IsMoreUrgent);
  state_.plan.before = Totals();
  state_.plan.before.waiting = static_cast<std::int64_t>(state_.demand.size());
}

// +1: onto the node; -1: off it.
void World::Count(NodeRoom& node, const cluster::Pod& pod, int sign, SeatRoom* seat) {
  if (sign > 0) {
    node.pods.push_back(&pod);
  } else {
    std::erase(node.pods, &pod);
  }
  node.cpu -= pod.cpu * sign;
  node.memory -= pod.memory * sign;
  for (const auto& [resource, count] : pod.devices) {
    node.free[resource] -= count * sign;
    if (seat == nullptr) HoldSeats(node, KindOf(resource), count * sign);
  }
  if (seat != nullptr) seat->held += sign;
  CountClaims(node, pod, sign);
  BlockHeldCards(node);
}

bool World::Come(const cluster::Pod& pod) {
  const cluster::Pod& came = came_.emplace_back(pod);
  if (!state_.neighbours.Meet(came)) return false;
  if (WaitsForDevices(came, state_.book.resources())) {
    auto& demand = state_.demand;
    demand.insert(std::upper_bound(demand.begin(), demand.end(), &came, IsMoreUrgent), &came);
  } else if (cluster::HoldsDevices(came)) {
    const auto known = std::span(state_.nodes).first(snapshot_.nodes.size());
    const auto node = std::ranges::lower_bound(known, came.node, {}, &NodeRoom::name);
    if (node != known.end() && node->name == came.node) Put(*node, came);
  }
  return true;
}

// For its neighbours a pod goes as soon as what replaces it comes.
void World::Put(NodeRoom& node, const cluster::Pod& pod, SeatRoom* seat) {
  Count(node, pod, +1, seat);
  const auto replaced = replaces_.find(&pod);
  if (replaced != replaces_.end()) {
    const cluster::Pod& before = *replaced->second;
    state_.neighbours.Remove(*NodeNamed(state_.nodes, before.node).self, before);
  }
  state_.neighbours.Add(*node.self, pod);
}

void World::Take(NodeRoom& node, const cluster::Pod& pod, SeatRoom* seat) {
  Count(node, pod, -1, seat);
  state_.neighbours.Remove(*node.self, pod);
  const auto replaced = replaces_.find(&pod);
  if (replaced == replaces_.end()) return;
  const cluster::Pod& before = *replaced->second;
  state_.neighbours.Add(*NodeNamed(state_.nodes, before.node).self, before);
}

Action& World::Act(Pass pass, Change change, std::string reason) {
  Action action{.id = static_cast<int>(state_.plan.actions.size()), .pass = pass};
  action.change = std::move(change);
  action.reason = std::move(reason);
  return state_.plan.actions.emplace_back(std::move(action));
}

Movable& World::movable() {
  if (!movable_) movable_.emplace(snapshot_);
  return *movable_;
}

Action& World::SayMoved(Pass pass, const cluster::Pod& pod, NodeRoom& from, NodeRoom& to,
                        std::string reason) {
  moved_.insert(&pod);
  Action& action = Act(pass, MovePod{NameOf(pod), from.name, to.name}, std::move(reason));
  action.disturbs = {NameOf(pod)};
  action.needs = to.rests_on;
  from.rests_on.push_back(action.id);
  return action;
}

void World::Place(Pass pass, NodeRoom& node, const cluster::Pod& pod, std::string reason,
                  SeatRoom* seat) {
  Put(node, pod, seat);
  const auto replaced = replaces_.find(&pod);
  if (replaced == replaces_.end()) {
    PlacePod change{NameOf(pod), node.name, state_.book.GivenTo(pod)};
    Act(pass, std::move(change), std::move(reason)).needs = node.rests_on;
  } else {
    const cluster::Pod& before = *replaced->second;
    ResizePod change{NameOf(pod), before.node, node.name, GpuResourceOf(before),
                     GpuResourceOf(pod)};
    Action& action = Act(Pass::kResize, std::move(change), std::move(reason));
    action.needs = node.rests_on;
    action.disturbs = {NameOf(pod)};
    NodeRoom& source = NodeNamed(state_.nodes, before.node);
    source.rests_on.push_back(action.id);
    Count(source, before, -1, nullptr);
  }
  std::erase(state_.demand, &pod);
}

void World::Evict(NodeRoom& node, const cluster::Pod& pod, const cluster::Pod& by) {
  Take(node, pod);
  Action& action = Act(Pass::kPreempt, EvictPod{NameOf(pod), node.name, NameOf(by)},
                       fmt::format("{}/{} is more urgent", by.ns, by.name));
  action.disturbs = {NameOf(pod)};
  node.rests_on.push_back(action.id);
  cluster::Pod& waiting = replacements_.emplace_back(pod);
  waiting.node.clear();
  waiting.phase = cluster::PodPhase::kPending;
  waiting.ready = false;
  state_.neighbours.Resemble(waiting, pod);
  if (!WaitsForDevices(waiting, state_.book.resources())) return;
  evicted_by_[&waiting] = &by;
  auto& demand = state_.demand;
  demand.insert(std::upper_bound(demand.begin(), demand.end(), &waiting, IsMoreUrgent), &waiting);
}

const cluster::Pod* World::EvictedBy(const cluster::Pod& pod) const {
  const auto by = evicted_by_.find(&pod);
  return by == evicted_by_.end() ? nullptr : by->second;
}

const cluster::Pod& World::Replacement(const cluster::Pod& pod, const std::string& resource,
                                       int most_replicas) {
  cluster::Pod& replacement = replacements_.emplace_back(pod);
  std::erase_if(replacement.devices, [](const cluster::ResourceCount& device) {
    return KindOf(device.name).unit != ResourceKind::Unit::kNotGpu;
  });
  replacement.devices.push_back({resource, 1});
  replaces_.emplace(&replacement, &pod);
  sharers_.Replace(replacement, pod, most_replicas);
  if (!state_.neighbours.empty()) {
    const cluster::Node* at = NodeNamed(state_.nodes, pod.node).self;
    state_.neighbours.Replace(replacement, pod, at);
  }
  return replacement;
}

const std::optional<Findings>& World::findings() {
  if (!looked_for_findings_ && snapshot_.usage) findings_ = FindLeaks(snapshot_, LeakPolicy());
  looked_for_findings_ = true;
  return findings_;
}

void World::Wait(const cluster::Pod& pod, WaitReason reason, std::string why, std::string remedy) {
  state_.plan.waiting.push_back({NameOf(pod), reason, std::move(why), std::move(remedy)});
}

void World::Certify(Certificate certificate) {
  state_.plan.certificates.push_back(std::move(certificate));
}

const cluster::Node& World::Twin(const cluster::Node& node, std::string name) {
  cluster::Node& twin = twins_.emplace_back(node);
  twin.name = std::move(name);
  for (auto& [key, value] : twin.labels) {
    if (key == "kubernetes.io/hostname") value = twin.name;
  }
  return twin;
}

void World::AddNode(NodeRoom node, std::string name) {
  node.self = &Twin(*node.like, name);
  node.name = std::move(name);
  state_.neighbours.AddNode(*node.self);
  state_.nodes.push_back(std::move(node));
}

NodeRoom World::EmptyLike(const NodeRoom& node) {
  NodeRoom fresh = Bare(*node.like, "");
  fresh.self = &Twin(*node.like, "");
  fresh.around = &state_.neighbours;
  fresh.book = &state_.book;
  fresh.pool = node.pool;
  fresh.policy = node.policy;
  fresh.sharers = &sharers_;
  for (const cluster::Gpu& gpu : node.like->gpus) {
    CardRoom card{.index = gpu.index};
    const auto of = std::find_if(node.cards.begin(), node.cards.end(),
                                 [&](const CardRoom& known) { return known.index == gpu.index; });
    if (of != node.cards.end()) card.model = of->model;
    card.memory = MemoryOf(gpu, card.model);
    card.may_change = false;  // nothing is known of it before it is up
    for (const cluster::Instance& instance : gpu.instances) {
      card.seats.push_back(SeatOf(instance, card.model));
    }
    if (card.seats.empty()) card.seats.emplace_back();
    for (SeatRoom& seat : card.seats) SetShared(seat, gpu);
    fresh.cards.push_back(std::move(card));
  }
  for (const cluster::Pod& pod : snapshot_.pods) {
    if (pod.node != node.like->name || !cluster::HoldsDevices(pod) || !RunsEverywhere(pod))
      continue;
    fresh.cpu -= pod.cpu;
    fresh.memory -= pod.memory;
  }
  return fresh;
}

void World::ResolvePolicies() {
  for (NodeRoom& node : state_.nodes) {
    node.pool = PoolOf(policy_, *node.like);
    const NodePolicy& said = node.pool == nullptr ? policy_.defaults : node.pool->policy;
    node.policy = said.mode == Mode::kObserve ? &hands_off_ : &said;
    node.given_back = std::binary_search(policy_.emptied.begin(), policy_.emptied.end(), node.name);
  }
}

PlanTotals World::Totals() const {
  PlanTotals totals;
  totals.busy = busy_;
  for (const NodeRoom& node : state_.nodes) {
    if (node.given_back || node.cards.empty()) continue;
    ++totals.nodes;
    totals.gpus += static_cast<std::int64_t>(node.cards.size());
    for (const CardRoom& card : node.cards) totals.held += base::MilliGpu(HeldOf(card));
    if (const auto rate = node.rate()) {
      totals.rate += *rate;
    } else {
      ++totals.unpriced_nodes;
    }
  }
  return totals;
}

Plan World::TakePlan() {
  state_.plan.after = Totals();
  std::sort(state_.plan.waiting.begin(), state_.plan.waiting.end(),
            [](const Waiting& a, const Waiting& b) { return a.pod < b.pod; });
  state_.plan.after.waiting = static_cast<std::int64_t>(state_.plan.waiting.size());
  return std::exchange(state_.plan, {});
}

}  // namespace tangram::plan

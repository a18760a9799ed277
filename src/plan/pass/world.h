// The cluster while a plan is made: the snapshot, and what the actions so far have changed.
//
// Room is counted as the scheduler counts it: what a node offers of a resource, less what the pods
// on it ask for. Cards matter only to what changes them (share, partition) and to the sums.
#pragma once

#include <algorithm>
#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <utility>
#include <vector>

#include "cluster/snapshot.h"
#include "gpu/gpu.h"
#include "plan/leaks/leaks.h"
#include "plan/leaks/seats.h"
#include "plan/pass/movable.h"
#include "plan/pass/neighbours.h"
#include "plan/pass/sharers.h"
#include "plan/plan.h"

namespace tangram::plan {

// A thing on a card that pods can hold: the card, or an instance; several pods where it is shared.
struct SeatRoom {
  std::string profile{};                   // as NVIDIA spells it; empty: the whole card
  const gpu::MigProfile* facts = nullptr;  // null: the whole card, or not known
  std::optional<int> start{};
  int replicas = 1;
  int held = 0;  // replicas
  cluster::Sharing sharing = cluster::Sharing::kNone;
  base::MiB used{};  // where it is shared: known to be used by the pods that run on it
};

struct CardRoom {
  int index = 0;
  const gpu::Model* model = nullptr;  // null: unknown
  base::MiB memory{};                 // 0: not known
  // Its layout and its shares may be changed: the model is known, the node offers what its cards
  // are and no less than pods hold, and instances are offered under their own names.
  bool may_change = true;
  std::vector<SeatRoom> seats{};
  bool is_cut() const { return !seats.empty() && !seats.front().profile.empty(); }
  int held() const;  // replicas of its seats
};

using Counts = std::map<std::string, std::int64_t, std::less<>>;
std::int64_t CountIn(const Counts& counts, std::string_view resource);

struct NodeRoom {
  std::string name{};
  const cluster::Node* like = nullptr;  // itself or, for a node that is added, the one it is like
  const cluster::Node* self = nullptr;  // as pods see it: `like`, under its own name
  const Neighbours* around = nullptr;   // who runs where, on all nodes
  const Pool* pool = nullptr;           // null: no pool selects it
  const NodePolicy* policy = nullptr;   // what may be done to it
  bool given_back = false;
  bool recut = false;    // the plan changes its layout
  base::MilliCpu cpu{};  // free
  base::MiB memory{};    // free
  Counts offers{};       // extended resources
  Counts free{};         // below 0 where pods hold more than the node offers now
  std::vector<CardRoom> cards{};
  bool exact = true;  // the cluster says which card each pod holds; else it was counted on
  std::vector<const cluster::Pod*> pods{};  // that are on it now
  std::vector<int> rests_on{};              // actions that its room rests on
  const Sharers* sharers = nullptr;         // the world's
  // kSpot: it is added as spot, which `like` is not. Else what `like` is.
  std::optional<cluster::CapacityType> capacity{};
  std::optional<base::MicroUsdPerHour> rate() const;
  // What a card costs, for orders: cheapest first, without a price last. It has cards.
  std::pair<bool, base::MicroUsdPerHour> cost_of_card() const;
  int held() const;  // replicas on its cards
  // Holds nothing but what every node runs.
  bool is_empty() const;
  bool is_added() const { return name != like->name; }
  // Pods that run may be put on it.
  bool may_receive() const { return policy->mode != Mode::kObserve; }
};

// Whether the seat is what one device of the kind stands for on that node.
bool IsOfKind(const NodeRoom& node, const CardRoom& card, const SeatRoom& seat,
              const ResourceKind& kind);

// Runs on every node, and ends with it.
bool RunsEverywhere(const cluster::Pod& pod);

// What passes change.
struct WorldState {
  Neighbours neighbours;
  std::vector<NodeRoom> nodes{};  // by name; added ones at the end
  std::vector<const cluster::Pod*> demand{};
  Plan plan{};
};

class World {
 public:
  // Both must outlive it.
  World(const cluster::Snapshot& snapshot, const PlanPolicy& policy);

  const cluster::Snapshot& snapshot() const { return snapshot_; }
  const PlanPolicy& policy() const { return policy_; }
  // Made when first asked for; nothing where usage was not measured.
  const std::optional<Findings>& findings();
  const Neighbours& neighbours() const { return state_.neighbours; }
  std::vector<NodeRoom>& nodes() { return state_.nodes; }
  const std::vector<NodeRoom>& nodes() const { return state_.nodes; }

  // Pods that wait, could be served, and are not served yet; most urgent first: priority, then
  // age, then name.
  std::vector<const cluster::Pod*>& demand() { return state_.demand; }

  // To try something and go back.
  const WorldState& state() const { return state_; }
  void Restore(WorldState state) { state_ = std::move(state); }

  // A running pod as it would be with one of `resource` in place of its devices; it is light enough
  // for `most_replicas` of a card. Placing it takes the pod that it replaces off its node.
  const cluster::Pod& Replacement(const cluster::Pod& pod, const std::string& resource,
                                  int most_replicas);
  bool IsReplacement(const cluster::Pod& pod) const { return replaces_.contains(&pod); }

  // Why it is not known what is on the nodes: running pods name no node (a trace without
  // placement), or not every pod could be read. Then nothing may be done to a node. Empty: it is
  // known.
  const std::string& unknown_room() const { return unknown_room_; }

  // Counts the pod onto the node, or off it: with `seat` its one device is that of the node, else
  // one of those free.
  void Put(NodeRoom& node, const cluster::Pod& pod, SeatRoom* seat = nullptr);
  void Take(NodeRoom& node, const cluster::Pod& pod, SeatRoom* seat = nullptr);

  std::vector<Action>& actions() { return state_.plan.actions; }
  // Appends an action that needs no other; the reference holds until the next.
  Action& Act(Pass pass, Change change, std::string reason);
  // Puts a pod that waits, or a replacement, on the node and says so.
  void Place(Pass pass, NodeRoom& node, const cluster::Pod& pod, std::string reason,
             SeatRoom* seat = nullptr);
  // Says that a pod, which was counted onto the one and off the other, moves.
  Action& SayMoved(Pass pass, const cluster::Pod& pod, NodeRoom& from, NodeRoom& to,
                   std::string reason);
  // A pod is moved for one reason: what was moved stays then.
  bool WasMoved(const cluster::Pod& pod) const { return moved_.contains(&pod); }
  // What may be moved, less what was. Made when first asked for.
  Movable& movable();
  // Takes a running pod off the node for `by`, and says so. It waits from now on.
  void Evict(NodeRoom& node, const cluster::Pod& pod, const cluster::Pod& by);
  // For whom a pod that waits was evicted; nullptr: it was not.
  const cluster::Pod* EvictedBy(const cluster::Pod& pod) const;
  void Wait(const cluster::Pod& pod, WaitReason reason, std::string why, std::string remedy);
  void Certify(Certificate certificate);
  // Whether the policy of some node has that.
  template <class Has>
  bool SomePolicy(Has has) const;
  // Nodes of the pool that are not given back and for which that is so.
  template <class Is>
  int CountOf(const Pool& pool, Is is) const;
  // A node that is like another, empty but for what every node runs. Not one of the world's yet.
  NodeRoom EmptyLike(const NodeRoom& node);
  // Takes such a node among the world's, under a name that no node has.
  void AddNode(NodeRoom node, std::string name);

  Plan Finish() &&;

 private:
  PlanTotals Totals() const;
  void Count(NodeRoom& node, const cluster::Pod& pod, int sign, SeatRoom* seat);
  const cluster::Node& Twin(const cluster::Node& node, std::string name);
  void ResolvePolicies();

  const cluster::Snapshot& snapshot_;
  const PlanPolicy& policy_;
  const NodePolicy hands_off_;  // of nodes that are only observed
  Sharers sharers_;
  WorldState state_;
  std::optional<Findings> findings_;
  bool looked_for_findings_ = false;
  std::optional<base::MilliGpu> busy_;  // of all cards, on average; absent: nothing was measured
  std::string unknown_room_;
  std::deque<cluster::Node> twins_;  // of nodes that are added
  std::deque<cluster::Pod> replacements_;
  std::unordered_map<const cluster::Pod*, const cluster::Pod*> replaces_;
  std::optional<Movable> movable_;
  std::unordered_set<const cluster::Pod*> moved_;
  std::unordered_map<const cluster::Pod*, const cluster::Pod*> evicted_by_;
};

template <class Has>
bool World::SomePolicy(Has has) const {
  return std::any_of(nodes().begin(), nodes().end(),
                     [&](const NodeRoom& node) { return has(*node.policy); });
}

template <class Is>
int World::CountOf(const Pool& pool, Is is) const {
  const auto counts = [&](const NodeRoom& node) {
    return node.pool == &pool && !node.given_back && is(node);
  };
  return static_cast<int>(std::count_if(nodes().begin(), nodes().end(), counts));
}

PodName NameOf(const cluster::Pod& pod);

// The order in which pods that wait are served: priority, then age, then name.
bool IsMoreUrgent(const cluster::Pod* a, const cluster::Pod* b);

// The nodes themselves, in the order of the world's.
std::vector<const cluster::Node*> NodesOf(const World& world);

// The node of that name, which has to be there.
NodeRoom& NodeNamed(std::vector<NodeRoom>& nodes, std::string_view name);

// Has no node yet, and asks for a GPU in any form.
bool WaitsForGpu(const cluster::Pod& pod);

// The most of the resource that the node could offer with nothing on it, if its cards were shared
// and cut as the resource asks.
std::int64_t CouldOffer(const NodeRoom& node, std::string_view resource);

// Whether the pod may run on the node, there are CPU and memory for it, and its devices have the
// memory that it says it needs.
bool MayRun(const NodeRoom& node, const cluster::Pod& pod);

// Whether there is room for it, whoever may run there.
bool HasRoom(const NodeRoom& node, const cluster::Pod& pod);

// Whether it may run there, there is room, and it may share what is shared there.
bool Fits(const NodeRoom& node, const cluster::Pod& pod);

}  // namespace tangram::plan

// The cluster while a plan is made: the snapshot, and what the actions so far have changed.
//
// Room is counted as the scheduler counts it: what a node offers of a resource, less what the pods
// on it ask for. Cards matter only to what changes them (share, partition) and to the sums.
#pragma once

#include <algorithm>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <utility>
#include <vector>

#include "cluster/gang.h"
#include "cluster/snapshot.h"
#include "plan/leaks/leaks.h"
#include "plan/leaks/seats.h"
#include "plan/pass/device_book.h"
#include "plan/pass/movable.h"
#include "plan/pass/neighbours.h"
#include "plan/pass/node_room.h"
#include "plan/pass/sharers.h"
#include "plan/place/policy.h"
#include "plan/plan.h"

namespace tangram::plan {

// What passes change.
struct WorldState {
  Neighbours neighbours;
  DeviceBook book;
  std::vector<NodeRoom> nodes{};  // by name; added ones at the end
  std::vector<const cluster::Pod*> demand{};
  Plan plan{};
};

// What nodes are worth for whole cards by the policy `tangram`.
struct Prices {
  using ByState = std::unordered_map<NodeState, std::int64_t, NodeStateHash>;
  // Null until somebody needs it, since it takes long to make. It goes by the pods and the empty
  // nodes of the snapshot, whatever came since.
  std::unique_ptr<Policy> policy;
  // What was asked already. Policies look at no memory: it is left out of shape and states.
  std::unordered_map<Shape, ByState, ShapeHash> worth{};
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
  const DeviceBook& book() const { return state_.book; }
  const cluster::GangBook& gangs() const { return gangs_; }
  std::vector<NodeRoom>& nodes() { return state_.nodes; }
  const std::vector<NodeRoom>& nodes() const { return state_.nodes; }

  // Pods that wait, could be served, and are not served yet; most urgent first: priority, then
  // age, then name.
  std::vector<const cluster::Pod*>& demand() { return state_.demand; }

  // A pod that came after the snapshot: one more that waits, or that runs on its node. False where
  // it says of others what nobody said before: this world is of no use then.
  bool Come(const cluster::Pod& pod);

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

  // What was decided since it was taken last, with the sums of now.
  Plan TakePlan();
  // What whole cards are worth, to whoever asks first and to those after.
  Prices& prices() { return prices_; }

 private:
  PlanTotals Totals() const;
  void Count(NodeRoom& node, const cluster::Pod& pod, int sign, SeatRoom* seat);
  void CountClaims(NodeRoom& node, const cluster::Pod& pod, int sign);
  void TakeClaimedCards();
  void BlockHeldCards(const NodeRoom& node);
  const cluster::Node& Twin(const cluster::Node& node, std::string name);
  void ResolvePolicies();

  const cluster::Snapshot& snapshot_;
  const PlanPolicy& policy_;
  const cluster::GangBook gangs_;
  const NodePolicy hands_off_;  // of nodes that are only observed
  Sharers sharers_;
  WorldState state_;
  std::optional<Findings> findings_;
  bool looked_for_findings_ = false;
  std::optional<base::MilliGpu> busy_;  // of all cards, on average; absent: nothing was measured
  std::string unknown_room_;
  std::deque<cluster::Node> twins_;  // of nodes that are added
  std::deque<cluster::Pod> replacements_;
  std::deque<cluster::Pod> came_;
  Prices prices_;
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

// What of DRA the pod asks for: "its claim c", "its claims c, d and 2 example.com/gpu".
std::string ClaimsOf(const cluster::Pod& pod, const ClassResources& resources);

// The order in which pods that wait are served: priority, then age, then name.
bool IsMoreUrgent(const cluster::Pod* a, const cluster::Pod* b);

// The nodes themselves, in the order of the world's.
std::vector<const cluster::Node*> NodesOf(const World& world);

// The node of that name, which has to be there.
NodeRoom& NodeNamed(std::vector<NodeRoom>& nodes, std::string_view name);

// Has no node yet, and asks for a GPU in any form, or for what a DeviceClass stands behind.
bool WaitsForDevices(const cluster::Pod& pod, const ClassResources& resources);

}  // namespace tangram::plan

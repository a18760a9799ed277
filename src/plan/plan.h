// What to change: the front door of the planner.
//
// MakePlan() reads a snapshot and a policy and proposes actions, in an order in which they can be
// done. Nothing is done here. Pure and deterministic: time is snapshot.taken_at, and equal
// arguments give equal plans; a snapshot's lists are sorted (cluster::Normalize), so the order in
// which objects came does not matter. plan/validate.h checks a plan against its snapshot without
// knowing how it was made.
//
// A plan owns its names: it outlives the snapshot.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/units.h"
#include "cluster/snapshot.h"
#include "plan/policy.h"
#include "plan/share/serving.h"

namespace tangram::plan {

// The passes, in the order in which they run. Each is one file of pass/.
enum class Pass {
  kAdmit,        // which pods wait for a GPU, and which of them no change can serve
  kPlace,        // pods that fit now go to a node
  kShare,        // cards nobody holds are shared, or shared further, for pods that ask for a share;
                 // last of all, shares that memory has no room for go
  kPartition,    // cards nobody holds are cut for pods that ask for an instance
  kResize,       // idle pods stop, and light workloads get what they need, where that is asked for
  kPreempt,      // urgent pods take the room of less urgent ones, where that is allowed
  kReady,        // free instances are made where a pool keeps some ready
  kConsolidate,  // pods that may move leave nodes that others can absorb
  kScale,        // nodes are added for what still waits, and empty ones are given back
};
std::string_view NameOf(Pass pass);  // "consolidate"
std::optional<Pass> PassNamed(std::string_view name);

struct PodName {
  std::string ns;
  std::string name;
  friend auto operator<=>(const PodName&, const PodName&) = default;
};

// ---- what can be done ----

struct ClaimedDevice {
  std::string claim;  // in the pod's namespace
  cluster::AllocatedDevice device;
  bool operator==(const ClaimedDevice&) const = default;
};
struct PlacePod {  // a waiting pod, on a node that has room
  PodName pod;
  std::string node;
  // What its claims get there as kube-scheduler allocates; without those that are allocated.
  std::vector<ClaimedDevice> devices{};
  bool operator==(const PlacePod&) const = default;
};
struct MovePod {  // a running pod: evicted, and made again by its controller
  PodName pod;
  std::string from;
  std::string to;
  bool operator==(const MovePod&) const = default;
};
struct EvictPod {  // a running pod, whose room another takes; its controller makes it again
  PodName pod;
  std::string node;
  PodName by;  // a more urgent one, that is placed
  bool operator==(const EvictPod&) const = default;
};
struct StopPod {  // its controller runs one less
  PodName pod;
  std::string node;
  bool operator==(const StopPod&) const = default;
};
struct ResizePod {  // made again, asking for one of another resource
  PodName pod;
  std::string from;
  std::string to;
  std::string resource_before;
  std::string resource_after;
  bool operator==(const ResizePod&) const = default;
};
struct Reshare {  // every whole card of the node, or every instance of one profile on it
  std::string node;
  cluster::Sharing sharing = cluster::Sharing::kTimeSlicing;
  int from = 1;  // replicas
  int to = 1;
  std::string profile{};  // NVIDIA's spelling; empty: whole cards
  bool operator==(const Reshare&) const = default;
};
struct PlacedInstance {
  std::string profile;       // NVIDIA's spelling
  std::optional<int> start;  // memory slice; absent where the cluster did not report it
  bool operator==(const PlacedInstance&) const = default;
};
struct Repartition {
  std::string node;
  int gpu = 0;                       // index on the node
  std::vector<PlacedInstance> from;  // empty: MIG is off
  std::vector<PlacedInstance> to;    // ascending start; holds what pods hold, where it stands
  bool operator==(const Repartition&) const = default;
};
struct AddNode {
  std::string node;  // a name for this plan: "new-1"
  std::string like;  // the node whose type, labels and layout it has
  // As spot where `like` is not, for pods that all say that they may be interrupted.
  cluster::CapacityType capacity = cluster::CapacityType::kUnknown;
  bool operator==(const AddNode&) const = default;
};
struct GiveBack {
  std::string node;
  bool operator==(const GiveBack&) const = default;
};
using Change = std::variant<PlacePod, MovePod, EvictPod, StopPod, ResizePod, Reshare, Repartition,
                            AddNode, GiveBack>;

struct Action {
  int id = 0;  // its place in Plan::actions, from 0
  Pass pass = Pass::kPlace;
  Change change{};
  std::string reason{};                                // one sentence
  std::optional<base::MicroUsdPerHour> rate_before{};  // of the node; absent: price unknown, or no
  std::optional<base::MicroUsdPerHour> rate_after{};   // node is added or given back
  std::vector<PodName> disturbs{};                     // running pods that are restarted
  std::vector<int> needs{};                            // actions that have to be done before
  // Of a pod that goes to a share or to an instance: the GPU memory that is its own there. Absent:
  // it gets whole cards, or their memory is not known.
  std::optional<MemoryShare> gpu_memory{};
  bool operator==(const Action&) const = default;
};

// ---- what waits ----

enum class WaitReason {
  // never, unless something changes
  kNoSuchDevice,  // no node of the cluster has the resource, and none could be made to
  kTooLarge,      // it asks for more than the largest node has
  kNoNodeAllows,  // node selectors and taints leave no node that has the resource
  kIsolation,     // it asks for a share, and for isolation that no share has
  // not now
  kNoRoom,     // what it asks for is held by others
  kGated,      // another scheduling gate holds it
  kByClaim,    // what its DRA claim asks for is not there yet, or cannot be worked out
  kGang,       // not all pods of its gang fit
  kApart,      // affinity to other pods, theirs, or spread keeps it off nodes that have room
  kNotAllowed  // a change would serve it, which the policy rules out
};
std::string_view NameOf(WaitReason reason);  // "NoSuchDevice"
bool IsNever(WaitReason reason);

struct Waiting {
  PodName pod;
  WaitReason reason = WaitReason::kNoRoom;
  std::string why;     // what was found
  std::string remedy;  // what would change it
  bool operator==(const Waiting&) const = default;
};

// ---- the whole ----

// How far an answer is from the best possible.
struct Certificate {
  std::string what;  // "cards cut, A100-40GB"
  std::int64_t value = 0;
  std::int64_t bound = 0;  // no plan under this policy has less
  bool operator==(const Certificate&) const = default;
};

struct PlanTotals {
  std::int64_t nodes = 0;  // with GPUs
  std::int64_t gpus = 0;
  base::MilliGpu held;  // of all cards, the parts that pods hold
  // Of all cards, what was busy on average, as far as it was measured; after the plan the same work
  // is done. Absent: nothing was measured.
  std::optional<base::MilliGpu> busy;
  base::MicroUsdPerHour rate;
  std::int64_t unpriced_nodes = 0;
  std::int64_t waiting = 0;  // pods
  bool operator==(const PlanTotals&) const = default;
};

struct Plan {
  std::vector<Action> actions;
  std::vector<Waiting> waiting;  // by namespace, name
  std::vector<Certificate> certificates;
  PlanTotals before;
  PlanTotals after;
  bool operator==(const Plan&) const = default;
};

// Called after each pass that ran: the caller may take the time.
using PassDone = std::function<void(Pass)>;

// Where two pools of the policy select one node, the first one's policy is its policy (CheckPools).
Plan MakePlan(const cluster::Snapshot& snapshot, const PlanPolicy& policy,
              const PassDone& done = {});

}  // namespace tangram::plan

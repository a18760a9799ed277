// What a plan may do: to each node, and in all.
//
// Plain values. Nodes under one policy are a pool; what no pool selects is under the defaults.
// pool/read_pools.h reads pools from the file form of the GpuPool object (docs/pools.md).
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "cluster/snapshot.h"
#include "plan/forecast/forecast.h"
#include "plan/windows.h"

namespace tangram::plan {

inline constexpr int kPasses = 9;  // plan.h

// How far a node is in our hands.
enum class Mode {
  // It is left as it is: nothing is done to it and to what runs on it, and nothing is moved there.
  // Pods that wait go there where they fit now, as the scheduler would put them anyway.
  kObserve,
  kRecommend,  // plans are made, and each waits for approval
  kAuto,       // plans are made and carried out
};

// Which running pods a plan may move. Never one that is pinned, alone (no controller makes it
// again), of a DaemonSet, or whose disruption budget is used up.
enum class Moves {
  kNone,
  kReplicated,  // its controller runs others beside it
  kControlled,  // any pod that a controller makes again
};

// Who changes MIG layouts, and so what has to be free for it.
enum class MigBackend {
  kAgent,       // one card at a time; instances are made in free placements beside held ones
  kMigManager,  // wipes every card of the node: no pod may hold a GPU of it
  kNone,        // layouts stay as they are
};

// What may be done to a node, and to the pods that run on it.
struct NodePolicy {
  Mode mode = Mode::kAuto;

  Moves moves = Moves::kNone;
  // Whether pods are evicted where more urgent ones, by priority, find no room: never those that
  // are pinned, bare or of a DaemonSet, nor beyond their disruption budgets; gangs go whole.
  bool preempt = false;
  // Whether pods that the leaks call idle (leaks.h) are stopped: their controller is scaled down.
  bool stop_idle = false;
  // Whether workloads that the leaks call light get an instance or a share in place of a card: the
  // template of their controller is changed, and each pod restarted once its new place is ready. A
  // workload changes whole or not at all. Pods labelled tangram.dev/isolation keep what that says:
  // Exclusive the card, Hardware at least an instance of their own.
  bool resize = false;

  MigBackend mig = MigBackend::kAgent;
  // Profiles that instances may be made of, as gpu::ProfileNamed reads them; empty: any.
  std::vector<std::string> profiles{};

  // How cards and instances are shared; kNone: nothing is shared anew. Absent: as they are shared
  // now; where they are not, by time-slicing, or by MPS where the node is ready for it and the pods
  // are of one workload (share/sharing.h).
  std::optional<cluster::Sharing> sharing{};
  // Shares of a card, or of an instance, that the plan may make; 1: none is shared. 4 is the
  // field's default for development; kMaxTimeSlicingReplicas at most.
  int most_replicas = 4;

  // Whether nodes may be added as spot where the cluster has them on demand; only for pods labelled
  // tangram.dev/interruptible: "true".
  bool spot = true;
  bool give_back = true;
  // Empty nodes that are kept: of each pool, and of what no pool selects of each node pool of the
  // cloud.
  int keep_empty = 0;
  bool operator==(const NodePolicy&) const = default;
};

// Instances that are kept free beside those that pods hold and wait for.
struct ReadyInstances {
  std::string profile{};                   // as gpu::ProfileNamed reads it
  int free = 1;                            // at least, on all nodes of the pool together
  std::vector<MaintenanceWindow> hours{};  // when one is open; empty: always
  bool operator==(const ReadyInstances&) const = default;
};

// Nodes under one policy, and what holds for them together.
struct Pool {
  std::string name;
  cluster::Labels selector;  // every entry is among the node's labels; empty: every node
  NodePolicy policy;
  std::int64_t generation = 0;            // of the object; 0 in a file
  int least_nodes = 0;                    // none is given back below this
  std::optional<int> most_nodes{};        // none is added above this
  std::optional<int> most_new_nodes{};    // added by one plan, at most
  std::optional<int> most_recut_nodes{};  // whose layouts one plan changes, at most
  // Made in room that nobody holds; earlier ones first. No node is added for them.
  std::vector<ReadyInstances> ready{};
  // Whether what is expected of Snapshot::demand is ready before it comes, after `ready`. Profiles
  // that no history names are left as they are.
  std::optional<ReadyOptions> forecast{};
  // When actions of its plans begin; empty: at any time.
  std::vector<MaintenanceWindow> windows{};
  bool operator==(const Pool&) const = default;
};

struct PlanPolicy {
  std::array<bool, kPasses> on = {true, true, true, true, true, true, true, true, true};  // by Pass
  NodePolicy defaults;
  // Nodes to add at most, in all; 0: none.
  int most_new_nodes = 100;
  std::vector<Pool> pools;  // no two select the same node (CheckPools)
  // Nodes that nothing goes to, by name: a plan that is being carried out empties them.
  std::vector<std::string> emptied{};
  bool operator==(const PlanPolicy&) const = default;
};

// The pool that selects the node, by its labels; the first, where CheckPools would refuse.
// nullptr: none does.
const Pool* PoolOf(const PlanPolicy& policy, const cluster::Node& node);
// Whether the node has every label that the pool selects by.
bool Selects(const Pool& pool, const cluster::Node& node);

// Error kInvalid where two pools select the same node of the snapshot; it names all three.
base::Result<void> CheckPools(const PlanPolicy& policy, const cluster::Snapshot& snapshot);

}  // namespace tangram::plan

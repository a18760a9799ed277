// One saga on one node, and its journal: the NodeOperation.
//
// Plain values; objects/read_operations.h reads them, report/operation_json.h writes them,
// control/operations.h decides what becomes of them. Of its kinds this version knows Repartition
// and Reshare.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "cluster/condition.h"
#include "plan/plan.h"
#include "plan/proposal.h"
#include "plan/share/sharing_config.h"

namespace tangram::plan {

// The steps, in their order; RollBack is begun only where one failed, RestartPlugin where the
// device plugin does not see what is there. What a backend has no need for is left out.
enum class OperationStep {
  kReserve,         // the taint: no new pod comes
  kEvict,           // pods that the plan named go
  kApply,           // whoever owns the cards is told of the new layout
  kRestart,         // what mig-manager left paused runs again
  kVerify,          // the node really has it
  kRestartPlugin,   // the device plugin goes and comes
  kRollBack,        // it is told of the former layout
  kVerifyRollBack,  // the node really has that
  kRelease,         // the taint goes
};
std::string_view NameOf(OperationStep step);  // "Reserve"
std::optional<OperationStep> StepNamed(std::string_view name);

struct StepRecord {
  enum class State { kRunning, kDone, kFailed, kRolledBack };
  OperationStep step = OperationStep::kReserve;
  State state = State::kRunning;
  base::Time started_at{};  // its last attempt
  std::optional<base::Time> finished_at{};
  int attempts = 1;
  std::string message{};
  bool operator==(const StepRecord&) const = default;
};

// A card, as it is and as it is to be. Empty: MIG is off.
struct CardLayouts {
  int gpu = 0;         // index on the node
  std::string uuid{};  // of cards that the agent is to cut; may be empty otherwise
  std::vector<PlacedInstance> before{};
  std::vector<PlacedInstance> after{};
  bool operator==(const CardLayouts&) const = default;
};

// A running pod that may be evicted: that one, and none that came after it under its name.
struct NamedPod {
  PodName pod{};
  std::string uid{};
  bool operator==(const NamedPod&) const = default;
};

// The devices of a node are shared otherwise, by another configuration of its device plugin.
struct Resharing {
  std::string profile{};  // of the instances; empty: whole cards
  ShareChange change{};
  cluster::Sharing before = cluster::Sharing::kNone;
  cluster::Sharing after = cluster::Sharing::kNone;
  std::string config_before{};  // the value of nvidia.com/device-plugin.config; empty: it has none
  // Known once the operation stands written: who writes it reads the configurations first.
  std::string config_after{};
  bool renamed = true;  // then shares have a resource of their own
  bool operator==(const Resharing&) const = default;
};

// Whether running pods are in its way: all that hold such devices, or those that are too many.
enum class InTheWay { kNobody, kTooMany, kHolders };
InTheWay WhoIsInTheWayOf(const Resharing& reshare);

struct NodeOperation {
  std::string name{};
  std::string node{};
  std::string reason{};
  std::string plan{};                            // that it carries out
  std::vector<int> actions{};                    // of that plan
  MigBackend backend = MigBackend::kMigManager;  // who cuts the cards
  std::vector<CardLayouts> cards{};              // of every card of the node, by index
  std::string label_before{};          // the value of nvidia.com/mig.config; empty: it has none
  std::string order_before{};          // GpuNode.spec.operation, of backend Agent; empty: none
  std::optional<Resharing> reshare{};  // of kind Reshare; then it has no cards
  std::vector<NamedPod> evict{};       // by pod

  // Status: the journal.
  std::optional<OperationStep> step{};  // absent: before the first, or after the last
  std::vector<StepRecord> steps{};
  std::vector<cluster::Condition> conditions{};

  // Of the object in a cluster.
  std::string uid{};
  std::string version{};        // resourceVersion
  std::int64_t generation = 0;  // of the spec
  base::Time created_at{};
  bool ours = false;  // Tangram made it
  bool operator==(const NodeOperation&) const = default;
};

// Done, RolledBack or Failed: nothing more becomes of it.
bool IsOver(const NodeOperation& operation);
// The condition that says how it ended; nullptr: it is not over.
const cluster::Condition* EndOf(const NodeOperation& operation);
const StepRecord* RecordOf(const NodeOperation& operation, OperationStep step);

// Whether it may evict that pod.
bool IsNamed(const NodeOperation& operation, const cluster::Pod& pod);

// Its name: of the plan as an object, of the node and, for a Reshare, of the action, so that a
// second attempt to make it meets the first. At most 63 letters, so that it can be the value of a
// taint. The change is a Repartition or a Reshare.
std::string OperationName(const Proposal& plan, const Action& action);
// The node that the change is about, if operations make such changes; nullptr: they do not.
const std::string* NodeToOperate(const Change& change);

// ---- layouts that mig-manager applies by name ----

// How many instances of which profile each card of a node has; an empty map: MIG is off.
struct MigLayout {
  std::string name{};
  std::map<int, std::map<std::string, int>> cards{};  // by index, by NVIDIA's name of the profile
  bool operator==(const MigLayout&) const = default;
};

inline constexpr std::string_view kLayoutPrefix = "tangram-";

// mig-manager acts only when the label's value changes; so each layout has a second name.
struct LayoutNames {
  std::string after{};         // the new layout
  std::string before{};        // the former one
  std::string before_again{};  // the same, where `before` stands on the label already
};
LayoutNames LayoutNamesOf(const NodeOperation& operation);
// Both layouts, under every name that the operation may write.
std::vector<MigLayout> LayoutsOf(const NodeOperation& operation);

}  // namespace tangram::plan

// What the control plane writes: the only way out of src/control.
#pragma once

#include <cstdint>
#include <set>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/result.h"
#include "cluster/gpu_node.h"
#include "plan/object_status.h"
#include "plan/operation.h"
#include "plan/proposal.h"

namespace tangram::control {

// A pod as we know it: of that name, and no other that came after it under the same name.
struct PodRef {
  std::string ns;
  std::string name;
  std::string uid;
  friend auto operator<=>(const PodRef&, const PodRef&) = default;
};

// Takes our scheduling gate off a pod and, in the same write, narrows its node affinity to `nodes`,
// preferring the first. Fails with kConflict where the pod is no longer at `version`.
struct LiftGate {
  PodRef pod{};
  std::string version{};             // resourceVersion
  std::string node_affinity{};       // of the pod, as the adapter gave it to the Model
  std::vector<std::string> nodes{};  // best first; empty: the scheduler chooses
  std::string why{};                 // one line, kept on the pod
  bool operator==(const LiftGate&) const = default;
};

// Asks the API server to evict a pod. kLater: its disruption budget says "not now".
struct Evict {
  PodRef pod{};
  std::string why{};
  std::string operation{};  // that waits for it; empty: none
  bool operator==(const Evict&) const = default;
};

// Says on the pod (its events) that it waits, and why.
struct SayWaiting {
  PodRef pod{};
  std::string reason{};  // plan::NameOf(WaitReason)
  std::string message{};
  bool operator==(const SayWaiting&) const = default;
};

// An object of ours as we know it.
struct ObjectRef {
  std::string name;
  std::string uid;
  friend auto operator<=>(const ObjectRef&, const ObjectRef&) = default;
};

// kConflict: a plan of that name is there.
struct CreatePlan {
  plan::Proposal plan{};
  bool operator==(const CreatePlan&) const = default;
};

// kDenied: the account has not the verb `approve`.
struct ApprovePlan {
  ObjectRef plan{};
  bool operator==(const ApprovePlan&) const = default;
};

// Records and conditions of the plan. Where plan.version is not empty it fails with kConflict if
// the object is no longer at it.
struct WritePlanStatus {
  plan::Proposal plan{};
  std::vector<cluster::Condition> news{};  // of its conditions, those to tell in events of the plan
  bool operator==(const WritePlanStatus&) const = default;
};

struct DeletePlan {
  ObjectRef plan{};
  bool operator==(const DeletePlan&) const = default;
};

struct WritePoolStatus {
  std::string pool{};
  plan::PoolStatus status{};
  bool operator==(const WritePoolStatus&) const = default;
};

struct WriteClassStatus {
  std::string gpu_class{};
  plan::ClassStatus status{};
  bool operator==(const WriteClassStatus&) const = default;
};

// ---- of NodeOperations (operations.h) ----

// kConflict: an operation of that name is there. Of a Reshare, what it does not know yet is filled
// in first; kInvalid: the device plugin's configurations do not allow it.
struct CreateOperation {
  plan::NodeOperation operation{};
  bool operator==(const CreateOperation&) const = default;
};

// As WritePlanStatus.
struct WriteOperationStatus {
  plan::NodeOperation operation{};
  std::vector<cluster::Condition> news{};
  bool operator==(const WriteOperationStatus&) const = default;
};

struct DeleteOperation {
  ObjectRef operation{};
  bool operator==(const DeleteOperation&) const = default;
};

// A node that an operation works on carries this taint, with the operation's name.
inline constexpr std::string_view kRepartitionTaint = "tangram.dev/repartition";

struct LabelChange {
  std::string key{};
  std::string from{};  // what has to stand there; empty: nothing
  std::string to{};
  bool operator==(const LabelChange&) const = default;
};

// Success where it is so already. kConflict: a label stands at neither, or the taint is another's.
struct ChangeNode {
  std::string node{};
  std::string operation{};  // the taint's value
  enum class Taint { kLeave, kAdd, kRemove } taint = Taint::kLeave;
  std::vector<LabelChange> labels{};
  bool operator==(const ChangeNode&) const = default;
};

// Makes the layouts known to mig-manager, and leaves every other one as it is, but for those of
// ours that nobody uses, where there are very many. kInvalid: somebody changed one of them.
struct WriteLayouts {
  std::string operation{};  // that needs them
  std::vector<plan::MigLayout> layouts{};
  std::set<std::string> in_use{};  // names of ours that nodes have, or that operations may need
  bool operator==(const WriteLayouts&) const = default;
};

// Makes the configuration that the operation's `reshare` names known to the device plugin, and
// leaves every other one as it is. kInvalid: somebody changed it, or the one that it is made of.
struct WriteSharing {
  std::string operation{};  // that needs it
  plan::Resharing reshare{};
  bool operator==(const WriteSharing&) const = default;
};

// Asks our agent on the node to cut cards, in place of what its GpuNode asked before. Fails with
// kConflict where the object is no longer at `version`.
struct OrderCut {
  std::string node{};
  std::string operation{};  // that needs it
  cluster::CutOrder order{};
  std::string version{};  // resourceVersion of the GpuNode
  bool operator==(const OrderCut&) const = default;
};

using Write =
    std::variant<LiftGate, Evict, SayWaiting, CreatePlan, ApprovePlan, WritePlanStatus, DeletePlan,
                 WritePoolStatus, WriteClassStatus, CreateOperation, WriteOperationStatus,
                 DeleteOperation, ChangeNode, WriteLayouts, WriteSharing, OrderCut>;

// The pod that a write is about; nullptr: it is about an object of ours.
inline const PodRef* PodOf(const Write& write) {
  return std::visit(
      [](const auto& one) -> const PodRef* {
        if constexpr (requires { one.pod; }) {
          return &one.pod;
        } else {
          return nullptr;
        }
      },
      write);
}

// Never blocks, never calls back into the caller. The outcome of each write that was started comes
// later, once, to Controller::Finish with its id; or never, where leadership is lost.
class Actuator {
 public:
  using Id = std::uint64_t;
  virtual ~Actuator() = default;
  virtual void Start(Id id, Write write) = 0;
};

}  // namespace tangram::control

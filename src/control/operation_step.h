// A NodeOperation, one step on: its journal and the world -> its journal as it is to be, and what
// to write (docs/operations.md).
//
// Pure. A saga: a step stands in the journal, as it was read back or written by us, before anything
// of it is done; each can be done twice without harm; each has a deadline. Once the hardware may
// have changed, a failure leads through RollBack and its verification. A person who changes the
// label or the taint in the middle wins: nothing more is written but that our taint goes.
#pragma once

#include <string>
#include <vector>

#include "base/clock.h"
#include "cluster/gpu_node.h"
#include "cluster/snapshot.h"
#include "control/actuator.h"
#include "plan/operation.h"

namespace tangram::control {

// The reason of an operation that found others where the plan saw nobody.
inline constexpr const char* kTakenMeanwhile = "TakenMeanwhile";

struct StepLimits {
  base::Milliseconds reserve{120'000};
  base::Milliseconds evict{1'800'000};  // budgets that say "later" included
  // mig-manager waits up to 5 minutes for the daemons that it stops; what takes longer hangs.
  base::Milliseconds apply{900'000};
  base::Milliseconds reboot{1'800'000};  // where it says that the node is rebooting
  base::Milliseconds verify{300'000};    // until feature discovery and the device plugin looked
  // What mig-manager said before it saw the new label; after so long it is about that.
  base::Milliseconds settle{60'000};
  // What it never finished is left alone for so long before we believe what we see.
  base::Milliseconds hold{120'000};
  int roll_backs = 3;  // attempts, by turns under two names
  // Until the kubelet has brought a new configuration to the pods of the device plugin: one that
  // looks for it before stops, and is started again later and later.
  base::Milliseconds bring{90'000};

  // Every span divided by so much, for tests in real time.
  StepLimits Hurried(int by) const;
};

struct OperationWorld {
  const cluster::Node* node = nullptr;         // nullptr: it is gone
  std::vector<const cluster::Pod*> holders{};  // pods that hold GPUs of it, and are in the way
  std::vector<const cluster::Pod*> others{};   // that hold some, and are to stay
  const cluster::GpuNode* report = nullptr;    // of our agent there; nullptr: there is none
  std::string not_allowed{};                   // why it may not begin to change anything; or empty
  std::string not_allowed_reason{};            // in CamelCase
  bool layouts_written = false;                // who applies them knows them, by this process
  std::string layouts_refused{};               // why they cannot be, and what to do; or empty
};

struct OperationMove {
  plan::NodeOperation to{};     // where it differs from what stands written, that comes first
  std::vector<Write> writes{};  // of a step that stands written
  base::Time look_again{};      // though nothing changed
};

OperationMove NextStep(const plan::NodeOperation& operation, const OperationWorld& world,
                       const StepLimits& limits, base::Time now);

}  // namespace tangram::control

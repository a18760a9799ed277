// What a cluster would have cost over the time that its usage was measured, had it been run as the
// planner would.
//
// It assumes that the cluster looked all that time as it does in the snapshot: the same pods on the
// same nodes, each node from its creation on. What a plan gives back would not have been paid for.
// Work that ended before the snapshot, and what a change itself costs, are not seen.
#pragma once

#include <array>
#include <cstdint>

#include "base/clock.h"
#include "base/result.h"
#include "base/units.h"
#include "cluster/snapshot.h"
#include "plan/leaks/leaks.h"

namespace tangram::plan {

// Each does what those before it do, and more. It may save less than the one before where the cards
// that it cuts keep other nodes.
enum class WhatIfStep {
  kGiveBack,     // empty nodes go; pods that wait are placed
  kStopIdle,     // pods that do nothing are stopped
  kConsolidate,  // pods that a controller makes again leave nodes that others can absorb
  kResize,       // light workloads get an instance or a share in place of a card
};
inline constexpr int kWhatIfSteps = 4;

struct WhatIfOutcome {
  WhatIfStep step = WhatIfStep::kGiveBack;
  base::MicroUsd saved{};       // of `spent`, with the steps before it
  std::int64_t given_back = 0;  // nodes
  std::int64_t unpriced = 0;    // of these, whose price is unknown: not in `saved`
  std::int64_t stopped = 0;     // pods
  std::int64_t disturbed = 0;   // pods that are restarted
  bool operator==(const WhatIfOutcome&) const = default;
};

struct WhatIf {
  base::Time from{};
  base::Time to{};
  base::MicroUsd spent{};                       // for the nodes with GPUs whose price is known
  std::int64_t unpriced_nodes = 0;              // with GPUs
  std::array<base::MicroUsd, kLeaks> leaked{};  // of `spent`, by Leak
  base::MicroUsd useful{};
  base::MicroUsd unmeasured{};
  std::array<WhatIfOutcome, kWhatIfSteps> steps{};
  const WhatIfOutcome& best() const;  // the first that saves most
  bool operator==(const WhatIf&) const = default;
};

// Fails (kInvalid) on a snapshot without usage. Nodes are never added: the same work is compared.
base::Result<WhatIf> WouldHaveSaved(const cluster::Snapshot& snapshot);

}  // namespace tangram::plan

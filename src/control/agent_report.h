// What our agent on a node reports of the cards (cluster::GpuNode), against what they are to be.
#pragma once

#include <string>
#include <vector>

#include "base/clock.h"
#include "cluster/gpu_node.h"
#include "cluster/pod.h"
#include "control/node_layout.h"
#include "plan/operation.h"

namespace tangram::control {

// It is written at least each 5 minutes: who is silent for so long does not run.
inline constexpr base::Milliseconds kReportTooOld{600'000};

// Why nothing can be ordered there now, and what to do; empty: it can. `report` may be null: there
// is none.
std::string WhyNoOrder(const cluster::GpuNode* report, const std::string& node, base::Time now);

// The cards as reported, `after` as `before`. One that was not read is left out.
std::vector<plan::CardLayouts> CardsOf(const cluster::GpuNode& report);

// How the cards that change are to be cut, for an order.
std::vector<cluster::CutCard> CutsOf(const std::vector<plan::CardLayouts>& cards, Side side);

// What differs on the cards that change, for a person; empty: nothing does. Places count, too.
std::string DifferenceOf(const cluster::GpuNode& report,
                         const std::vector<plan::CardLayouts>& cards, Side side);

// Who holds what has to go, of these pods, for a person; empty: none of them. Pods that are being
// deleted are on their way.
std::string HeldBy(const std::vector<const cluster::Pod*>& pods, const cluster::GpuNode& report,
                   const std::vector<plan::CardLayouts>& cards);

// What has to go and is in use, for a person; empty: nothing. What stays at its place may be.
std::string InUseOf(const cluster::GpuNode& report, const std::vector<plan::CardLayouts>& cards);

}  // namespace tangram::control

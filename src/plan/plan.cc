#include "plan/plan.h"

#include <algorithm>
#include <utility>

#include "plan/pass/passes.h"

namespace tangram::plan {
namespace {

constexpr std::array<std::string_view, kPasses> kPassNames = {
    "admit", "place", "share", "partition", "resize", "preempt", "ready", "consolidate", "scale"};

using RunPass = void (*)(World&);
constexpr std::array<std::pair<Pass, RunPass>, kPasses + 1> kOrder = {
    {{Pass::kAdmit, Admit},
     {Pass::kPlace, PlacePods},
     {Pass::kShare, ShareCards},
     {Pass::kPartition, CutCards},
     {Pass::kResize, Resize},
     {Pass::kPreempt, Preempt},
     {Pass::kReady, KeepReady},
     {Pass::kConsolidate, Consolidate},
     {Pass::kScale, Scale},
     {Pass::kShare, RelieveCards}}};  // once it is known who goes where

}  // namespace

std::string_view NameOf(Pass pass) { return kPassNames.at(static_cast<std::size_t>(pass)); }

std::optional<Pass> PassNamed(std::string_view name) {
  const auto at = std::find(kPassNames.begin(), kPassNames.end(), name);
  if (at == kPassNames.end()) return std::nullopt;
  return static_cast<Pass>(at - kPassNames.begin());
}

std::string_view NameOf(WaitReason reason) {
  switch (reason) {
    case WaitReason::kNoSuchDevice:
      return "NoSuchDevice";
    case WaitReason::kTooLarge:
      return "TooLarge";
    case WaitReason::kNoNodeAllows:
      return "NoNodeAllows";
    case WaitReason::kIsolation:
      return "Isolation";
    case WaitReason::kNoRoom:
      return "NoRoom";
    case WaitReason::kGated:
      return "Gated";
    case WaitReason::kByClaim:
      return "ByClaim";
    case WaitReason::kGang:
      return "Gang";
    case WaitReason::kApart:
      return "Affinity";
    case WaitReason::kNotAllowed:
      break;
  }
  return "NotAllowed";
}

bool IsNever(WaitReason reason) {
  return reason == WaitReason::kNoSuchDevice || reason == WaitReason::kTooLarge ||
         reason == WaitReason::kNoNodeAllows || reason == WaitReason::kIsolation;
}

Plan PlanIn(World& world, const PassDone& done) {
  for (const auto& [pass, run] : kOrder) {
    // Only what was admitted may be placed.
    const bool always = pass == Pass::kAdmit;
    if (!always && !world.policy().on.at(static_cast<std::size_t>(pass))) continue;
    if (!always && !world.unknown_room().empty()) continue;
    run(world);
    if (done) done(pass);
  }
  SayGpuMemory(world);
  ExplainWaiting(world);
  return world.TakePlan();
}

Plan MakePlan(const cluster::Snapshot& snapshot, const PlanPolicy& policy, const PassDone& done) {
  World world(snapshot, policy);
  return PlanIn(world, done);
}

}  // namespace tangram::plan

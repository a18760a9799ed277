#include "plan/leaks/leaks.h"

#include "plan/leaks/draft.h"

namespace tangram::plan {

Findings FindLeaks(const cluster::Snapshot& snapshot, const LeakPolicy& policy) {
  Draft draft(snapshot, policy);
  JudgeHeldSeats(draft);
  FindUnplacedCapacity(draft);
  FindEmptyNodes(draft);
  FindFreeCards(draft);
  FindIdlePods(draft);
  FindFreeShares(draft);
  FindLightWorkloads(draft);
  FindOnDemandNodes(draft);
  return std::move(draft).Finish();
}

}  // namespace tangram::plan

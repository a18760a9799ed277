#include "plan/leaks/busy.h"

#include "plan/leaks/judge.h"

namespace tangram::plan {

std::optional<base::MilliGpu> BusyOf(const cluster::Snapshot& snapshot, const Holdings& holdings,
                                     const LeakPolicy& policy) {
  if (!snapshot.usage) return std::nullopt;
  base::MilliGpu seen;  // free, or measured
  std::int64_t active = 0;
  bool any = false;
  for (const Card& card : holdings.cards) {
    base::PartsPerMillion before;
    for (const Seat& seat : card.seats) {
      const base::MilliGpu size = PartBetween(before, before + seat.share);
      before = before + seat.share;
      if (seat.pod == nullptr) {
        seen += size;
        continue;
      }
      const Judgement judgement = Judge(snapshot, card, seat, policy);
      if (!judgement.evidence || judgement.not_judged) continue;
      any = true;
      seen += size;
      active += size.value() * judgement.evidence->active_mean.value();
    }
  }
  if (!any || seen.value() == 0) return std::nullopt;
  return base::ShareOf(seen, base::PartsPerMillion(active / seen.value()));
}

}  // namespace tangram::plan

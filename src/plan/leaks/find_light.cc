// Leaks 2 and 3: whole cards for small work, and one workload a card.
#include <fmt/format.h>

#include "plan/leaks/draft.h"
#include "plan/share/asks.h"

namespace tangram::plan {
namespace {

constexpr base::PartsPerMillion kNothing{0};

void BookFreeSlices(Draft& draft, SeatWork& work) {
  Finding finding = draft.About(FindingKind::kFreeSlices, work);
  finding.technique = Technique::kRelayout;
  finding.why = work.seat->uncovered ? "no instance covers this part of a card that is in use"
                                     : "nobody holds this instance of a card that is in use";
  finding.fix = work.seat->uncovered
                    ? "create instances there that pending pods ask for"
                    : "re-cut the card to the profiles that pods ask for, or pack them here";
  finding.risk_reason = "free slices can be changed without touching running pods";
  draft.Book(work, std::move(finding), kNothing);
  work.settled = true;
}

void BookFreeReplica(Draft& draft, SeatWork& work) {
  Finding finding = draft.About(FindingKind::kFreeReplicas, work);
  finding.technique =
      work.card->gpu->sharing == cluster::Sharing::kMps ? Technique::kMps : Technique::kTimeSlicing;
  finding.why =
      fmt::format("one of {} shares of a card that is in use has no pod", work.card->gpu->replicas);
  finding.fix = "send light pods here, or lower the replicas so that each gets more of the card";
  finding.risk_reason = "replicas change only on an idle card";
  draft.Book(work, std::move(finding), kNothing);
  work.settled = true;
}

std::optional<LeftAlone> WhyKept(const SeatWork& work, const HolderFacts& facts) {
  if (work.judgement->not_judged) return work.judgement->not_judged;
  if (work.card->model == nullptr) return LeftAlone::kUnknownModel;
  if (IsPinned(*work.seat->pod)) return LeftAlone::kPinned;
  if (facts.seats > 1) return LeftAlone::kManyGpus;
  if (work.card->gpu->replicas > 1) return LeftAlone::kSharedSeries;
  return std::nullopt;
}

LightWorkload WorkloadOf(const Draft& draft, const SeatWork& work) {
  const Card& card = *work.card;
  LightWorkload workload;
  workload.model = card.model;
  workload.memory_total = card.gpu->memory.value() > 0 ? card.gpu->memory : card.model->memory;
  if (work.seat->instance) {
    workload.profile = gpu::ProfileNamed(*card.model, work.seat->instance->profile);
    if (workload.profile && workload.profile->memory) {
      workload.memory_total = *workload.profile->memory;
    }
  }
  workload.evidence = *work.judgement->evidence;
  if (workload.evidence.memory_total) workload.memory_total = *workload.evidence.memory_total;
  workload.development = IsDevelopment(*work.seat->pod);
  workload.replicated = draft.IsReplicated(*work.seat->pod);
  workload.dra = !card.gpu->dra_device.empty();
  return workload;
}

FindingKind KindOfAdvice(const Advice& advice, const SeatWork& work) {
  const bool shares =
      advice.technique == Technique::kTimeSlicing || advice.technique == Technique::kMps;
  if (shares) return FindingKind::kUnsharedCard;
  return work.seat->instance ? FindingKind::kOversizedInstance : FindingKind::kOversizedCard;
}

void LookAtSeat(Draft& draft, SeatWork& work) {
  const HolderFacts& facts = draft.FactsOf(*work.seat->pod);
  work.state = work.judgement->not_judged ? SeatState::kUnmeasured : SeatState::kUseful;
  if (const auto kept = WhyKept(work, facts)) return draft.LeaveAlone(work, *kept);
  auto advice = Advise(WorkloadOf(draft, work), draft.policy());
  if (!advice) return draft.LeaveAlone(work, advice.error().reason);
  Finding finding = draft.About(KindOfAdvice(*advice, work), work);
  finding.technique = advice->technique;
  finding.target = std::move(advice->target);
  finding.replicas = advice->replicas;
  finding.why = std::move(advice->why);
  finding.fix = std::move(advice->fix);
  finding.risk = advice->risk;
  finding.risk_reason = std::move(advice->risk_reason);
  work.state =
      LeakOf(finding.kind) == Leak::kUnshared ? SeatState::kUnshared : SeatState::kOversized;
  draft.Book(work, std::move(finding), advice->keeps);
  work.settled = true;
}

}  // namespace

void FindFreeShares(Draft& draft) {
  for (SeatWork& work : draft.seats()) {
    if (work.settled || work.seat->pod != nullptr) continue;
    const bool slices = work.seat->uncovered || work.card->gpu->replicas <= 1;
    slices ? BookFreeSlices(draft, work) : BookFreeReplica(draft, work);
  }
}

void FindLightWorkloads(Draft& draft) {
  for (SeatWork& work : draft.seats()) {
    if (!work.settled && work.seat->pod != nullptr) LookAtSeat(draft, work);
  }
}

}  // namespace tangram::plan

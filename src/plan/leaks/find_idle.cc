// Leak 1: what runs and does nothing.
#include <fmt/format.h>

#include <algorithm>

#include "plan/leaks/draft.h"

namespace tangram::plan {
namespace {

constexpr base::PartsPerMillion kNothing{0};

bool IsFree(const SeatWork& work) { return work.seat->pod == nullptr; }

std::string StateOf(const cluster::Node& node) {
  if (!node.ready) return " (not ready, still billed)";
  if (!node.schedulable) return " (cordoned)";
  return "";
}

bool IsYoung(const cluster::Node& node, const Draft& draft) {
  return draft.snapshot().taken_at - node.created_at < draft.policy().idle_after;
}

void BookEmptyNode(Draft& draft, std::span<SeatWork> seats) {
  const cluster::Node& node = *seats.front().card->node;
  Finding finding = draft.About(FindingKind::kEmptyNode, seats.front());
  finding.gpu = -1;
  finding.instance = {};
  finding.technique = Technique::kScaleToZero;
  finding.why = fmt::format("no pod holds any of its {} GPUs{}", node.gpus.size(), StateOf(node));
  const bool reserved = node.capacity_type == cluster::CapacityType::kReserved;
  finding.fix = reserved ? "reserved capacity: let waiting or lower-priority work use it"
                         : "give the node back; scale its pool to zero when nothing asks";
  finding.risk = reserved ? Level::kMedium : Level::kLow;
  finding.risk_reason = reserved ? "reserved capacity may be hard to get back"
                                 : "a new node takes minutes to boot when demand returns";
  draft.BookAll(seats, std::move(finding));
}

// Seats of the card that starts at `first`.
std::span<SeatWork> CardSeats(std::span<SeatWork> node, std::size_t first) {
  std::size_t end = first;
  while (end < node.size() && node[end].card == node[first].card) ++end;
  return node.subspan(first, end - first);
}

void BookFreeCard(Draft& draft, std::span<SeatWork> seats) {
  Finding finding = draft.About(FindingKind::kFreeCard, seats.front());
  finding.instance = {};
  finding.technique = Technique::kConsolidate;
  finding.why = "nobody holds this card, while others on its node are held";
  finding.fix = "pack its neighbours' pods onto fewer nodes, or let pending work use it";
  finding.risk = Level::kMedium;
  finding.risk_reason = "consolidation moves the pods that run beside it";
  draft.BookAll(seats, std::move(finding));
}

}  // namespace

void JudgeHeldSeats(Draft& draft) {
  for (SeatWork& work : draft.seats()) {
    if (IsFree(work)) continue;
    work.judgement = Judge(draft.snapshot(), *work.card, *work.seat, draft.policy());
    if (!work.judgement->not_judged && work.judgement->idle) {
      ++draft.FactsOf(*work.seat->pod).idle_seats;
    }
  }
}

void FindUnplacedCapacity(Draft& draft) {
  if (draft.holdings().unplaced.empty()) return;
  base::MilliGpu asked;
  for (const cluster::Pod* pod : draft.holdings().unplaced) asked += CardsAsked(*pod);
  base::MilliGpu free;
  for (SeatWork& work : draft.seats()) {
    if (!IsFree(work)) continue;
    free += work.gpus_left;
    // Which cards are held is not known, so none of them may be called free.
    draft.LeaveAlone(work, LeftAlone::kNoPlacement);
  }
  if (free <= asked) return;
  Finding finding;
  finding.kind = FindingKind::kFreeCard;
  finding.gpus = free - asked;
  finding.technique = Technique::kConsolidate;
  finding.confidence = Level::kMedium;
  finding.why = fmt::format("running pods ask for {:.1f} of the {} GPUs; which ones is not known",
                            static_cast<double>(asked.value()) / 1000, free.value() / 1000);
  finding.fix = "take a snapshot that names each pod's node to see which nodes can go";
  finding.risk_reason = "none: this only counts";
  draft.BookLoose(std::move(finding));
}

void FindEmptyNodes(Draft& draft) {
  for (std::span<SeatWork> seats : draft.Nodes()) {
    if (!std::all_of(seats.begin(), seats.end(), IsFree) || seats.front().settled) continue;
    if (IsYoung(*seats.front().card->node, draft)) {
      for (SeatWork& work : seats) draft.LeaveAlone(work, LeftAlone::kYoung);
    } else {
      BookEmptyNode(draft, seats);
    }
  }
}

void FindFreeCards(Draft& draft) {
  for (std::span<SeatWork> node : draft.Nodes()) {
    for (std::size_t first = 0; first < node.size();) {
      const std::span<SeatWork> card = CardSeats(node, first);
      first += card.size();
      if (card.front().settled || !std::all_of(card.begin(), card.end(), IsFree)) continue;
      BookFreeCard(draft, card);
    }
  }
}

void FindIdlePods(Draft& draft) {
  for (SeatWork& work : draft.seats()) {
    if (work.settled || IsFree(work) || work.judgement->not_judged) continue;
    if (!work.judgement->idle) continue;
    const HolderFacts& facts = draft.FactsOf(*work.seat->pod);
    if (facts.idle_seats < facts.seats) continue;  // part of it works: later passes look at it
    if (IsPinned(*work.seat->pod)) {
      draft.LeaveAlone(work, LeftAlone::kPinned);
      continue;
    }
    Finding finding = draft.About(FindingKind::kIdlePod, work);
    const Evidence& seen = *finding.evidence;
    finding.technique = Technique::kScaleToZero;
    finding.why =
        fmt::format("held, but at most {:.1f} % busy in the whole window{}",
                    static_cast<double>(seen.active_max.value()) / 1e4,
                    seen.memory_max && seen.memory_max->value() > 1024
                        ? fmt::format(", with {:.1f} GiB loaded",
                                      static_cast<double>(seen.memory_max->value()) / 1024)
                        : "");
    finding.fix = "ask its owner, then scale it to zero; bring it back on demand";
    const bool serves = work.seat->pod->owner.kind == "Deployment";
    finding.risk = serves ? Level::kMedium : Level::kLow;
    finding.risk_reason = serves
                              ? "it may serve rare requests: the first one would wait for a start"
                              : "its state outside the pod's disk is lost when it stops";
    work.state = SeatState::kIdle;
    draft.Book(work, std::move(finding), kNothing);
    work.settled = true;
  }
}

}  // namespace tangram::plan

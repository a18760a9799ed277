#include "plan/leaks/draft.h"

#include <algorithm>
#include <tuple>
#include <utility>

namespace tangram::plan {
namespace {

// Known waste first and largest, then by where it is: a total order.
auto PlaceOf(const Finding& finding) {
  const std::int64_t waste = finding.waste ? finding.waste->value() : -1;
  return std::make_tuple(-waste, -finding.gpus.value(), finding.node, finding.gpu);
}

bool ComesFirst(const Finding& a, const Finding& b) {
  const auto key = [](const Finding& f) {
    return std::make_tuple(f.instance, f.pod.ns, f.pod.name, f.kind);
  };
  return key(a) < key(b);
}

// Findings are large: their places are sorted, and each is moved once.
std::vector<Finding> Sorted(std::vector<Finding> findings) {
  std::vector<std::pair<decltype(PlaceOf(Finding())), Finding*>> order;
  order.reserve(findings.size());
  for (Finding& finding : findings) order.emplace_back(PlaceOf(finding), &finding);
  std::sort(order.begin(), order.end(), [](const auto& a, const auto& b) {
    return a.first != b.first ? a.first < b.first : ComesFirst(*a.second, *b.second);
  });
  std::vector<Finding> sorted;
  sorted.reserve(findings.size());
  for (const auto& [place, finding] : order) sorted.push_back(std::move(*finding));
  return sorted;
}

// "namespace/Kind/name".
std::string WorkloadKey(const cluster::Pod& pod) {
  const bool bare = pod.owner.kind.empty();
  std::string key(pod.ns);
  key.append("/").append(bare ? "Pod" : pod.owner.kind).append("/");
  return key.append(bare ? pod.name : pod.owner.name);
}

}  // namespace

Leak LeakOf(FindingKind kind) {
  switch (kind) {
    case FindingKind::kEmptyNode:
    case FindingKind::kFreeCard:
    case FindingKind::kIdlePod:
      return Leak::kIdle;
    case FindingKind::kFreeSlices:
    case FindingKind::kOversizedCard:
    case FindingKind::kOversizedInstance:
      return Leak::kOversized;
    case FindingKind::kFreeReplicas:
    case FindingKind::kUnsharedCard:
      return Leak::kUnshared;
    case FindingKind::kOnDemandNode:
      break;
  }
  return Leak::kOnDemand;
}

base::MicroUsdPerHour WasteOf(const Split& split) {
  base::MicroUsdPerHour sum;
  for (const auto waste : split.waste) sum += waste;
  return sum;
}

std::string_view ModelName(const Card& card) {
  return card.model ? card.model->name : std::string_view(card.gpu->product);
}

Draft::Draft(const cluster::Snapshot& snapshot, const LeakPolicy& policy)
    : snapshot_(snapshot), policy_(policy), holdings_(FindHoldings(snapshot)) {
  for (const cluster::Namespace& ns : snapshot.namespaces) {
    team_of_namespace_[ns.name] = cluster::Find(ns.labels, policy.team_label);
  }
  for (Card& card : holdings_.cards) {
    base::PartsPerMillion before;
    for (Seat& seat : card.seats) {
      SeatWork work;
      work.seat = &seat;
      work.card = &card;
      work.left = seat.cost;
      const base::PartsPerMillion after = before + seat.share;
      work.gpus = PartBetween(before, after);
      work.gpus_left = work.gpus;
      before = after;
      seats_.push_back(work);
      if (seat.pod != nullptr) ++FactsOf(*seat.pod).seats;
    }
  }
  CountWorkloads();
}

void Draft::CountWorkloads() {
  std::unordered_map<std::string, std::size_t> known;
  for (const cluster::Pod& pod : snapshot_.pods) {
    const auto facts = facts_.find(&pod);
    if (facts == facts_.end()) continue;
    const auto [found, fresh] = known.try_emplace(WorkloadKey(pod), workloads_.size());
    if (fresh) workloads_.push_back({found->first});
    facts->second.workload = found->second;
    ++workloads_[found->second].pods;
  }
}

std::vector<std::span<SeatWork>> Draft::Nodes() {
  std::vector<std::span<SeatWork>> nodes;
  for (std::size_t first = 0; first < seats_.size();) {
    std::size_t end = first;
    while (end < seats_.size() && seats_[end].card->node == seats_[first].card->node) ++end;
    nodes.push_back(std::span(seats_).subspan(first, end - first));
    first = end;
  }
  return nodes;
}

std::string_view Draft::TeamOf(const cluster::Pod& pod) const {
  const std::string_view own = cluster::Find(pod.labels, policy_.team_label);
  if (!own.empty()) return own;
  const auto found = team_of_namespace_.find(pod.ns);
  return found == team_of_namespace_.end() ? std::string_view() : found->second;
}

Finding Draft::About(FindingKind kind, const SeatWork& work) const {
  Finding finding;
  finding.kind = kind;
  finding.node = work.card->node->name;
  finding.gpu = work.card->gpu->index;
  finding.model = ModelName(*work.card);
  if (work.seat->instance) finding.instance = work.seat->instance->profile;
  if (const cluster::Pod* pod = work.seat->pod) {
    finding.pod = {pod->ns, pod->name};
    finding.owner = {pod->owner.kind, pod->owner.name};
    finding.team = TeamOf(*pod);
  }
  if (work.judgement && work.judgement->evidence) {
    finding.evidence = work.judgement->evidence;
    finding.confidence = work.judgement->confidence;
  }
  return finding;
}

base::MicroUsdPerHour Draft::TakeOut(SeatWork& work, Leak leak, base::PartsPerMillion keeps) {
  const base::MicroUsdPerHour waste = work.left - base::ShareOf(work.left, keeps);
  work.left -= waste;
  work.waste[static_cast<std::size_t>(leak)] += waste;
  return waste;
}

bool Draft::IsShown(const cluster::Pod* pod) const {
  if (policy_.only_namespace.empty()) return true;
  return pod != nullptr && pod->ns == policy_.only_namespace;
}

void Draft::Add(Finding finding) {
  if (!policy_.only_namespace.empty() && finding.pod.ns != policy_.only_namespace) return;
  LeakSummary& leak = findings_.leaks[static_cast<std::size_t>(LeakOf(finding.kind))];
  leak.gpus += finding.gpus;
  if (finding.waste) {
    leak.waste += *finding.waste;
  } else {
    ++leak.unpriced;
  }
  leak.findings.push_back(std::move(finding));
}

void Draft::Book(SeatWork& work, Finding finding, base::PartsPerMillion keeps) {
  const base::MicroUsdPerHour waste = TakeOut(work, LeakOf(finding.kind), keeps);
  const base::MilliGpu kept = base::ShareOf(work.gpus_left, keeps);
  finding.gpus = work.gpus_left - kept;
  work.gpus_left = kept;
  if (work.card->priced) finding.waste = waste;
  Add(std::move(finding));
}

void Draft::BookAll(std::span<SeatWork> works, Finding finding) {
  base::MicroUsdPerHour waste;
  for (SeatWork& work : works) {
    waste += TakeOut(work, LeakOf(finding.kind), base::PartsPerMillion(0));
    finding.gpus += work.gpus_left;
    work.gpus_left = base::MilliGpu(0);
    work.settled = true;
  }
  if (works.front().card->priced) finding.waste = waste;
  Add(std::move(finding));
}

void Draft::BookOverpaid(std::span<SeatWork* const> works, Finding finding,
                         base::PartsPerMillion keeps) {
  base::MicroUsdPerHour waste;
  for (SeatWork* work : works) {
    waste += TakeOut(*work, LeakOf(finding.kind), keeps);
    finding.gpus += work->gpus_left;
  }
  finding.waste = waste;
  Add(std::move(finding));
}

void Draft::LeaveAlone(SeatWork& work, LeftAlone reason) {
  work.settled = true;
  if (!IsShown(work.seat->pod)) return;
  LeftAloneSummary& summary = left_alone_[reason];
  summary.reason = reason;
  ++summary.count;
  summary.gpus += work.gpus_left;
  summary.cost += work.left;
}

Findings Draft::Finish() && {
  for (LeakSummary& leak : findings_.leaks) {
    leak.findings = Sorted(std::move(leak.findings));
  }
  for (auto& [reason, summary] : left_alone_) findings_.left_alone.push_back(summary);
  std::erase_if(seats_, [&](const SeatWork& work) { return !IsShown(work.seat->pod); });
  Summarize(holdings_, seats_, *this, findings_);
  return std::move(findings_);
}

}  // namespace tangram::plan

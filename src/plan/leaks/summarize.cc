// Sums over seats: totals, groups, cards, prices, and the steps to take.
#include <algorithm>
#include <map>
#include <tuple>
#include <unordered_map>
#include <unordered_set>

#include "plan/leaks/draft.h"

namespace tangram::plan {
namespace {

bool IsMeasured(const SeatWork& work) {
  return work.judgement && work.judgement->evidence && work.state != SeatState::kUnmeasured;
}

void AddTo(Split& split, const SeatWork& work) {
  split.cost += work.seat->cost;
  split.gpus += work.gpus;
  for (std::size_t leak = 0; leak < split.waste.size(); ++leak)
    split.waste[leak] += work.waste[leak];
  const bool known = work.state != SeatState::kUnmeasured && work.state != SeatState::kFree;
  (known ? split.useful : split.unmeasured) += work.left;
}

bool WastesMore(const Group& a, const Group& b) {
  const auto order = [](const Group& g) {
    return std::make_tuple(-WasteOf(g.split).value(), -g.split.cost.value(), -g.split.gpus.value(),
                           std::string_view(g.key));
  };
  return order(a) < order(b);
}

// Keys are views that outlive it. A seat is mostly in the group of the seat before it.
class Grouper {
 public:
  void Add(std::string_view key, const SeatWork& work) {
    if (last_ == nullptr || key != last_->first) last_ = &*groups_.try_emplace(key).first;
    AddTo(last_->second, work);
  }
  std::vector<Group> Sorted() && {
    std::vector<Group> list;
    list.reserve(groups_.size());
    for (auto& [key, split] : groups_) list.push_back({std::string(key), split});
    std::sort(list.begin(), list.end(), WastesMore);
    return list;
  }

 private:
  std::unordered_map<std::string_view, Split> groups_;
  std::pair<const std::string_view, Split>* last_ = nullptr;  // an unordered_map keeps its places
};

std::vector<Group> SumWorkloads(std::span<const SeatWork> seats, const Draft& draft) {
  std::vector<Split> splits(draft.workloads().size());
  std::vector<bool> shown(splits.size());
  for (const SeatWork& work : seats) {
    if (work.seat->pod == nullptr) continue;
    const std::size_t workload = draft.FactsOf(*work.seat->pod).workload;
    AddTo(splits[workload], work);
    shown[workload] = true;
  }
  std::vector<Group> list;
  for (std::size_t i = 0; i < splits.size(); ++i) {
    if (shown[i]) list.push_back({draft.workloads()[i].key, splits[i]});
  }
  std::sort(list.begin(), list.end(), WastesMore);
  return list;
}

void SumGroups(std::span<const SeatWork> seats, const Draft& draft, Findings& findings) {
  Grouper by_namespace;
  Grouper by_team;
  Grouper by_model;
  Grouper by_node;
  for (const SeatWork& work : seats) {
    const cluster::Pod* pod = work.seat->pod;
    by_namespace.Add(pod ? std::string_view(pod->ns) : "", work);
    by_team.Add(pod ? draft.TeamOf(*pod) : "", work);
    by_model.Add(ModelName(*work.card), work);
    by_node.Add(work.card->node->name, work);
    AddTo(findings.totals.split, work);
  }
  findings.by_namespace = std::move(by_namespace).Sorted();
  findings.by_team = std::move(by_team).Sorted();
  findings.by_model = std::move(by_model).Sorted();
  findings.by_node = std::move(by_node).Sorted();
  findings.by_workload = SumWorkloads(seats, draft);
}

SeatView ViewOf(const SeatWork& work, const Draft& draft) {
  const Seat& seat = *work.seat;
  SeatView view;
  if (seat.instance) {
    view.profile = seat.instance->profile;
    view.start = seat.instance->start;
    const gpu::Model* model = work.card->model;
    const gpu::MigProfile* profile = model ? gpu::ProfileNamed(*model, view.profile) : nullptr;
    view.size = profile ? profile->memory_slices : 0;
  }
  view.share = seat.share;
  view.state = work.state;
  view.exact = seat.pod == nullptr || seat.exact;
  if (seat.pod) {
    view.pod = {seat.pod->ns, seat.pod->name};
    view.team = draft.TeamOf(*seat.pod);
  }
  if (work.judgement && work.judgement->evidence) {
    view.active = work.judgement->evidence->active_mean;
  }
  return view;
}

void ViewCards(std::span<const SeatWork> seats, const Draft& draft, Findings& findings) {
  const Card* last = nullptr;
  for (const SeatWork& work : seats) {
    const Card& card = *work.card;
    if (&card != last) {
      CardView view;
      view.node = card.node->name;
      view.gpu = card.gpu->index;
      view.model = ModelName(card);
      view.product = card.gpu->product;
      if (card.priced) view.rate = card.rate;
      view.layout = card.gpu->layout;
      view.memory_slices = card.model ? card.model->memory_slices : 0;
      view.sharing = card.gpu->sharing;
      view.replicas = card.gpu->replicas;
      findings.cards.push_back(std::move(view));
      last = &card;
    }
    findings.cards.back().seats.push_back(ViewOf(work, draft));
  }
}

// Activity over the cards that are free (none) or measured; what was not measured is left out.
std::optional<base::PartsPerMillion> UtilizationOf(std::span<const SeatWork> seats) {
  std::int64_t weight = 0;
  std::int64_t active = 0;
  bool any = false;
  for (const SeatWork& work : seats) {
    const std::int64_t gpus = work.gpus.value();
    if (work.seat->pod == nullptr) weight += gpus;
    if (!IsMeasured(work)) continue;
    any = true;
    weight += gpus;
    active += gpus * work.judgement->evidence->active_mean.value();
  }
  if (!any || weight == 0) return std::nullopt;
  return base::PartsPerMillion(active / weight);
}

// Counts each card and each node once; seats come by node and card.
void CountCards(std::span<const SeatWork> seats, Totals& totals) {
  const Card* card = nullptr;
  const cluster::Node* node = nullptr;
  for (const SeatWork& work : seats) {
    if (work.card == card) continue;
    card = work.card;
    ++totals.gpus;
    totals.gpus_without_price += !card->priced;
    totals.gpus_unknown_model += card->model == nullptr;
    totals.gpu_nodes += card->node != node;
    node = card->node;
  }
}

void CountHolders(const Holdings& holdings, std::span<const SeatWork> seats, const Draft& draft,
                  Totals& totals) {
  std::unordered_set<const cluster::Pod*> holds;
  const auto hold = [&](const cluster::Pod& pod) {
    totals.pods_holding += holds.insert(&pod).second;
  };
  for (const cluster::Pod* pod : holdings.unplaced) {
    if (!draft.IsShown(pod)) continue;
    hold(*pod);
    totals.held += CardsAsked(*pod);
  }
  for (const SeatWork& work : seats) {
    if (work.seat->pod == nullptr) continue;
    hold(*work.seat->pod);
    totals.held += work.gpus;
  }
}

void SumTotals(const Holdings& holdings, std::span<const SeatWork> seats, const Draft& draft,
               Totals& totals) {
  totals.nodes = static_cast<std::int64_t>(draft.snapshot().nodes.size());
  CountCards(seats, totals);
  CountHolders(holdings, seats, draft, totals);
  for (const SeatWork& work : seats) {
    if (IsMeasured(work)) totals.measured += work.gpus;
  }
  for (const cluster::Pod& pod : draft.snapshot().pods) {
    if (!draft.IsShown(&pod)) continue;
    const bool pending = pod.node.empty() && pod.phase == cluster::PodPhase::kPending;
    totals.pods_pending += pending && AsksForGpu(pod);
  }
  totals.utilization = UtilizationOf(seats);
  totals.allocation = base::Ratio(totals.held.value(), totals.gpus * 1000);
}

void ListPrices(const cluster::Snapshot& snapshot, Findings& findings) {
  using View = std::string_view;
  std::map<std::tuple<View, View, cluster::CapacityType>, UnpricedType> unpriced;
  std::map<std::tuple<View, View, View>, std::int64_t> sources;
  for (const cluster::Node& node : snapshot.nodes) {
    if (node.gpus.empty()) continue;
    if (node.price) {
      ++sources[{node.price->source, node.price->as_of, node.price->note}];
      continue;
    }
    UnpricedType& type = unpriced[{node.instance_type, node.region, node.capacity_type}];
    type.capacity = node.capacity_type;
    type.instance_type = node.instance_type;
    type.region = node.region;
    ++type.nodes;
    type.gpus += static_cast<std::int64_t>(node.gpus.size());
  }
  for (auto& [key, type] : unpriced) findings.unpriced.push_back(type);
  for (const auto& [key, nodes] : sources) {
    const auto& [source, as_of, note] = key;
    findings.price_sources.push_back({source, as_of, note, nodes});
  }
}

void ListUnknownModels(const Holdings& holdings, Findings& findings) {
  std::map<std::string_view, std::int64_t> unknown;
  for (const Card& card : holdings.cards) {
    if (card.model == nullptr) ++unknown[card.gpu->product];
  }
  findings.unknown_models.assign(unknown.begin(), unknown.end());
}

StepKind StepOf(const Finding& finding) {
  switch (finding.technique) {
    case Technique::kScaleToZero:
    case Technique::kConsolidate:
      return StepKind::kScaleToZero;
    case Technique::kTimeSlicing:
    case Technique::kMps:
      return StepKind::kShare;
    case Technique::kMig:
    case Technique::kRelayout:
      return StepKind::kPartition;
    case Technique::kSpot:
      return StepKind::kSpot;
    case Technique::kDra:
      break;
  }
  return StepKind::kDra;
}

// Measure first, then what disturbs least for the most: the order is the enum's.
void ListSteps(Findings& findings) {
  std::map<StepKind, Step> steps;
  for (const LeftAloneSummary& left : findings.left_alone) {
    const bool blind = left.reason == LeftAlone::kNoUsage || left.reason == LeftAlone::kThinData ||
                       left.reason == LeftAlone::kSharedSeries || left.reason == LeftAlone::kMoved;
    if (!blind) continue;
    Step& step = steps[StepKind::kInstrument];
    step.findings += left.count;
    step.gpus += left.gpus;
  }
  for (const LeakSummary& leak : findings.leaks) {
    for (const Finding& finding : leak.findings) {
      Step& step = steps[StepOf(finding)];
      ++step.findings;
      step.gpus += finding.gpus;
      if (finding.waste) step.saves = step.saves.value_or(base::MicroUsdPerHour()) + *finding.waste;
    }
  }
  for (auto& [kind, step] : steps) {
    step.kind = kind;
    findings.steps.push_back(step);
  }
}

}  // namespace

void Summarize(const Holdings& holdings, std::span<const SeatWork> seats, const Draft& draft,
               Findings& findings) {
  SumTotals(holdings, seats, draft, findings.totals);
  SumGroups(seats, draft, findings);
  ViewCards(seats, draft, findings);
  ListPrices(draft.snapshot(), findings);
  ListUnknownModels(holdings, findings);
  ListSteps(findings);
}

}  // namespace tangram::plan

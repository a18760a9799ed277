// Leak 4: on-demand prices for work that an interruption would not hurt.
#include <fmt/format.h>

#include <map>

#include "plan/leaks/draft.h"
#include "plan/share/asks.h"

namespace tangram::plan {
namespace {

// Whether an interruption costs the pod little: its owner starts it again elsewhere, and either
// says so or has siblings that go on. What nobody vouches for is not interruptible.
bool SurvivesInterruption(const cluster::Pod& pod, bool replicated) {
  if (!cluster::Find(pod.labels, "tangram.dev/interruptible").empty()) return IsInterruptible(pod);
  if (IsPinned(pod) || IsDevelopment(pod)) return false;
  if (pod.owner.kind == "Job" || pod.owner.kind == "JobSet") return true;
  return pod.owner.kind == "Deployment" && replicated;
}

// What of the on-demand price spot would cost.
base::PartsPerMillion SpotShare(const cluster::NodePrice& price) {
  return base::Ratio(price.spot_rate->value(), price.rate.value());
}

bool AllInterruptible(Draft& draft, std::span<const SeatWork> seats) {
  bool any = false;
  for (const SeatWork& work : seats) {
    const cluster::Pod* pod = work.seat->pod;
    if (pod == nullptr || work.left.value() == 0) continue;
    if (!SurvivesInterruption(*pod, draft.IsReplicated(*pod))) return false;
    any = true;
  }
  return any;
}

// One finding a node and namespace: its seats move together, and its owners must agree.
void BookNode(Draft& draft, std::span<SeatWork* const> seats) {
  const cluster::Node& node = *seats.front()->card->node;
  const base::PartsPerMillion keeps = SpotShare(*node.price);
  Finding finding;
  finding.kind = FindingKind::kOnDemandNode;
  finding.node = node.name;
  finding.model = ModelName(*seats.front()->card);
  finding.pod.ns = seats.front()->seat->pod->ns;
  finding.confidence = node.price->note.empty() ? Level::kHigh : Level::kMedium;
  finding.technique = Technique::kSpot;
  finding.target = "spot";
  finding.why = fmt::format("every pod here survives an interruption, and spot costs {:.0f} % less",
                            100.0 - static_cast<double>(keeps.value()) / 1e4);
  finding.fix = "let these classes run on spot with on-demand as the fallback";
  finding.risk = Level::kMedium;
  finding.risk_reason =
      "interruptions come with 30 s to 2 min notice; work since the last "
      "checkpoint is lost";
  draft.BookOverpaid(seats, std::move(finding), keeps);
}

}  // namespace

void FindOnDemandNodes(Draft& draft) {
  for (std::span<SeatWork> seats : draft.Nodes()) {
    const cluster::Node& node = *seats.front().card->node;
    if (node.capacity_type != cluster::CapacityType::kOnDemand || !node.price) continue;
    const auto& spot = node.price->spot_rate;
    if (!spot || *spot >= node.price->rate || !AllInterruptible(draft, seats)) continue;
    std::map<std::string_view, std::vector<SeatWork*>> by_namespace;
    for (SeatWork& work : seats) {
      if (work.seat->pod != nullptr) by_namespace[work.seat->pod->ns].push_back(&work);
    }
    for (const auto& [ns, held] : by_namespace) BookNode(draft, held);
  }
}

}  // namespace tangram::plan

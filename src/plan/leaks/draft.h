// Scratch of FindLeaks: what is left of each seat's cost while the passes take their part out.
#pragma once

#include <map>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "plan/leaks/advice.h"
#include "plan/leaks/judge.h"
#include "plan/leaks/leaks.h"
#include "plan/leaks/seats.h"

namespace tangram::plan {

struct SeatWork {
  Seat* seat = nullptr;
  Card* card = nullptr;
  base::MicroUsdPerHour left;  // of its cost, not yet in a leak
  base::MilliGpu gpus;         // what it is of its card; a card's seats sum to one
  base::MilliGpu gpus_left;
  std::array<base::MicroUsdPerHour, kLeaks> waste{};
  SeatState state = SeatState::kFree;
  bool settled = false;                // no later pass of leaks 1-3 looks at it
  std::optional<Judgement> judgement;  // of a held seat
};

// What the passes know of a pod beside the seat.
struct HolderFacts {
  int seats = 0;             // that the pod holds
  int idle_seats = 0;        // of those, judged idle
  std::size_t workload = 0;  // in Draft::workloads(); only where it holds a seat
};

// The pods that one owner runs, as far as they hold GPUs; a bare pod is one by itself.
struct Workload {
  std::string key;  // "namespace/Kind/name"
  int pods = 0;
};

class Draft {
 public:
  // Borrows both for its life.
  Draft(const cluster::Snapshot& snapshot, const LeakPolicy& policy);

  const cluster::Snapshot& snapshot() const { return snapshot_; }
  const LeakPolicy& policy() const { return policy_; }
  Holdings& holdings() { return holdings_; }
  std::vector<SeatWork>& seats() { return seats_; }
  // The seats of one node, in order; nodes in order.
  std::vector<std::span<SeatWork>> Nodes();

  // `pod` is one of the snapshot's.
  HolderFacts& FactsOf(const cluster::Pod& pod) { return facts_[&pod]; }
  HolderFacts FactsOf(const cluster::Pod& pod) const {
    const auto known = facts_.find(&pod);
    return known == facts_.end() ? HolderFacts() : known->second;
  }
  const std::vector<Workload>& workloads() const { return workloads_; }
  // Its owner runs several pods with GPUs.
  bool IsReplicated(const cluster::Pod& pod) const {
    return workloads_[FactsOf(pod).workload].pods > 1;
  }
  std::string_view TeamOf(const cluster::Pod& pod) const;

  // Whether the policy asks for what this pod (or nobody: null) holds.
  bool IsShown(const cluster::Pod* pod) const;

  // A finding about `work`, with its names filled in; not yet booked.
  Finding About(FindingKind kind, const SeatWork& work) const;

  // Takes `keeps` of what is left of the seat as kept and the rest as the finding's waste, and
  // books the finding.
  void Book(SeatWork& work, Finding finding, base::PartsPerMillion keeps);
  // Books one finding over several seats: all that is left of them.
  void BookAll(std::span<SeatWork> works, Finding finding);
  // Books one finding over seats held by one namespace: the part of what is left of each that spot
  // would save. Cards are overpaid, not wasted: `gpus` counts what is left, nothing is taken off.
  void BookOverpaid(std::span<SeatWork* const> works, Finding finding, base::PartsPerMillion keeps);
  // Books a finding that is about no seat (a cluster whose placement is not known).
  void BookLoose(Finding finding) { Add(std::move(finding)); }

  // Counts a seat that no leak 1-3 applies to.
  void LeaveAlone(SeatWork& work, LeftAlone reason);

  Findings Finish() &&;

 private:
  void CountWorkloads();
  base::MicroUsdPerHour TakeOut(SeatWork& work, Leak leak, base::PartsPerMillion keeps);
  void Add(Finding finding);

  const cluster::Snapshot& snapshot_;
  const LeakPolicy& policy_;
  Holdings holdings_;
  std::vector<SeatWork> seats_;
  std::unordered_map<const cluster::Pod*, HolderFacts> facts_;  // of those that hold a seat
  std::vector<Workload> workloads_;
  std::unordered_map<std::string_view, std::string_view> team_of_namespace_;
  Findings findings_;
  std::map<LeftAlone, LeftAloneSummary> left_alone_;
};

// The passes, in the order in which FindLeaks runs them. Each is alone in what it knows.
void JudgeHeldSeats(Draft& draft);        // measures; books nothing
void FindUnplacedCapacity(Draft& draft);  // leak 1, where the snapshot has no placement
void FindEmptyNodes(Draft& draft);        // leak 1
void FindFreeCards(Draft& draft);         // leak 1
void FindIdlePods(Draft& draft);          // leak 1
void FindFreeShares(Draft& draft);        // leaks 2 and 3: instances and replicas nobody holds
void FindLightWorkloads(Draft& draft);    // leaks 2 and 3: what would do with less
void FindOnDemandNodes(Draft& draft);     // leak 4, on what remains

// Everything that is summed over seats: totals, groups, cards, prices.
void Summarize(const Holdings& holdings, std::span<const SeatWork> seats, const Draft& draft,
               Findings& findings);

std::string_view ModelName(const Card& card);

}  // namespace tangram::plan

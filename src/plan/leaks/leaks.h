// Where the GPU money goes: the four leaks, found in a snapshot.
//
// Pure: time is snapshot.taken_at; equal arguments give equal findings, whatever the order of the
// lists. O(GPUs + pods + usage rows), with a logarithm for look-ups.
//
// Names in the result are views into the snapshot, which must outlive it.
//
// The rule that makes the sums add up: a node's price is split over its cards, a card's over its
// seats (what a pod can hold: the card, an instance, a replica), to the micro-dollar. Each pass
// takes its waste out of what is left of a seat, so nothing is counted in two leaks, and
//     cost = waste of the four leaks + useful + unmeasured
// holds exactly, for the whole and for every group.
//
// No pod is called idle on anything but GPU activity. What was not measured is "unmeasured".
#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/units.h"
#include "cluster/snapshot.h"

namespace tangram::plan {

enum class Leak { kIdle, kOversized, kUnshared, kOnDemand };
inline constexpr int kLeaks = 4;

enum class FindingKind {
  kEmptyNode,          // no pod holds a GPU of the node
  kFreeCard,           // nobody holds the card; others on its node are held
  kIdlePod,            // held, and the GPU did nothing
  kFreeSlices,         // part of a MIG card that nobody holds
  kOversizedCard,      // a MIG instance would do in place of the card
  kOversizedInstance,  // a smaller instance would do
  kFreeReplicas,       // shares of a card that nobody holds
  kUnsharedCard,       // one light workload has the card alone
  kOnDemandNode,       // what remains could run on spot
};
Leak LeakOf(FindingKind kind);

enum class Technique {
  kScaleToZero,
  kConsolidate,
  kRelayout,
  kMig,
  kTimeSlicing,
  kMps,
  kDra,
  kSpot
};
enum class Level { kLow, kMedium, kHigh };

// Why a held seat was not judged, or was judged and kept.
enum class LeftAlone {
  kBusy,          // measured, and used well
  kNoSmallerFit,  // light, but nothing smaller holds its memory or peak
  kManyGpus,      // its pod holds several cards: instances have no peer-to-peer
  kYoung,         // started less than `idle_after` ago
  kNotReady,      // loading or not ready
  kPinned,        // do-not-disrupt, safe-to-evict=false
  kThinData,      // too little of the window has data
  kNoUsage,       // no series for it
  kMoved,         // its series name more devices than it holds: which one it is on is not known
  kSharedSeries,  // several pods share the card and DCGM names only one of them
  kUnknownModel,  // no facts on this card
  kNoPlacement,   // the snapshot does not say which pods hold it
};

// Whom a finding is about. A name alone may be empty: all pods of the namespace on a node.
struct PodRef {
  std::string_view ns;
  std::string_view name;
  bool operator==(const PodRef&) const = default;
};

// What a person would call the pod's workload; a bare pod has an empty kind.
struct OwnerRef {
  std::string_view kind;
  std::string_view name;
  bool operator==(const OwnerRef&) const = default;
};

struct Evidence {
  cluster::ActivityMetric metric = cluster::ActivityMetric::kNone;
  base::PartsPerMillion active_mean;
  base::PartsPerMillion active_max;
  base::PartsPerMillion busy_share;
  std::optional<base::Time> last_active;
  std::optional<base::MiB> memory_max;
  std::optional<base::MiB> memory_total;
  base::PartsPerMillion coverage;  // of the time that the pod was there
  std::int64_t samples = 0;
  bool operator==(const Evidence&) const = default;
};

struct Finding {
  FindingKind kind = FindingKind::kEmptyNode;
  std::string_view node;      // empty: the cluster as a whole
  int gpu = -1;               // index on the node; -1: the whole node
  std::string_view instance;  // MIG profile, where it is about one
  std::string_view model;     // short name, or the product as reported where unknown
  PodRef pod;                 // empty: nobody's
  OwnerRef owner;
  std::string_view team;
  base::MilliGpu gpus;                         // cards wasted
  std::optional<base::MicroUsdPerHour> waste;  // absent: the price is unknown
  std::optional<Evidence> evidence;            // absent: allocation alone is the evidence
  Level confidence = Level::kHigh;
  Technique technique = Technique::kScaleToZero;
  std::string target;  // "1g.10gb", "4 replicas", "spot"; empty where the technique says it all
  int replicas = 0;    // where the technique shares the card: by how many at most
  Level risk = Level::kLow;
  std::string why;  // one sentence: what was seen and why this technique
  std::string fix;  // one sentence: what to do
  std::string risk_reason;
  bool operator==(const Finding&) const = default;
};

struct LeakSummary {
  base::MicroUsdPerHour waste;
  base::MilliGpu gpus;
  std::int64_t unpriced = 0;      // findings left out of `waste`
  std::vector<Finding> findings;  // largest waste first, unknown last; ties by node, gpu, pod
  bool operator==(const LeakSummary&) const = default;
};

struct LeftAloneSummary {
  LeftAlone reason = LeftAlone::kBusy;
  std::int64_t count = 0;
  base::MilliGpu gpus;
  base::MicroUsdPerHour cost;
  bool operator==(const LeftAloneSummary&) const = default;
};

// A cost and where it went; for the whole, and for each group.
struct Split {
  base::MicroUsdPerHour cost;
  std::array<base::MicroUsdPerHour, kLeaks> waste{};
  base::MicroUsdPerHour useful;
  base::MicroUsdPerHour unmeasured;
  base::MilliGpu gpus;
  bool operator==(const Split&) const = default;
};
base::MicroUsdPerHour WasteOf(const Split& split);

struct Group {
  std::string key;  // empty: nobody's (free capacity), or no label
  Split split;
  bool operator==(const Group&) const = default;
};

enum class SeatState { kFree, kIdle, kOversized, kUnshared, kUseful, kUnmeasured };

struct SeatView {
  std::string_view profile;
  std::optional<int> start;
  int size = 0;                 // memory slices; 0: the whole card
  base::PartsPerMillion share;  // of the card's cost
  PodRef pod;
  std::string_view team;
  SeatState state = SeatState::kFree;
  std::optional<base::PartsPerMillion> active;
  bool exact = true;  // false: counted onto this seat, the cluster does not say which one it holds
  bool operator==(const SeatView&) const = default;
};

struct CardView {
  std::string_view node;
  int gpu = 0;
  std::string_view model;
  std::string_view product;
  std::optional<base::MicroUsdPerHour> rate;
  cluster::LayoutSource layout = cluster::LayoutSource::kNone;
  int memory_slices = 0;
  cluster::Sharing sharing = cluster::Sharing::kNone;
  int replicas = 1;
  std::vector<SeatView> seats;
  bool operator==(const CardView&) const = default;
};

enum class StepKind { kInstrument, kScaleToZero, kShare, kPartition, kSpot, kDra };
struct Step {
  StepKind kind = StepKind::kInstrument;
  std::int64_t findings = 0;
  base::MilliGpu gpus;
  std::optional<base::MicroUsdPerHour> saves;  // absent: it saves nothing by itself
  bool operator==(const Step&) const = default;
};

struct UnpricedType {
  std::string_view instance_type;
  std::string_view region;
  cluster::CapacityType capacity = cluster::CapacityType::kUnknown;
  std::int64_t nodes = 0;
  std::int64_t gpus = 0;
  bool operator==(const UnpricedType&) const = default;
};

struct PriceSource {
  std::string_view source;
  std::string_view as_of;
  std::string_view note;
  std::int64_t nodes = 0;
  bool operator==(const PriceSource&) const = default;
};

struct Totals {
  std::int64_t nodes = 0;
  std::int64_t gpu_nodes = 0;
  std::int64_t gpus = 0;
  std::int64_t pods_holding = 0;
  std::int64_t pods_pending = 0;  // ask for GPUs and have no node
  base::MilliGpu held;
  base::MilliGpu measured;
  std::int64_t gpus_without_price = 0;
  std::int64_t gpus_unknown_model = 0;
  Split split;
  std::optional<base::PartsPerMillion> utilization;  // mean activity over measured card time
  base::PartsPerMillion allocation;
  bool operator==(const Totals&) const = default;
};

struct Findings {
  Totals totals;
  std::array<LeakSummary, kLeaks> leaks;
  std::vector<Step> steps;  // in the order to take them
  std::vector<LeftAloneSummary> left_alone;
  std::vector<Group> by_namespace;  // each by waste, largest first; ties by key
  std::vector<Group> by_team;
  std::vector<Group> by_model;
  std::vector<Group> by_node;
  std::vector<Group> by_workload;  // "Kind/name" within "namespace/"
  std::vector<CardView> cards;     // by node, gpu
  std::vector<std::pair<std::string_view, std::int64_t>> unknown_models;  // product, cards
  std::vector<UnpricedType> unpriced;
  std::vector<PriceSource> price_sources;
  bool operator==(const Findings&) const = default;
};

struct LeakPolicy {
  // Activity below this counts as none; the field's threshold for DCGM's engine activity.
  base::PartsPerMillion idle_below{50'000};
  // A pod is idle when less than this share of its samples was above `idle_below` ...
  base::PartsPerMillion idle_busy_share{1'000};
  // ... and none was within this time before the snapshot.
  std::chrono::minutes idle_after{30};
  // Below this share of its expected samples a seat is not judged.
  base::PartsPerMillion least_coverage{250'000};
  // A seat is sized so that its mean activity fills at most this share of it ...
  base::PartsPerMillion target_activity{600'000};
  // ... and its peak memory leaves this share free.
  base::PartsPerMillion memory_headroom{150'000};
  // Replicas to propose at most (4 is the field's default for development).
  int most_replicas = 4;
  // The label, on the pod or on its namespace, that names the team.
  std::string team_label = "team";
  // Only what pods of this namespace hold; empty: everything, free capacity too.
  std::string only_namespace;
};

Findings FindLeaks(const cluster::Snapshot& snapshot, const LeakPolicy& policy);
Findings FindLeaks(cluster::Snapshot&&, const LeakPolicy&) = delete;  // the names would dangle

}  // namespace tangram::plan

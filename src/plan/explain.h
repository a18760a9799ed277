// Why a pod is where it is, or why it waits: the facts behind `tangram explain pod`.
//
// Pure, as MakePlan. What a pod holds and costs is what FindLeaks says (leaks/leaks.h), what would
// serve one that waits is what MakePlan says (plan.h): nothing is worked out a second time.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "cluster/snapshot.h"
#include "plan/leaks/leaks.h"
#include "plan/plan.h"

namespace tangram::plan {

// A thing on a card that the pod holds: the card, an instance, or a share of one.
struct HeldSeat {
  std::string_view node;
  int gpu = 0;  // index on the node
  std::string_view model;
  std::string_view profile;  // empty: the card
  std::optional<int> start;  // memory slice of the instance
  int replicas = 1;          // shares of it; 1: not shared
  bool exact = true;         // false: the cluster says how many it holds, not which
  base::PartsPerMillion share;
  std::optional<base::MicroUsdPerHour> rate;  // its share of the card's cost
  std::optional<base::PartsPerMillion> active;
  bool operator==(const HeldSeat&) const = default;
};

// Nodes with GPUs that cannot take the pod now, for one reason. A node counts once, at the first
// of these that is so.
struct Obstacle {
  enum class Kind {
    kNotReady,   // or cordoned
    kSelector,   // its node selector or node affinity rules them out; `what`: "key=value", or empty
    kTaint,      // `what`: the key
    kNoDevice,   // they do not offer the device that it asks for; `what`: the resource
    kTooSmall,   // their CPU or memory, or their devices' memory, is less than it asks for
    kHeld,       // others hold the device; `what`: the resource
    kClaims,     // no devices for its claims are free there; `what`: "its claim x"
    kBusyHost,   // others use the CPU or memory beside it
    kOtherPods,  // affinity to other pods, theirs to it, or its spread keeps it off
    kSharers,    // it may not share with those who are there; `what`: why not
  };
  Kind kind = Kind::kNotReady;
  std::string what{};
  std::int64_t nodes = 0;
  bool operator==(const Obstacle&) const = default;
};
std::string_view NameOf(Obstacle::Kind kind);  // "NotReady"

// Pods of one workload that hold what the pod asks for, on nodes that it may use.
struct Holder {
  std::string_view ns;
  cluster::Owner owner{};  // of a bare pod: no kind, and the pod's name
  std::int64_t devices = 0;
  bool operator==(const Holder&) const = default;
};

struct GangStanding {
  std::string_view name;
  std::optional<int> size{};  // pods that have to be there
  std::int64_t there = 0;     // that have not ended
  std::int64_t on_nodes = 0;
  bool operator==(const GangStanding&) const = default;
};

// An action of the plan that would serve the pod.
struct NextStep {
  Action action{};
  std::string_view pool{};  // GpuPool of its node; empty: none selects it
  Mode mode = Mode::kAuto;
  bool operator==(const NextStep&) const = default;
};

struct Explanation {
  enum class State {
    kEnded,  // or is being deleted, and never ran
    kNoGpu,  // it asks for none: Tangram leaves it alone
    kOnNode,
    kSent,   // its gate was lifted with a node, and the scheduler has not bound it yet
    kWaits,  // for a GPU
  };
  const cluster::Pod* pod = nullptr;  // of the snapshot, which has to outlive it
  State state = State::kWaits;

  // On a node, or sent to one.
  const cluster::Node* node = nullptr;  // absent where the snapshot does not have it
  std::vector<HeldSeat> holds{};
  std::optional<base::MicroUsdPerHour> rate{};  // of all it holds; absent: not known
  std::vector<Finding> findings{};              // of the report, about this pod

  // While it waits.
  std::vector<NextStep> steps{};     // in order; the last one places it. Empty: no plan does
  std::optional<Waiting> waiting{};  // why no plan serves it
  std::int64_t gpu_nodes = 0;
  std::int64_t open_nodes = 0;         // of these, that could take it now
  std::vector<Obstacle> obstacles{};   // most nodes first
  std::vector<Holder> holders{};       // most devices first
  std::optional<GangStanding> gang{};  // on a node too

  bool operator==(const Explanation&) const = default;
};
std::string_view NameOf(Explanation::State state);  // "Waits"

// `pod` is one of the snapshot's.
Explanation Explain(const cluster::Snapshot& snapshot, const PlanPolicy& policy,
                    const cluster::Pod& pod);
Explanation Explain(cluster::Snapshot&&, const PlanPolicy&, const cluster::Pod&) = delete;

}  // namespace tangram::plan

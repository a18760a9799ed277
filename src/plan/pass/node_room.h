// A node while a plan is made: what is there, what of it is free, and what may be done to it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "cluster/snapshot.h"
#include "gpu/gpu.h"
#include "plan/leaks/seats.h"
#include "plan/pass/device_book.h"
#include "plan/pass/neighbours.h"
#include "plan/pass/sharers.h"
#include "plan/plan.h"

namespace tangram::plan {

// A thing on a card that pods can hold: the card, or an instance; several pods where it is shared.
struct SeatRoom {
  std::string profile{};                   // as NVIDIA spells it; empty: the whole card
  const gpu::MigProfile* facts = nullptr;  // null: the whole card, or not known
  std::optional<int> start{};
  int replicas = 1;
  int held = 0;  // replicas
  cluster::Sharing sharing = cluster::Sharing::kNone;
  base::MiB used{};  // where it is shared: known to be used by the pods that run on it
  bool is_at(const gpu::Occupied& at) const { return facts == at.profile && start == at.start; }
};

struct CardRoom {
  int index = 0;
  const gpu::Model* model = nullptr;  // null: unknown
  base::MiB memory{};                 // 0: not known
  // Its layout and its shares may be changed: the model is known, the node offers what its cards
  // are and no less than pods hold, and instances are offered under their own names.
  bool may_change = true;
  std::vector<SeatRoom> seats{};
  bool is_cut() const { return !seats.empty() && !seats.front().profile.empty(); }
  bool is_shared() const;
  int held() const;  // replicas of its seats
};

struct NodeRoom {
  std::string name{};
  const cluster::Node* like = nullptr;  // itself or, for a node that is added, the one it is like
  const cluster::Node* self = nullptr;  // as pods see it: `like`, under its own name
  const Neighbours* around = nullptr;   // who runs where, on all nodes
  const DeviceBook* book = nullptr;     // the devices of DRA, on all nodes
  const Pool* pool = nullptr;           // null: no pool selects it
  const NodePolicy* policy = nullptr;   // what may be done to it
  bool given_back = false;
  bool kept = false;     // what its pool keeps ready is on it
  bool recut = false;    // the plan changes its layout
  base::MilliCpu cpu{};  // free
  base::MiB memory{};    // free
  Counts offers{};       // extended resources
  Counts free{};         // below 0 where pods hold more than the node offers now
  std::vector<CardRoom> cards{};
  bool exact = true;  // the cluster says which card each pod holds; else it was counted on
  std::vector<const cluster::Pod*> pods{};  // that are on it now
  std::vector<int> rests_on{};              // actions that its room rests on
  const Sharers* sharers = nullptr;         // the world's
  // kSpot: it is added as spot, which `like` is not. Else what `like` is.
  std::optional<cluster::CapacityType> capacity{};
  std::optional<base::MicroUsdPerHour> rate() const;
  // What a card costs, for orders: cheapest first, without a price last. It has cards.
  std::pair<bool, base::MicroUsdPerHour> cost_of_card() const;
  int held() const;  // replicas on its cards
  Site site() const { return {self, &offers}; }
  // Whether so many of it are free for the pod, or a claim would serve it here, which is then
  // another question (DeviceBook::Fits).
  bool has_free(const cluster::Pod& pod, const cluster::ResourceCount& asked) const;
  // Holds nothing but what every node runs.
  bool is_empty() const;
  bool is_added() const { return name != like->name; }
  // Pods that run may be put on it.
  bool may_receive() const { return policy->mode != Mode::kObserve; }
};

// Whether the seat is what one device of the kind stands for on that node.
bool IsOfKind(const NodeRoom& node, const CardRoom& card, const SeatRoom& seat,
              const ResourceKind& kind);

// Runs on every node, and ends with it.
bool RunsEverywhere(const cluster::Pod& pod);

// The most of the resource that the node could offer with nothing on it, if its cards were shared
// and cut as the resource asks.
std::int64_t CouldOffer(const NodeRoom& node, std::string_view resource);

// Whether the pod may run on the node, there are CPU and memory for it, and its devices have the
// memory that it says it needs.
bool MayRun(const NodeRoom& node, const cluster::Pod& pod);

// Whether there is room for it, whoever may run there.
bool HasRoom(const NodeRoom& node, const cluster::Pod& pod);

// Whether it may run there, there is room, and it may share what is shared there.
bool Fits(const NodeRoom& node, const cluster::Pod& pod);

}  // namespace tangram::plan

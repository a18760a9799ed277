// Cards that nobody holds are cut for pods that ask for an instance, and instances are made beside
// held ones where there is room.
#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <optional>
#include <tuple>

#include "cluster/schedulable.h"
#include "plan/mig/pack.h"
#include "plan/pass/cut.h"
#include "plan/pass/gang.h"
#include "plan/pass/passes.h"

namespace tangram::plan {
namespace {

// A pod that asks for instances of one profile, and what this is on the model.
struct Want {
  const cluster::Pod* pod = nullptr;
  const gpu::MigProfile* profile = nullptr;
  std::int64_t count = 0;
};

std::optional<Want> WantOf(const cluster::Pod& pod, const gpu::Model& model) {
  Want want{.pod = &pod};
  for (const auto& [resource, count] : pod.devices) {
    const ResourceKind kind = KindOf(resource);
    if (kind.unit == ResourceKind::Unit::kNotGpu || count == 0) continue;
    const bool instance = kind.unit == ResourceKind::Unit::kInstance && !kind.shared;
    if (!instance || want.profile != nullptr) return std::nullopt;
    want.count = count;
    want.profile = gpu::ProfileNamed(model, kind.profile);
    if (want.profile == nullptr || want.profile->starts.empty()) return std::nullopt;
  }
  if (want.profile == nullptr || IsInGang(pod)) return std::nullopt;
  return want;
}

SeatRoom SeatOf(const gpu::MigProfile& profile, int start) {
  return {.profile = std::string(profile.name), .facts = &profile, .start = start};
}

// Pods that are on nodes already, each by the place of its node, and not yet said to be.
using Served = std::vector<std::pair<std::size_t, const cluster::Pod*>>;

void SayPlaced(World& world, const Served& served, const std::string& reason) {
  for (const auto& [node, pod] : served) world.Take(world.nodes()[node], *pod);
  for (const auto& [node, pod] : served) {
    world.Place(Pass::kPartition, world.nodes()[node], *pod, reason);
  }
}

class Cutter {
 public:
  Cutter(World& world, const gpu::Model& model) : world_(world), model_(model), cuts_(world) {
    for (const cluster::Pod* pod : world.demand()) {
      if (const auto want = WantOf(*pod, model)) wants_.push_back(*want);
    }
  }

  void Run() {
    while (!wants_.empty()) {
      const int priority = wants_.front().pod->priority;
      const auto end = std::find_if(wants_.begin(), wants_.end(), [&](const Want& want) {
        return want.pod->priority != priority;
      });
      Serve({wants_.begin(), end});
      wants_.erase(wants_.begin(), end);
    }
    cuts_.UndoUnused();
    cuts_.Act("pods wait for it");
    SayPlaced(world_, served_, "on a new instance");
    Certify();
  }

 private:
  // However the instances that were made on empty cards are spread, they need so many cards.
  void Certify() {
    if (cut_ == 0) return;
    const auto packing = mig::Pack(model_, made_);
    if (!packing) return;
    world_.Certify({fmt::format("{} cards cut", model_.name), cut_, packing->lower_bound});
  }

  // Wants of one priority. What needs several instances of one node is hardest to serve.
  void Serve(std::vector<Want> wants) {
    std::erase_if(wants, [&](const Want& want) {
      if (want.count > 1) CutForOne(want);
      return want.count != 1;
    });
    std::erase_if(wants, [&](const Want& want) { return MakeBesideHeld(want); });
    for (const auto& group : GroupsByNodes(wants)) CutEmptyCards(group);
  }

  void Serve(std::size_t node, const cluster::Pod& pod) {
    world_.Put(world_.nodes()[node], pod);
    served_.emplace_back(node, &pod);
  }

  // It may run there, on instances that may be made there.
  bool MayServe(const NodeRoom& node, const Want& want) const {
    return MayRun(node, *want.pod) && MayMake(node, model_, *want.profile);
  }

  // ---- beside held instances ----

  bool MakeBesideHeld(const Want& want) {
    for (std::size_t n = 0; n < world_.nodes().size(); ++n) {
      if (world_.nodes()[n].policy->mig != MigBackend::kAgent || !cuts_.MayRecut(n)) continue;
      if (!MayServe(world_.nodes()[n], want)) continue;
      for (std::size_t c = 0; c < world_.nodes()[n].cards.size(); ++c) {
        const CardRoom& card = world_.nodes()[n].cards[c];
        const bool in_use = card.is_cut() && card.held() > 0;
        if (!card.may_change || card.model != &model_ || !in_use) continue;
        auto layout = WithOneMore(card, *want.profile);
        if (layout.empty()) continue;
        cuts_.Recut(n, c, std::move(layout));
        Serve(n, *want.pod);
        return true;
      }
    }
    return false;
  }

  // Held instances, then the new one where it leaves most room, then what stays of the free ones.
  std::vector<SeatRoom> WithOneMore(const CardRoom& card, const gpu::MigProfile& profile) const {
    if (!HeldIsKnown(card)) return {};
    std::vector<SeatRoom> layout;
    std::vector<gpu::Occupied> occupied;
    for (const SeatRoom& seat : card.seats) {
      if (seat.held == 0) continue;
      layout.push_back(seat);
      occupied.push_back({seat.facts, *seat.start});
    }
    const auto start = BestStart(occupied, profile);
    if (!start) return {};
    occupied.push_back({&profile, *start});
    layout.push_back(SeatOf(profile, *start));
    for (const SeatRoom& seat : card.seats) {
      if (seat.held > 0 || seat.facts == nullptr || !seat.start) continue;
      if (!gpu::Fits(model_, occupied, *seat.facts, *seat.start)) continue;
      occupied.push_back({seat.facts, *seat.start});
      layout.push_back(seat);
    }
    std::sort(layout.begin(), layout.end(),
              [](const SeatRoom& a, const SeatRoom& b) { return a.start < b.start; });
    return layout;
  }

  std::optional<int> BestStart(std::vector<gpu::Occupied> occupied,
                               const gpu::MigProfile& profile) const {
    std::optional<int> best;
    int best_room = -1;
    for (const int start : profile.starts) {
      if (!gpu::Fits(model_, occupied, profile, start)) continue;
      occupied.push_back({&profile, start});
      const int room = RoomLeft(occupied);
      occupied.pop_back();
      if (room > best_room) std::tie(best, best_room) = std::pair(std::optional(start), room);
    }
    return best;
  }

  // Slices of every placement that is still possible, summed: large ones count most.
  int RoomLeft(const std::vector<gpu::Occupied>& occupied) const {
    int room = 0;
    for (const gpu::MigProfile& profile : model_.profiles) {
      if (!profile.is_plain()) continue;
      for (const int start : profile.starts) {
        if (gpu::Fits(model_, occupied, profile, start)) room += profile.memory_slices;
      }
    }
    return room;
  }

  // ---- empty cards ----

  using CardAt = std::pair<std::size_t, std::size_t>;  // node, place in its cards

  struct Group {
    std::vector<std::size_t> nodes{};
    std::vector<Want> wants{};
  };

  // Wants that may use the same nodes are packed together.
  std::vector<Group> GroupsByNodes(const std::vector<Want>& wants) const {
    std::vector<Group> groups;
    for (const Want& want : wants) {
      std::vector<std::size_t> nodes;
      for (std::size_t n = 0; n < world_.nodes().size(); ++n) {
        if (MayServe(world_.nodes()[n], want)) nodes.push_back(n);
      }
      const auto same = std::find_if(groups.begin(), groups.end(),
                                     [&](const Group& group) { return group.nodes == nodes; });
      if (same == groups.end()) {
        groups.push_back({std::move(nodes), {want}});
      } else {
        same->wants.push_back(want);
      }
    }
    return groups;
  }

  bool IsEmpty(const CardRoom& card) const {
    const bool shared = std::any_of(card.seats.begin(), card.seats.end(),
                                    [](const SeatRoom& seat) { return seat.replicas > 1; });
    return card.may_change && card.model == &model_ && card.held() == 0 && !shared;
  }

  // On nodes with cut cards first, then where a card costs least, then where most are empty.
  std::vector<CardAt> EmptyCards(const std::vector<std::size_t>& nodes) const {
    using Cost = std::pair<bool, base::MicroUsdPerHour>;
    using Preference = std::tuple<bool, Cost, std::ptrdiff_t>;
    std::vector<std::pair<Preference, CardAt>> found;
    for (const std::size_t n : nodes) {
      const NodeRoom& node = world_.nodes()[n];
      if (node.cards.empty() || !cuts_.MayRecut(n)) continue;
      const bool whole = std::none_of(node.cards.begin(), node.cards.end(),
                                      [](const CardRoom& card) { return card.is_cut(); });
      const auto empty = std::count_if(node.cards.begin(), node.cards.end(),
                                       [&](const CardRoom& card) { return IsEmpty(card); });
      const Preference preference{whole, node.cost_of_card(), -empty};
      for (std::size_t c = 0; c < node.cards.size(); ++c) {
        if (IsEmpty(node.cards[c])) found.push_back({preference, {n, c}});
      }
    }
    std::sort(found.begin(), found.end());
    std::vector<CardAt> cards;
    for (const auto& [preference, card] : found) cards.push_back(card);
    return OnNodesLeft(cards);
  }

  // Those of the first nodes, as many of each pool as may change their layout. The cards of a node
  // stand together.
  std::vector<CardAt> OnNodesLeft(const std::vector<CardAt>& cards) const {
    std::map<const Pool*, std::optional<int>> left;
    std::vector<CardAt> on_nodes_left;
    for (const CardAt& card : cards) {
      const std::size_t n = card.first;
      const Pool* pool = world_.nodes()[n].pool;
      auto& nodes = left.try_emplace(pool, cuts_.NodesLeft(pool)).first->second;
      const bool counted = !on_nodes_left.empty() && on_nodes_left.back().first == n;
      if (nodes && !counted && !cuts_.Touches(n) && --*nodes < 0) continue;
      on_nodes_left.push_back(card);
    }
    return on_nodes_left;
  }

  // All that the pod asks for, on the node where the fewest cards have to be cut for it.
  void CutForOne(const Want& want) {
    std::optional<std::size_t> best;
    std::optional<mig::Packing> best_packing;
    for (std::size_t n = 0; n < world_.nodes().size(); ++n) {
      const NodeRoom& node = world_.nodes()[n];
      if (!MayServe(node, want)) continue;
      const std::int64_t there = CountIn(node.free, gpu::ResourceNameOf(*want.profile));
      const auto cards = static_cast<std::int64_t>(EmptyCards({n}).size());
      const std::int64_t missing = want.count - std::max<std::int64_t>(there, 0);
      if (missing <= 0) continue;
      const std::vector<mig::Demand> demand{{want.profile, missing}};
      auto packing = mig::Pack(model_, demand);
      if (!packing || packing->gpus > cards) continue;
      if (best_packing && best_packing->gpus <= packing->gpus) continue;
      best = n;
      best_packing = *std::move(packing);
    }
    if (!best) return;
    CutAs(*best_packing, EmptyCards({*best}));
    ServeOnOneOf({*best}, *want.pod);
  }

  std::optional<mig::Packing> PackFirst(const Group& group, std::size_t count) const {
    std::vector<mig::Demand> demand;
    for (std::size_t i = 0; i < count; ++i) demand.push_back({group.wants[i].profile, 1});
    auto packing = mig::Pack(model_, demand);
    if (!packing) return std::nullopt;
    return *std::move(packing);
  }

  // The most urgent wants that the cards hold: as many of them, from the first, as can be.
  void CutEmptyCards(const Group& group) {
    const auto cards = EmptyCards(group.nodes);
    const auto fits = [&](std::size_t count) {
      const auto packing = PackFirst(group, count);
      return packing && packing->gpus <= static_cast<std::int64_t>(cards.size());
    };
    std::size_t served = 0;
    std::size_t beyond = group.wants.size() + 1;
    while (beyond - served > 1) {
      const std::size_t middle = served + (beyond - served) / 2;
      (fits(middle) ? served : beyond) = middle;
    }
    if (served == 0) return;
    const auto packing = PackFirst(group, served);
    CutAs(*packing, cards);
    for (std::size_t i = 0; i < served; ++i) ServeOnOneOf(group.nodes, *group.wants[i].pod);
  }

  void CutAs(const mig::Packing& packing, const std::vector<CardAt>& cards) {
    cut_ += packing.gpus;
    auto card = cards.begin();
    for (const mig::PackedLayout& layout : packing.layouts) {
      for (std::int64_t i = 0; i < layout.count; ++i, ++card) {
        std::vector<SeatRoom> seats;
        for (const gpu::Occupied& instance : layout.placements) {
          seats.push_back(SeatOf(*instance.profile, instance.start));
          made_.push_back({instance.profile, 1});
        }
        cuts_.Recut(card->first, card->second, std::move(seats));
      }
    }
  }

  void ServeOnOneOf(const std::vector<std::size_t>& nodes, const cluster::Pod& pod) {
    const auto node = std::find_if(nodes.begin(), nodes.end(),
                                   [&](std::size_t n) { return Fits(world_.nodes()[n], pod); });
    if (node != nodes.end()) Serve(*node, pod);
  }

  World& world_;
  const gpu::Model& model_;
  Cuts cuts_;
  std::vector<Want> wants_;
  Served served_;
  std::int64_t cut_ = 0;           // empty cards
  std::vector<mig::Demand> made_;  // instances on them
};

// Cards with MIG on that nobody holds become whole again for a pod that asks for whole cards.
class Joiner {
 public:
  explicit Joiner(World& world) : world_(world), cuts_(world) {}

  void Run() {
    const auto demand = world_.demand();
    Served served;
    for (const cluster::Pod* pod : demand) {
      const std::int64_t cards = WholeCards(*pod);
      if (cards == 0 || IsInGang(*pod)) continue;
      if (const auto node = JoinFor(*pod, cards)) served.emplace_back(*node, pod);
    }
    cuts_.UndoUnused();
    cuts_.Act("a pod waits for it");
    SayPlaced(world_, served, "on whole cards");
  }

 private:
  static std::int64_t WholeCards(const cluster::Pod& pod) {
    std::int64_t cards = 0;
    for (const auto& [resource, count] : pod.devices) {
      const ResourceKind kind = KindOf(resource);
      if (kind.unit == ResourceKind::Unit::kNotGpu) continue;
      if (kind.unit != ResourceKind::Unit::kCard || kind.shared) return 0;
      cards += count;
    }
    return cards;
  }

  std::vector<std::size_t> CutCardsFree(std::size_t n) const {
    if (!cuts_.MayRecut(n)) return {};
    const NodeRoom& node = world_.nodes()[n];
    std::vector<std::size_t> cards;
    for (std::size_t c = 0; c < node.cards.size(); ++c) {
      const CardRoom& card = node.cards[c];
      const bool known = card.may_change && card.is_cut() && card.seats.front().replicas == 1;
      if (known && card.held() == 0) cards.push_back(c);
    }
    return cards;
  }

  // The node where the fewest cards have to be joined.
  std::optional<std::size_t> JoinFor(const cluster::Pod& pod, std::int64_t wanted) {
    std::optional<std::size_t> best;
    std::int64_t fewest = 0;
    for (std::size_t n = 0; n < world_.nodes().size(); ++n) {
      const NodeRoom& node = world_.nodes()[n];
      if (!MayRun(node, pod)) continue;
      const std::int64_t missing =
          wanted - std::max<std::int64_t>(0, CountIn(node.free, kCardResource));
      if (missing <= 0 || missing > static_cast<std::int64_t>(CutCardsFree(n).size())) continue;
      if (!best || missing < fewest) std::tie(best, fewest) = std::pair(std::optional(n), missing);
    }
    if (!best) return std::nullopt;
    const auto cards = CutCardsFree(*best);
    for (std::int64_t i = 0; i < fewest; ++i) {
      cuts_.Recut(*best, cards[static_cast<std::size_t>(i)], {SeatRoom{}});
    }
    world_.Put(world_.nodes()[*best], pod);
    return best;
  }

  World& world_;
  Cuts cuts_;
};

// What is on the nodes: the cheapest card first, so that demand which several models meet goes
// there.
std::vector<const gpu::Model*> ModelsOf(const World& world) {
  using Cost = std::pair<bool, base::MicroUsdPerHour>;
  std::vector<std::tuple<Cost, std::string_view, const gpu::Model*>> found;
  for (const NodeRoom& node : world.nodes()) {
    for (const CardRoom& card : node.cards) {
      if (card.model == nullptr || !card.model->has_mig()) continue;
      found.emplace_back(node.cost_of_card(), card.model->name, card.model);
    }
  }
  std::sort(found.begin(), found.end());
  std::vector<const gpu::Model*> models;
  for (const auto& [cost, name, model] : found) {
    if (std::find(models.begin(), models.end(), model) == models.end()) models.push_back(model);
  }
  return models;
}

}  // namespace

void CutCards(World& world) {
  const auto cuts = [](const NodePolicy& policy) { return policy.mig != MigBackend::kNone; };
  if (!world.SomePolicy(cuts)) return;
  for (const gpu::Model* model : ModelsOf(world)) Cutter(world, *model).Run();
  Joiner(world).Run();
}

}  // namespace tangram::plan

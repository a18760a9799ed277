#include "plan/cards.h"

#include <algorithm>
#include <map>
#include <set>
#include <utility>

#include "plan/leaks/seats.h"

namespace tangram::plan {
namespace {

template <class... Kinds>
struct Each : Kinds... {
  using Kinds::operator()...;
};
template <class... Kinds>
Each(Kinds...) -> Each<Kinds...>;

int SlicesOf(const gpu::Model* model, std::string_view profile) {
  const gpu::MigProfile* facts = model == nullptr ? nullptr : gpu::ProfileNamed(*model, profile);
  return facts == nullptr ? 0 : facts->memory_slices;
}

CardSeat SeatOf(const gpu::Model* model, const std::string& profile, std::optional<int> start) {
  return {.profile = profile, .start = start, .memory_slices = SlicesOf(model, profile)};
}

CardChange ChangeOf(const Card& card) {
  CardChange change{.gpu = card.gpu->index, .model = card.model};
  for (const Seat& seat : card.seats) {
    if (seat.uncovered) continue;
    CardSeat now = seat.instance == nullptr
                       ? CardSeat()
                       : SeatOf(card.model, seat.instance->profile, seat.instance->start);
    now.replica = seat.replica;
    if (seat.pod != nullptr) now.pod = PodName{seat.pod->ns, seat.pod->name};
    change.before.push_back(std::move(now));
  }
  change.after = change.before;
  return change;
}

std::set<std::string_view> NodesOf(const Plan& plan) {
  std::set<std::string_view> names;
  for (const Action& action : plan.actions) {
    std::visit(Each{[&](const MovePod& change) { names.insert({change.from, change.to}); },
                    [&](const ResizePod& change) { names.insert({change.from, change.to}); },
                    [&](const auto& change) { names.insert(change.node); }},
               action.change);
  }
  return names;
}

bool IsHeld(const CardChange& card) {
  return std::any_of(card.after.begin(), card.after.end(),
                     [](const CardSeat& seat) { return seat.pod.has_value(); });
}

class Replay {
 public:
  Replay(const Plan& plan, const cluster::Snapshot& snapshot) {
    const std::set<std::string_view> names = NodesOf(plan);
    for (const cluster::Node& node : snapshot.nodes) {
      templates_.emplace(node.name, &node);
      if (names.contains(node.name)) nodes_[node.name] = {.name = node.name, .like = &node};
    }
    for (const cluster::Pod& pod : snapshot.pods) pods_.emplace(PodName{pod.ns, pod.name}, &pod);
    for (const Card& card : FindHoldings(snapshot).cards) {
      const auto node = nodes_.find(card.node->name);
      if (node == nodes_.end()) continue;
      node->second.cards.push_back(ChangeOf(card));
      node->second.exact = node->second.exact &&
                           std::all_of(card.seats.begin(), card.seats.end(), [](const Seat& seat) {
                             return seat.pod == nullptr || seat.exact;
                           });
    }
  }

  std::vector<NodeChange> Run(const Plan& plan) && {
    for (const Action& action : plan.actions) {
      std::visit([&](const auto& change) { Do(change); }, action.change);
    }
    std::vector<NodeChange> changes;
    for (auto& [name, node] : nodes_) changes.push_back(std::move(node));
    std::stable_sort(changes.begin(), changes.end(),
                     [](const NodeChange& a, const NodeChange& b) { return a.added < b.added; });
    return changes;
  }

 private:
  using Devices = std::vector<cluster::ResourceCount>;

  void Do(const PlacePod& change) {
    Put(nodes_.at(change.node), change.pod, DevicesOf(change.pod));
  }

  void Do(const MovePod& change) {
    Take(nodes_.at(change.from), change.pod);
    Put(nodes_.at(change.to), change.pod, DevicesOf(change.pod));
  }

  void Do(const StopPod& change) { Take(nodes_.at(change.node), change.pod); }
  void Do(const EvictPod& change) { Take(nodes_.at(change.node), change.pod); }

  void Do(const ResizePod& change) {
    Take(nodes_.at(change.from), change.pod);
    Devices after = {{change.resource_after, 1}};
    Put(nodes_.at(change.to), change.pod, after);
    resized_[change.pod] = std::move(after);
  }

  // Every card, or instance of the profile, gets the replicas that it lacks.
  void Do(const Reshare& change) {
    for (CardChange& card : nodes_.at(change.node).cards) {
      std::vector<CardSeat> shared;
      for (const CardSeat& seat : card.after) {
        if (seat.replica == 0 && seat.profile == change.profile) shared.push_back(seat);
      }
      for (CardSeat& seat : shared) {
        seat.pod.reset();
        for (seat.replica = change.from; seat.replica < change.to; ++seat.replica) {
          card.after.push_back(seat);
        }
      }
    }
  }

  // Who holds an instance that stays keeps it; who was only counted onto the card goes to another.
  void Do(const Repartition& change) {
    NodeChange& node = nodes_.at(change.node);
    const auto card = std::find_if(node.cards.begin(), node.cards.end(),
                                   [&](const CardChange& one) { return one.gpu == change.gpu; });
    if (card == node.cards.end()) return;
    const std::vector<CardSeat> before = std::exchange(card->after, {});
    for (const auto& [profile, start] : change.to) {
      CardSeat seat = SeatOf(card->model, profile, start);
      const int replicas = ReplicasOf(node, profile);
      for (; seat.replica < replicas; ++seat.replica) card->after.push_back(seat);
    }
    if (change.to.empty()) card->after.emplace_back();
    for (const CardSeat& seat : before) {
      if (!seat.pod) continue;
      CardSeat free = seat;
      free.pod.reset();
      const auto same = std::find(card->after.begin(), card->after.end(), free);
      if (same != card->after.end()) {
        same->pod = seat.pod;
      } else if (CardSeat* other = FreeSeat(node, [&](const CardSeat& one, const CardChange&) {
                   return one.profile == seat.profile;
                 })) {
        other->pod = seat.pod;
      }
    }
  }

  // Of each instance of the profile, on cards of the node other than one that is being cut.
  static int ReplicasOf(const NodeChange& node, const std::string& profile) {
    int replicas = 1;
    for (const CardChange& card : node.cards) {
      for (const CardSeat& seat : card.after) {
        if (seat.profile == profile) replicas = std::max(replicas, seat.replica + 1);
      }
    }
    return replicas;
  }

  void Do(const AddNode& change) {
    NodeChange& node = nodes_[change.node];
    node = {.name = change.node, .like = templates_.at(change.like), .added = true};
    for (const cluster::Gpu& gpu : node.like->gpus) {
      CardChange card{.gpu = gpu.index, .model = ModelOf(gpu)};
      for (int replica = 0; replica < std::max(1, gpu.replicas); ++replica) {
        for (const cluster::Instance& instance : gpu.instances) {
          card.after.push_back(SeatOf(card.model, instance.profile, instance.start));
          card.after.back().replica = replica;
        }
        if (gpu.instances.empty()) card.after.push_back({.replica = replica});
      }
      node.cards.push_back(std::move(card));
    }
  }

  void Do(const GiveBack& change) {
    NodeChange& node = nodes_.at(change.node);
    node.given_back = true;
    for (CardChange& card : node.cards) card.after.clear();
  }

  const Devices& DevicesOf(const PodName& name) const {
    const auto resized = resized_.find(name);
    return resized == resized_.end() ? pods_.at(name)->devices : resized->second;
  }

  static void Take(NodeChange& node, const PodName& pod) {
    for (CardChange& card : node.cards) {
      for (CardSeat& seat : card.after) {
        if (seat.pod == pod) seat.pod.reset();
      }
    }
  }

  static void Put(NodeChange& node, const PodName& pod, const Devices& devices) {
    for (const auto& [resource, count] : devices) {
      const ResourceKind kind = KindOf(resource);
      for (std::int64_t left = count; left > 0; --left) {
        CardSeat* seat = FreeSeat(node, [&](const CardSeat& one, const CardChange& card) {
          return IsOfKind(*node.like, card, one, kind);
        });
        if (seat == nullptr) break;  // a resource that stands for no seat
        seat->pod = pod;
      }
    }
  }

  static bool IsOfKind(const cluster::Node& node, const CardChange& card, const CardSeat& seat,
                       const ResourceKind& kind) {
    const bool single = node.mig_strategy == cluster::MigStrategy::kSingle;
    if (kind.unit == ResourceKind::Unit::kCard) return seat.profile.empty() || single;
    if (kind.unit != ResourceKind::Unit::kInstance || seat.profile.empty()) return false;
    if (card.model == nullptr) return seat.profile == kind.profile;
    const gpu::MigProfile* profile = gpu::ProfileNamed(*card.model, kind.profile);
    return profile != nullptr && profile == gpu::ProfileNamed(*card.model, seat.profile);
  }

  template <class Fits>
  static CardSeat* FreeSeat(NodeChange& node, const Fits& fits) {
    CardSeat* spare = nullptr;
    for (CardChange& card : node.cards) {
      const auto seat =
          std::find_if(card.after.begin(), card.after.end(),
                       [&](const CardSeat& one) { return !one.pod && fits(one, card); });
      if (seat == card.after.end()) continue;
      if (IsHeld(card)) return &*seat;
      if (spare == nullptr) spare = &*seat;
    }
    return spare;
  }

  std::map<std::string, NodeChange, std::less<>> nodes_;
  std::map<std::string_view, const cluster::Node*> templates_;
  std::map<PodName, const cluster::Pod*> pods_;
  std::map<PodName, Devices> resized_;
};

}  // namespace

std::vector<NodeChange> ChangesOf(const Plan& plan, const cluster::Snapshot& snapshot) {
  return Replay(plan, snapshot).Run(plan);
}

}  // namespace tangram::plan

#include "plan/leaks/seats.h"

#include <algorithm>
#include <map>
#include <numeric>
#include <string>
#include <unordered_map>

namespace tangram::plan {
namespace {

using cluster::DeviceUsage;
using cluster::Gpu;
using cluster::Node;
using cluster::Pod;

constexpr std::int64_t kUnit = base::kWhole.value();

// What `instance` takes of its card's placement axis; 1 where the facts do not say.
int SlicesOf(const gpu::Model* model, const cluster::Instance& instance) {
  if (model == nullptr) return 1;
  const gpu::MigProfile* profile = gpu::ProfileNamed(*model, instance.profile);
  return profile == nullptr || profile->memory_slices == 0 ? 1 : profile->memory_slices;
}

// The memory slices that a further instance could still use; 0 where none fits any more.
int UsableFreeSlices(const gpu::Model& model, const Gpu& card) {
  int used = 0;
  std::vector<const gpu::MigProfile*> placed;
  for (const cluster::Instance& instance : card.instances) {
    const gpu::MigProfile* profile = gpu::ProfileNamed(model, instance.profile);
    if (profile == nullptr) return 0;
    placed.push_back(profile);
    used += profile->memory_slices;
  }
  const bool room =
      std::any_of(model.profiles.begin(), model.profiles.end(), [&](const auto& more) {
        if (!more.is_plain()) return false;
        placed.push_back(&more);
        const bool fits = gpu::FindLayout(model, placed).has_value();
        placed.pop_back();
        return fits;
      });
  return room ? std::max(0, model.memory_slices - used) : 0;
}

// What depends on the product or the layout alone, worked out once for each: a cluster of 80,000
// cards has a few dozen of them.
class Facts {
 public:
  const gpu::Model* ModelOf(const Gpu& card) {
    const auto [known, fresh] = models_.try_emplace({card.product, card.memory.value()}, nullptr);
    if (fresh) known->second = cluster::ModelOf(card);
    return known->second;
  }

  int FreeSlices(const gpu::Model& model, const Gpu& card) {
    std::vector<std::string_view> profiles;
    for (const cluster::Instance& instance : card.instances) profiles.push_back(instance.profile);
    std::sort(profiles.begin(), profiles.end());
    const auto [known, fresh] = free_.try_emplace({&model, std::move(profiles)}, 0);
    if (fresh) known->second = UsableFreeSlices(model, card);
    return known->second;
  }

 private:
  std::map<std::pair<std::string_view, std::int64_t>, const gpu::Model*> models_;
  std::map<std::pair<const gpu::Model*, std::vector<std::string_view>>, int> free_;
};

// Shares by weight that sum to exactly one; what rounding leaves goes to the last.
void SetShares(std::vector<Seat>& seats, const std::vector<std::int64_t>& weights) {
  const std::int64_t total = std::accumulate(weights.begin(), weights.end(), std::int64_t{0});
  std::int64_t given = 0;
  for (std::size_t i = 0; i < seats.size(); ++i) {
    const bool last = i + 1 == seats.size();
    const std::int64_t share = last ? kUnit - given : kUnit * weights[i] / total;
    seats[i].share = base::PartsPerMillion(share);
    given += share;
  }
}

void SetCosts(Card& card) {
  base::MicroUsdPerHour given;
  for (Seat& seat : card.seats) {
    const bool last = &seat == &card.seats.back();
    seat.cost = last ? card.rate - given : base::ShareOf(card.rate, seat.share);
    given += seat.cost;
  }
}

void AddSeats(Card& card, Facts& facts) {
  const Gpu& gpu = *card.gpu;
  const int replicas = std::max(1, gpu.replicas);
  std::vector<std::int64_t> weights;
  const auto add = [&](const cluster::Instance* instance, std::int64_t weight) {
    for (int replica = 0; replica < replicas; ++replica) {
      card.seats.push_back({.instance = instance, .replica = replica});
      weights.push_back(weight);
    }
  };
  if (gpu.instances.empty()) add(nullptr, 1);
  for (const cluster::Instance& instance : gpu.instances) {
    add(&instance, SlicesOf(card.model, instance));
  }
  if (!gpu.instances.empty() && card.model != nullptr) {
    const int free = facts.FreeSlices(*card.model, gpu);
    if (free > 0) {
      card.seats.push_back({.uncovered = true});
      weights.push_back(std::int64_t{free} * replicas);
    }
  }
  SetShares(card.seats, weights);
}

// The node's price over its cards; what rounding leaves goes to the last.
std::vector<Card> CardsOf(const Node& node, Facts& facts) {
  std::vector<Card> cards;
  base::MicroUsdPerHour given;
  for (const Gpu& gpu : node.gpus) {
    Card card{.node = &node, .gpu = &gpu};
    card.model = facts.ModelOf(gpu);
    card.priced = node.price.has_value();
    if (card.priced) {
      const bool last = &gpu == &node.gpus.back();
      const auto count = static_cast<std::int64_t>(node.gpus.size());
      card.rate = last ? node.price->rate - given : node.price->rate / count;
      given += card.rate;
    }
    AddSeats(card, facts);
    SetCosts(card);
    cards.push_back(std::move(card));
  }
  return cards;
}

// By uuid where both sides know it, else by the index on the node.
bool IsOfCard(const DeviceUsage& record, const Gpu& card) {
  if (record.uuid.empty() || card.uuid.empty()) return record.gpu_index == card.index;
  return record.uuid == card.uuid;
}

std::string PodKey(std::string_view ns, std::string_view name) {
  std::string key(ns);
  key += '/';
  key += name;
  return key;
}

// Seats the pods of one node. Exact knowledge first, then counts.
class NodeSeater {
 public:
  NodeSeater(std::span<Card> cards,
             const std::unordered_map<std::string, const cluster::Claim*>& claims)
      : cards_(cards), claims_(claims) {}

  // Devices of `pod` that its DRA claims name.
  void SeatByClaims(const Pod& pod) {
    std::int64_t& seated = by_claim_[&pod];
    for (const std::string& name : pod.claims) {
      const auto claim = claims_.find(PodKey(pod.ns, name));
      if (claim == claims_.end()) continue;
      for (const cluster::AllocatedDevice& device : claim->second->devices) {
        if (device.admin_access || device.pool != pod.node) continue;
        if (SeatOnDevice(pod, device.device)) ++seated;
      }
    }
  }

  // What of `pod`'s counts our agents or DCGM's labels name exactly; the rest is left in `rest_`. A
  // count that a claim serves (extended resources backed by DRA) is not seated twice.
  void SeatByUsage(const Pod& pod, std::span<const DeviceUsage* const> records) {
    for (const cluster::ResourceCount& resource : pod.devices) {
      const ResourceKind kind = KindOf(resource.name);
      if (kind.unit == ResourceKind::Unit::kNotGpu) continue;
      std::int64_t& served = by_claim_[&pod];
      std::int64_t left = std::max<std::int64_t>(0, resource.count - served);
      served = std::max<std::int64_t>(0, served - resource.count);
      std::vector<Seat*> taken;
      for (Seat* seat : SeatsHeldBy(pod, kind)) {
        if (left == 0) break;
        Take(*seat, pod, /*exact=*/true);
        taken.push_back(seat);
        --left;
      }
      if (!taken.empty()) records = {};  // of an earlier time
      for (const DeviceUsage* record : records) {
        Seat* seat = SeatNamed(*record, pod, kind);
        if (seat == nullptr) continue;
        if (left == 0) {
          if (!IsOnCardOf(*seat, taken)) MarkMoved(taken);
          continue;
        }
        Take(*seat, pod, /*exact=*/true);
        taken.push_back(seat);
        --left;
      }
      if (left > 0) rest_.push_back({&pod, kind, left});
    }
  }

  // Counts what is left onto free seats; returns what found none.
  std::vector<std::pair<const Pod*, std::int64_t>> SeatTheRest() {
    std::vector<std::pair<const Pod*, std::int64_t>> over;
    for (Rest& rest : rest_) {
      while (rest.count > 0) {
        Seat* seat = FreeSeat(rest.kind);
        if (seat == nullptr) break;
        Take(*seat, *rest.pod, /*exact=*/false);
        --rest.count;
      }
      if (rest.count > 0) over.emplace_back(rest.pod, rest.count);
    }
    return over;
  }

 private:
  struct Rest {
    const Pod* pod;
    ResourceKind kind;
    std::int64_t count;
  };

  static void Take(Seat& seat, const Pod& pod, bool exact) {
    seat.pod = &pod;
    seat.exact = exact;
  }

  // Whether one of `others` is on the card of `seat`: shares of one card are not told apart.
  bool IsOnCardOf(const Seat& seat, std::span<Seat* const> others) const {
    const auto card_of = [&](const Seat* of) {
      return std::find_if(cards_.begin(), cards_.end(), [&](const Card& card) {
        return of >= card.seats.data() && of < card.seats.data() + card.seats.size();
      });
    };
    const auto card = card_of(&seat);
    return std::any_of(others.begin(), others.end(),
                       [&](const Seat* other) { return card_of(other) == card; });
  }

  // A pod of this name was on another device earlier in the window, as one of a StatefulSet.
  static void MarkMoved(std::span<Seat* const> seats) {
    for (Seat* seat : seats) {
      seat->exact = false;
      seat->moved = true;
    }
  }

  bool SeatOnDevice(const Pod& pod, const std::string& device) {
    for (Card& card : cards_) {
      for (Seat& seat : card.seats) {
        const std::string& id = seat.instance ? seat.instance->id : card.gpu->dra_device;
        if (id != device || seat.uncovered || seat.pod != nullptr) continue;
        Take(seat, pod, /*exact=*/true);
        return true;
      }
    }
    return false;
  }

  static bool IsOfKind(const Card& card, const Seat& seat, const ResourceKind& kind) {
    if (seat.uncovered) return false;
    const bool single = card.node->mig_strategy == cluster::MigStrategy::kSingle;
    if (kind.unit == ResourceKind::Unit::kCard) return seat.instance == nullptr || single;
    if (seat.instance == nullptr) return false;
    if (card.model == nullptr) return seat.instance->profile == kind.profile;
    const gpu::MigProfile* wanted = gpu::ProfileNamed(*card.model, kind.profile);
    return wanted != nullptr && wanted == gpu::ProfileNamed(*card.model, seat.instance->profile);
  }

  // That are free, and that our agent says it holds; of shares, one where it is named once.
  std::vector<Seat*> SeatsHeldBy(const Pod& pod, const ResourceKind& kind) {
    std::vector<Seat*> seats;
    for (Card& card : cards_) {
      const cluster::Instance* last = nullptr;
      std::ptrdiff_t named = 0;
      for (Seat& seat : card.seats) {
        if (seat.instance != last || &seat == &card.seats.front()) {
          last = seat.instance;
          const auto& holders = last == nullptr ? card.gpu->holders : last->holders;
          named =
              std::count(holders.begin(), holders.end(), cluster::DeviceHolder{pod.ns, pod.name});
        }
        if (named == 0 || seat.pod != nullptr || !IsOfKind(card, seat, kind)) continue;
        seats.push_back(&seat);
        --named;
      }
    }
    return seats;
  }

  Seat* SeatNamed(const DeviceUsage& record, const Pod& pod, const ResourceKind& kind) {
    if (record.ns != pod.ns || record.pod != pod.name) return nullptr;
    for (Card& card : cards_) {
      if (!IsOfCard(record, *card.gpu)) continue;
      for (Seat& seat : card.seats) {
        if (seat.pod != nullptr || !IsOfKind(card, seat, kind)) continue;
        if (seat.instance != nullptr && !record.instance_id.empty() && !seat.instance->id.empty() &&
            seat.instance->id != record.instance_id) {
          continue;
        }
        return &seat;
      }
    }
    return nullptr;
  }

  // Whole cards and instances are packed; replicas go to the card with the most free ones, as the
  // device plugin hands them out.
  Seat* FreeSeat(const ResourceKind& kind) {
    Seat* best = nullptr;
    std::int64_t best_free = -1;
    for (Card& card : cards_) {
      std::int64_t free = 0;
      Seat* first = nullptr;
      for (Seat& seat : card.seats) {
        if (seat.pod != nullptr || !IsOfKind(card, seat, kind)) continue;
        ++free;
        if (first == nullptr) first = &seat;
      }
      if (first == nullptr) continue;
      if (card.gpu->replicas <= 1) return first;
      if (free > best_free) std::tie(best, best_free) = std::pair(first, free);
    }
    return best;
  }

  std::span<Card> cards_;
  const std::unordered_map<std::string, const cluster::Claim*>& claims_;
  std::vector<Rest> rest_;
  std::unordered_map<const Pod*, std::int64_t> by_claim_;  // devices that claims seated
};

// Gives each card the records of its device.
void AttachUsage(std::span<Card> cards, std::span<const DeviceUsage> records) {
  for (const DeviceUsage& record : records) {
    for (Card& card : cards) {
      if (IsOfCard(record, *card.gpu)) {
        card.usage.push_back(&record);
        break;
      }
    }
  }
}

bool IsOfInstance(const DeviceUsage& record, const Seat& seat, const Card& card) {
  if (seat.instance == nullptr) return record.instance_id.empty();
  if (record.instance_id.empty()) return false;
  if (!seat.instance->id.empty() && card.gpu->dra_device.empty()) {
    return seat.instance->id == record.instance_id;
  }
  return seat.instance->profile == record.profile;
}

void AttachSeatUsage(Card& card) {
  for (Seat& seat : card.seats) {
    if (seat.pod == nullptr) continue;
    for (const DeviceUsage* record : card.usage) {
      if (!IsOfInstance(*record, seat, card)) continue;
      if (record->ns == seat.pod->ns && record->pod == seat.pod->name) seat.usage.push_back(record);
    }
  }
}

// The records of one node, which are adjacent since usage is sorted by node.
std::span<const DeviceUsage> RecordsOf(const cluster::Snapshot& snapshot, std::string_view node) {
  if (!snapshot.usage) return {};
  const auto& all = snapshot.usage->devices;
  return std::ranges::equal_range(all, node, {}, &DeviceUsage::node);
}

void SeatNode(std::span<Card> cards, std::span<const Pod* const> pods,
              std::span<const DeviceUsage> records,
              const std::unordered_map<std::string, const cluster::Claim*>& claims,
              Holdings& holdings) {
  AttachUsage(cards, records);
  std::map<std::pair<std::string_view, std::string_view>, std::vector<const DeviceUsage*>> by_pod;
  for (const DeviceUsage& record : records) {
    if (!record.pod.empty()) by_pod[{record.ns, record.pod}].push_back(&record);
  }
  NodeSeater seater(cards, claims);
  for (const Pod* pod : pods) seater.SeatByClaims(*pod);
  for (const Pod* pod : pods) {
    const auto found = by_pod.find({pod->ns, pod->name});
    seater.SeatByUsage(*pod, found == by_pod.end() ? std::span<const DeviceUsage* const>()
                                                   : std::span(found->second));
  }
  for (auto& over : seater.SeatTheRest()) holdings.overcommitted.push_back(over);
  for (Card& card : cards) AttachSeatUsage(card);
}

}  // namespace

base::MilliGpu PartBetween(base::PartsPerMillion from, base::PartsPerMillion to) {
  const auto thousandths = [](base::PartsPerMillion share) { return (share.value() + 500) / 1000; };
  return base::MilliGpu(thousandths(to) - thousandths(from));
}

std::vector<const cluster::DeviceUsage*> DeviceRecords(const Card& card, const Seat& seat) {
  std::vector<const DeviceUsage*> records;
  for (const DeviceUsage* record : card.usage) {
    if (IsOfInstance(*record, seat, card)) records.push_back(record);
  }
  return records;
}

ResourceKind KindOf(std::string_view resource) {
  constexpr std::string_view kPrefix = "nvidia.com/";
  constexpr std::string_view kShared = ".shared";
  ResourceKind kind;
  if (!resource.starts_with(kPrefix)) return kind;
  resource.remove_prefix(kPrefix.size());
  if (resource.ends_with(kShared)) {
    kind.shared = true;
    resource.remove_suffix(kShared.size());
  }
  if (resource == "gpu") kind.unit = ResourceKind::Unit::kCard;
  if (resource.starts_with("mig-")) {
    kind.unit = ResourceKind::Unit::kInstance;
    kind.profile = resource.substr(4);
  }
  return kind;
}

std::int64_t DevicesAsked(const Pod& pod) {
  std::int64_t devices = 0;
  for (const cluster::ResourceCount& resource : pod.devices) {
    if (KindOf(resource.name).unit != ResourceKind::Unit::kNotGpu) devices += resource.count;
  }
  return devices;
}

base::MilliGpu CardsAsked(const Pod& pod) {
  base::MilliGpu cards;
  for (const cluster::ResourceCount& resource : pod.devices) {
    if (KindOf(resource.name).unit == ResourceKind::Unit::kCard) {
      cards += base::MilliGpu(1000) * resource.count;
    } else if (resource.name == kMilliGpuResource) {
      cards += base::MilliGpu(resource.count);
    }
  }
  return cards;
}

bool AsksForGpu(const Pod& pod) {
  return DevicesAsked(pod) > 0 || CardsAsked(pod).value() > 0 || !pod.claims.empty();
}

Holdings FindHoldings(const cluster::Snapshot& snapshot) {
  Holdings holdings;
  std::unordered_map<std::string, const cluster::Claim*> claims;
  for (const cluster::Claim& claim : snapshot.claims) claims[PodKey(claim.ns, claim.name)] = &claim;

  std::unordered_map<std::string_view, std::vector<const Pod*>> pods_of;
  for (const Pod& pod : snapshot.pods) {
    if (!AsksForGpu(pod)) continue;
    if (cluster::HoldsDevices(pod)) pods_of[pod.node].push_back(&pod);
    if (pod.node.empty() && pod.phase == cluster::PodPhase::kRunning) {
      holdings.unplaced.push_back(&pod);
    }
  }
  Facts facts;
  for (const Node& node : snapshot.nodes) {
    const std::size_t first = holdings.cards.size();
    for (Card& card : CardsOf(node, facts)) holdings.cards.push_back(std::move(card));
    const std::span cards(holdings.cards.data() + first, holdings.cards.size() - first);
    if (cards.empty()) continue;
    const auto pods = pods_of.find(node.name);
    SeatNode(cards, pods == pods_of.end() ? std::span<const Pod* const>() : std::span(pods->second),
             RecordsOf(snapshot, node.name), claims, holdings);
  }
  return holdings;
}

}  // namespace tangram::plan

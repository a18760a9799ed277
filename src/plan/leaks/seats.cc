#include "plan/leaks/seats.h"

#include <algorithm>
#include <map>
#include <string>
#include <unordered_map>

#include "plan/leaks/card_seats.h"

namespace tangram::plan {
namespace {

using cluster::DeviceUsage;
using cluster::Gpu;
using cluster::Node;
using cluster::Pod;

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

// What claims say of one node's devices, and which claims there are, by pod key.
struct Claimed {
  const SharesByDevice& shares;
  const std::unordered_map<std::string, const cluster::Claim*>& claims;
};

// Seats the pods of one node. Exact knowledge first, then counts.
class NodeSeater {
 public:
  NodeSeater(std::span<Card> cards, const Claimed& claimed)
      : cards_(cards), shares_(claimed.shares), claims_(claimed.claims) {}

  // Devices of `pod` that its DRA claims name.
  void SeatByClaims(const Pod& pod) {
    std::int64_t& seated = by_claim_[&pod];
    for (const std::string& name : pod.claims) {
      const auto claim = claims_.find(PodKey(pod.ns, name));
      if (claim == claims_.end()) continue;
      for (const cluster::AllocatedDevice& device : claim->second->devices) {
        if (device.admin_access || device.pool != pod.node) continue;
        if (device.shared ? SeatOnShare(pod, *claim->second, device.device)
                          : SeatOnDevice(pod, device.device)) {
          ++seated;
        }
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

  // Its name as DRA has it.
  static const std::string& DeviceOf(const Card& card, const Seat& seat) {
    return seat.instance ? seat.instance->id : card.gpu->dra_device;
  }

  template <class IsOne>
  bool SeatOnDevice(const Pod& pod, const std::string& device, IsOne is_one) {
    for (Card& card : cards_) {
      for (Seat& seat : card.seats) {
        if (DeviceOf(card, seat) != device || seat.uncovered || seat.pod != nullptr ||
            !is_one(seat))
          continue;
        Take(seat, pod, /*exact=*/true);
        return true;
      }
    }
    return false;
  }
  bool SeatOnDevice(const Pod& pod, const std::string& device) {
    return SeatOnDevice(pod, device, [](const Seat&) { return true; });
  }
  // Of those that the claim takes of the device, the first that no pod has yet.
  bool SeatOnShare(const Pod& pod, const cluster::Claim& claim, const std::string& device) {
    const std::vector<const cluster::Claim*>& claims = shares_.at(device).claims;
    return SeatOnDevice(pod, device, [&](const Seat& seat) {
      const auto share = static_cast<std::size_t>(seat.replica);
      return share < claims.size() && claims[share] == &claim;
    });
  }

  // What claims share out is no device of the plugin.
  bool IsOfKind(const Card& card, const Seat& seat, const ResourceKind& kind) const {
    if (seat.uncovered || shares_.contains(DeviceOf(card, seat))) return false;
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
  const SharesByDevice& shares_;
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
              std::span<const DeviceUsage> records, const Claimed& claimed, Holdings& holdings) {
  AttachUsage(cards, records);
  std::map<std::pair<std::string_view, std::string_view>, std::vector<const DeviceUsage*>> by_pod;
  for (const DeviceUsage& record : records) {
    if (!record.pod.empty()) by_pod[{record.ns, record.pod}].push_back(&record);
  }
  NodeSeater seater(cards, claimed);
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
  CardMaker maker;
  const auto shares_by_node = FindShares(snapshot);
  const SharesByDevice none;
  for (const Node& node : snapshot.nodes) {
    const auto shared = shares_by_node.find(node.name);
    const SharesByDevice& shares = shared == shares_by_node.end() ? none : shared->second;
    const std::size_t first = holdings.cards.size();
    for (Card& card : maker.CardsOf(node, shares)) holdings.cards.push_back(std::move(card));
    const std::span cards(holdings.cards.data() + first, holdings.cards.size() - first);
    if (cards.empty()) continue;
    const auto pods = pods_of.find(node.name);
    SeatNode(cards, pods == pods_of.end() ? std::span<const Pod* const>() : std::span(pods->second),
             RecordsOf(snapshot, node.name), {shares, claims}, holdings);
  }
  return holdings;
}

}  // namespace tangram::plan

#include "plan/leaks/card_seats.h"

#include <algorithm>
#include <numeric>

#include "cluster/device_memory.h"

namespace tangram::plan {
namespace {

using cluster::Gpu;
using cluster::Node;

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

// How the seats of a device divide it, and what nobody took of its memory (MiB; 0: not known) at
// the end; equally, where it is not known how much each takes.
std::vector<std::int64_t> Divide(const Shares& shares, std::int64_t memory) {
  const bool known = std::all_of(shares.memory.begin(), shares.memory.end(),
                                 [](std::int64_t taken) { return taken > 0; });
  if (!known) return std::vector<std::int64_t>(shares.memory.size(), 1);
  std::vector<std::int64_t> parts = shares.memory;
  for (const std::int64_t taken : shares.memory) memory -= std::min(memory, taken);
  if (memory > 0) parts.push_back(memory);
  return parts;
}

}  // namespace

std::unordered_map<std::string_view, SharesByDevice> FindShares(const cluster::Snapshot& snapshot) {
  std::unordered_map<std::string_view, SharesByDevice> by_node;
  for (const cluster::Claim& claim : snapshot.claims) {
    for (const cluster::AllocatedDevice& device : claim.devices) {
      if (!device.shared || device.admin_access) continue;
      Shares& shares = by_node[device.pool][device.device];
      shares.claims.push_back(&claim);
      shares.memory.push_back(cluster::MemoryOf(device).value_or(base::MiB()).value());
    }
  }
  return by_node;
}

const gpu::Model* CardMaker::ModelOf(const Gpu& card) {
  const auto [known, fresh] = models_.try_emplace({card.product, card.memory.value()}, nullptr);
  if (fresh) known->second = cluster::ModelOf(card);
  return known->second;
}

int CardMaker::FreeSlices(const gpu::Model& model, const Gpu& card) {
  std::vector<std::string_view> profiles;
  for (const cluster::Instance& instance : card.instances) profiles.push_back(instance.profile);
  std::sort(profiles.begin(), profiles.end());
  const auto [known, fresh] = free_.try_emplace({&model, std::move(profiles)}, 0);
  if (fresh) known->second = UsableFreeSlices(model, card);
  return known->second;
}

void CardMaker::AddSeats(Card& card, const SharesByDevice& shares) {
  // A device that is divided by MiB weighs as much as one that is not.
  constexpr std::int64_t kParts = 1'000'000;
  const Gpu& gpu = *card.gpu;
  const int replicas = std::max(1, gpu.replicas);
  std::vector<std::int64_t> weights;
  const auto add = [&](const cluster::Instance* instance, std::int64_t weight) {
    const auto shared = shares.find(instance == nullptr ? gpu.dra_device : instance->id);
    const std::int64_t memory = instance == nullptr ? gpu.memory.value() : 0;
    const std::vector<std::int64_t> parts =
        shared == shares.end() ? std::vector<std::int64_t>(static_cast<std::size_t>(replicas), 1)
                               : Divide(shared->second, memory);
    const auto all =
        static_cast<double>(std::accumulate(parts.begin(), parts.end(), std::int64_t{0}));
    const auto whole = static_cast<double>(weight * replicas * kParts);
    for (std::size_t i = 0; i < parts.size(); ++i) {
      card.seats.push_back({.instance = instance, .replica = static_cast<int>(i)});
      weights.push_back(static_cast<std::int64_t>(whole * static_cast<double>(parts[i]) / all));
    }
  };
  if (gpu.instances.empty()) add(nullptr, 1);
  for (const cluster::Instance& instance : gpu.instances) {
    add(&instance, SlicesOf(card.model, instance));
  }
  if (!gpu.instances.empty() && card.model != nullptr) {
    const int free = FreeSlices(*card.model, gpu);
    if (free > 0) {
      card.seats.push_back({.uncovered = true});
      weights.push_back(std::int64_t{free} * replicas * kParts);
    }
  }
  SetShares(card.seats, weights);
}

std::vector<Card> CardMaker::CardsOf(const Node& node, const SharesByDevice& shares) {
  std::vector<Card> cards;
  base::MicroUsdPerHour given;
  for (const Gpu& gpu : node.gpus) {
    Card card{.node = &node, .gpu = &gpu};
    card.model = ModelOf(gpu);
    card.priced = node.price.has_value();
    if (card.priced) {
      const bool last = &gpu == &node.gpus.back();
      const auto count = static_cast<std::int64_t>(node.gpus.size());
      card.rate = last ? node.price->rate - given : node.price->rate / count;
      given += card.rate;
    }
    AddSeats(card, shares);
    SetCosts(card);
    cards.push_back(std::move(card));
  }
  return cards;
}

}  // namespace tangram::plan

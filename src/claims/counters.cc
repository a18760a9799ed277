#include "claims/counters.h"

#include <algorithm>

namespace tangram::claims {

const Counters::Amounts& Counters::ConsumedBy(Left& left, const cluster::Device& device) {
  const auto [known, fresh] = left.consumed_by.try_emplace(&device);
  if (!fresh) return known->second;
  for (const cluster::CounterSet& set : device.consumes) {
    for (const auto& [counter, amount] : set.counters) {
      const auto place = left.places.find({set.name, counter});
      if (place != left.places.end()) known->second.emplace_back(place->second, amount);
    }
  }
  return known->second;
}

void Counters::Add(Left& left, const Amounts& amounts, std::int64_t sign) {
  for (const auto& [place, amount] : amounts) {
    std::int64_t& of = left.left[place];
    left.overdrawn -= of < 0 ? 1 : 0;
    of += sign * amount;
    left.overdrawn += of < 0 ? 1 : 0;
  }
}

Counters::Left& Counters::LeftIn(const Pool& pool) {
  const auto [known, fresh] = by_pool_.try_emplace(pool.name);
  Left& left = known->second;
  if (!fresh) return left;
  for (const cluster::CounterSet* set : pool.counters) {
    for (const auto& [counter, amount] : set->counters) {
      left.places.emplace(std::pair(std::string_view(set->name), std::string_view(counter)),
                          left.left.size());
      left.left.push_back(amount);
    }
  }
  left.all = left.left;
  const auto count = [&](const cluster::Device& device) {
    if (allocated_.contains(&device)) Add(left, ConsumedBy(left, device), -1);
  };
  for (const Offer& offer : pool.offers) count(*offer.device);
  for (const cluster::Device* device : pool.elsewhere) count(*device);
  return left;
}

bool Counters::Take(const Pool& pool, const cluster::Device& device) {
  Left& left = LeftIn(pool);
  const Amounts& amounts = ConsumedBy(left, device);
  Add(left, amounts, -1);
  if (left.overdrawn == 0) return true;
  Add(left, amounts, +1);
  return false;
}

void Counters::GiveBack(const Pool& pool, const cluster::Device& device) {
  Left& left = LeftIn(pool);
  Add(left, ConsumedBy(left, device), +1);
}

std::int64_t Counters::ThousandthsOf(const Pool& pool, const cluster::Device& device) {
  constexpr double kWhole = 1'000;
  Left& left = LeftIn(pool);
  const Amounts& amounts = ConsumedBy(left, device);
  double most = amounts.empty() ? 1 : 0;
  for (const auto& [place, amount] : amounts) {
    const std::int64_t all = left.all[place];
    if (all > 0) most = std::max(most, static_cast<double>(amount) / static_cast<double>(all));
  }
  return static_cast<std::int64_t>(std::min(most, 1.0) * kWhole);
}

}  // namespace tangram::claims

#include "claims/pools.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "cluster/schedulable.h"

namespace tangram::claims {
namespace {

using cluster::ResourceSlice;
using Slices = std::vector<const ResourceSlice*>;

bool Reaches(const cluster::NodeReach& reach, const cluster::Node& node) {
  if (!reach.node.empty()) return reach.node == node.name;
  return reach.all_nodes || cluster::MeetsOneOf(node, reach.nodes);
}

// Counters are for every node.
bool Reaches(const ResourceSlice& slice, const cluster::Node& node) {
  if (!slice.counters.empty()) return true;
  if (!slice.reach_by_device) return Reaches(slice.reach, node);
  return std::any_of(slice.devices.begin(), slice.devices.end(),
                     [&](const cluster::Device& device) { return Reaches(device.reach, node); });
}

std::int64_t NewestOf(const Slices& slices) {
  const auto newest =
      std::max_element(slices.begin(), slices.end(),
                       [](const auto* a, const auto* b) { return a->generation < b->generation; });
  return (*newest)->generation;
}

Slices OfGeneration(const Slices& slices, std::int64_t generation) {
  Slices same;
  std::copy_if(slices.begin(), slices.end(), std::back_inserter(same),
               [&](const auto* slice) { return slice->generation == generation; });
  return same;
}

bool IsWhole(const Slices& slices) {
  return static_cast<std::int64_t>(slices.size()) == slices.front()->pool_slices;
}

// The first device that names counters which are not there; empty: none does.
std::string WithoutCounters(const Slices& slices,
                            const std::vector<const cluster::CounterSet*>& sets) {
  const auto has = [&](const cluster::CounterSet& taken) {
    const auto set = std::find_if(sets.begin(), sets.end(),
                                  [&](const auto* known) { return known->name == taken.name; });
    if (set == sets.end()) return false;
    return std::all_of(taken.counters.begin(), taken.counters.end(), [&](const auto& counter) {
      return std::any_of((*set)->counters.begin(), (*set)->counters.end(),
                         [&](const auto& known) { return known.name == counter.name; });
    });
  };
  for (const ResourceSlice* slice : slices) {
    for (const cluster::Device& device : slice->devices) {
      if (!std::all_of(device.consumes.begin(), device.consumes.end(), has)) return device.name;
    }
  }
  return {};
}

// The first name that is there twice; empty: none.
template <class Names>
std::string Twice(const Names& names) {
  std::set<std::string_view> seen;
  for (const auto& name : names) {
    if (!seen.insert(name).second) return std::string(name);
  }
  return {};
}

std::string FaultOf(const Pool& pool, const Slices& slices) {
  std::vector<std::string_view> devices;
  for (const Offer& offer : pool.offers) devices.push_back(offer.device->name);
  if (auto name = Twice(devices); !name.empty()) return "device " + name + " is there twice";
  std::vector<std::string_view> sets;
  for (const auto* set : pool.counters) sets.push_back(set->name);
  if (auto name = Twice(sets); !name.empty()) return "counter set " + name + " is there twice";
  if (auto name = WithoutCounters(slices, pool.counters); !name.empty()) {
    return "device " + name + " consumes counters that are not there";
  }
  return {};
}

bool HasBindingConditions(const Pool& pool) {
  return std::any_of(pool.offers.begin(), pool.offers.end(),
                     [](const Offer& offer) { return offer.device->has_binding_conditions; });
}

}  // namespace

Catalog::Catalog(const cluster::List<ResourceSlice>& slices) {
  for (const ResourceSlice& slice : slices) pools_[{slice.driver, slice.pool}].push_back(&slice);
  for (auto& [key, of_pool] : pools_) {
    std::sort(of_pool.begin(), of_pool.end(),
              [](const auto* a, const auto* b) { return a->name < b->name; });
    bool is_shared = false;
    bool has_counters = false;
    std::set<std::string_view> nodes;
    for (const ResourceSlice* slice : of_pool) {
      has_counters = has_counters || !slice->counters.empty();
      if (!slice->counters.empty()) continue;
      if (slice->reach.node.empty()) is_shared = true;
      if (!slice->reach.node.empty()) nodes.insert(slice->reach.node);
    }
    if (is_shared) shared_.push_back(key);
    for (const std::string_view node : nodes) {
      if (!is_shared) by_node_[node].push_back(key);
    }
    if (has_counters && !is_shared && HasFault(of_pool)) in_everyones_way_.push_back(key);
    for (const ResourceSlice* slice : of_pool) {
      for (const cluster::Device& device : slice->devices) {
        devices_.emplace(std::tuple(key.first, key.second, std::string_view(device.name)), &device);
      }
    }
  }
}

bool Catalog::HasFault(const Slices& slices) {
  const Slices newest = OfGeneration(slices, NewestOf(slices));
  if (!IsWhole(newest)) return true;
  Pool pool;
  for (const ResourceSlice* slice : newest) {
    for (const auto& set : slice->counters) pool.counters.push_back(&set);
  }
  return !FaultOf(pool, newest).empty();
}

void Catalog::AddDevices(const Slices& relevant, const Slices& all, const cluster::Node& node,
                         Pool& pool) {
  for (const ResourceSlice* slice : relevant) {
    for (const auto& set : slice->counters) pool.counters.push_back(&set);
    if (!slice->counters.empty()) continue;
    for (const cluster::Device& device : slice->devices) {
      pool.offers.push_back({&device, !slice->reach_by_device || Reaches(device.reach, node)});
    }
  }
  for (const ResourceSlice* slice : all) {
    if (std::find(relevant.begin(), relevant.end(), slice) != relevant.end()) continue;
    for (const cluster::Device& device : slice->devices) pool.elsewhere.push_back(&device);
  }
}

// Without a name: the node has nothing of it.
Pool Catalog::MakePool(const PoolKey& key, const Slices& slices, const cluster::Node& node) const {
  Slices relevant;
  std::copy_if(slices.begin(), slices.end(), std::back_inserter(relevant),
               [&](const auto* slice) { return Reaches(*slice, node); });
  if (relevant.empty()) return {};
  const std::int64_t generation = NewestOf(relevant);
  relevant = OfGeneration(relevant, generation);
  Pool pool{.driver = key.first, .name = key.second};
  Slices all = relevant;
  if (!IsWhole(relevant)) {
    if (NewestOf(slices) > generation) return {};  // the driver is replacing it
    all = OfGeneration(slices, generation);
    if (!IsWhole(all)) {
      pool.fault = fmt::format("{} of {} slices of generation {} are there", all.size(),
                               relevant.front()->pool_slices, generation);
      return pool;
    }
  }
  AddDevices(relevant, all, node, pool);
  pool.fault = FaultOf(pool, all);
  return pool;
}

std::vector<Pool> Catalog::PoolsOf(const cluster::Node& node) const {
  std::set<PoolKey> keys(shared_.begin(), shared_.end());
  keys.insert(in_everyones_way_.begin(), in_everyones_way_.end());
  if (const auto own = by_node_.find(node.name); own != by_node_.end()) {
    keys.insert(own->second.begin(), own->second.end());
  }
  std::vector<Pool> pools;
  for (const PoolKey& key : keys) {
    Pool pool = MakePool(key, pools_.at(key), node);
    if (!pool.name.empty()) pools.push_back(std::move(pool));
  }
  std::stable_partition(pools.begin(), pools.end(),
                        [](const Pool& pool) { return !HasBindingConditions(pool); });
  return pools;
}

std::vector<const cluster::Device*> Catalog::DevicesNamed(std::string_view driver,
                                                          std::string_view pool,
                                                          std::string_view device) const {
  std::vector<const cluster::Device*> named;
  const auto [first, last] = devices_.equal_range({driver, pool, device});
  for (auto one = first; one != last; ++one) named.push_back(one->second);
  return named;
}

}  // namespace tangram::claims

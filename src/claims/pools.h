// The pools of devices that a node can use, from the slices that drivers publish.
//
// Source: k8s.io/dynamic-resource-allocation/structured, GatherPools of 1.36: which slices count,
// which pools are whole, and the order in which devices are tried.
#pragma once

#include <map>
#include <span>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

#include "cluster/device.h"
#include "cluster/list.h"

namespace tangram::claims {

// A device as a node sees it.
struct Offer {
  const cluster::Device* device = nullptr;
  bool in_reach = true;  // false: of a slice that the node can use, and itself for others
};

struct Pool {
  std::string_view driver{};
  std::string_view name{};
  // What keeps its devices from being given: "2 of 3 slices of generation 4 are there"; empty:
  // nothing.
  std::string fault{};
  std::vector<const cluster::CounterSet*> counters{};
  std::vector<Offer> offers{};  // in the order in which they are tried
  // Of slices that the node cannot use: not given, but what they took of the counters counts.
  std::vector<const cluster::Device*> elsewhere{};
};

// Borrows the slices, which must outlive it and stay where they are. O(slices) to make.
class Catalog {
 public:
  explicit Catalog(const cluster::List<cluster::ResourceSlice>& slices);
  explicit Catalog(cluster::List<cluster::ResourceSlice>&&) = delete;

  // In the order in which they are tried.
  std::vector<Pool> PoolsOf(const cluster::Node& node) const;

  // Those of that name, in every generation: a pool that is being replaced has several.
  std::vector<const cluster::Device*> DevicesNamed(std::string_view driver, std::string_view pool,
                                                   std::string_view device) const;

  bool empty() const { return pools_.empty(); }

 private:
  using PoolKey = std::pair<std::string_view, std::string_view>;  // driver, name
  using Slices = std::vector<const cluster::ResourceSlice*>;      // by name

  static bool HasFault(const Slices& slices);
  Pool MakePool(const PoolKey& key, const Slices& slices, const cluster::Node& node) const;
  static void AddDevices(const Slices& relevant, const Slices& all, const cluster::Node& node,
                         Pool& pool);

  std::map<PoolKey, Slices> pools_;
  std::map<std::string_view, std::vector<PoolKey>> by_node_;  // of slices for one node
  std::vector<PoolKey> shared_;            // with devices for nodes that are not named by the slice
  std::vector<PoolKey> in_everyones_way_;  // with counters, and not whole: they stop `All`
  std::multimap<std::tuple<std::string_view, std::string_view, std::string_view>,
                const cluster::Device*>
      devices_;
};

}  // namespace tangram::claims

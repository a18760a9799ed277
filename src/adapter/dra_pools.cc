#include "adapter/dra_pools.h"

#include <algorithm>
#include <iterator>
#include <limits>

#include "adapter/amounts.h"
#include "adapter/printable.h"
#include "base/quantity_text.h"
#include "base/text.h"
#include "cluster/device_memory.h"

namespace tangram::adapter {
namespace {

using cluster::ResourceSlice;

struct Pool {
  std::int64_t generation = std::numeric_limits<std::int64_t>::min();
  std::vector<const ResourceSlice*> slices;  // of that generation
};

std::map<std::string, Pool> NewestPools(const cluster::List<ResourceSlice>& slices) {
  std::map<std::string, Pool> pools;
  for (const ResourceSlice& slice : slices) {
    if (slice.driver != cluster::kNvidiaDriver) continue;
    Pool& pool = pools[slice.pool];
    if (slice.generation < pool.generation) continue;
    if (slice.generation > pool.generation) pool = Pool{slice.generation, {}};
    pool.slices.push_back(&slice);
  }
  return pools;
}

// What keeps the scheduler from using the pool; empty: nothing.
std::string FaultOf(const Pool& pool) {
  const std::int64_t wanted = pool.slices.front()->pool_slices;
  if (static_cast<std::int64_t>(pool.slices.size()) != wanted) {
    return std::to_string(pool.slices.size()) + " of " + std::to_string(wanted) +
           " slices of generation " + std::to_string(pool.generation) + " are there";
  }
  std::set<std::string_view> names;
  for (const ResourceSlice* slice : pool.slices) {
    for (const cluster::Device& device : slice->devices) {
      if (!names.insert(device.name).second) {
        return "device " + Printable(device.name) + " is published twice";
      }
    }
  }
  return "";
}

std::optional<int> SmallNumber(std::string_view text) {
  const auto number = base::ParseInteger(text);
  if (!number || *number < 0 || *number > 1'000) return std::nullopt;
  return static_cast<int>(*number);
}

}  // namespace

SliceDevice ReadNvidiaDevice(const cluster::Device& device) {
  const auto text = [&](const std::string& name) {
    const auto* found = cluster::FindAttribute(device, cluster::kNvidiaDriver,
                                               std::string(cluster::kNvidiaDriver) + "/" + name);
    const bool is_text = found != nullptr && found->type == cluster::AttributeType::kString;
    return is_text ? found->value : std::string();
  };
  return {device.name,
          text("type"),
          text("uuid"),
          text("parentUUID"),
          text("productName"),
          text("profile"),
          cluster::MemoryOf(device)};
}

DraPools ReadPools(const cluster::List<ResourceSlice>& slices,
                   const cluster::List<cluster::Claim>& claims) {
  DraPools read;
  std::map<std::string, std::set<std::string>> allocated;  // by pool
  for (const cluster::Claim& claim : claims) {
    for (const cluster::AllocatedDevice& device : claim.devices) {
      const bool holds = device.driver == cluster::kNvidiaDriver && !device.admin_access;
      if (holds) allocated[device.pool].insert(device.device);
    }
  }
  for (const auto& [name, pool] : NewestPools(slices)) {
    if (const std::string fault = FaultOf(pool); !fault.empty()) {
      read.gaps.push_back({"resource pool " + Printable(name), fault,
                           "wait for the driver to publish the pool, or look at its log"});
      continue;
    }
    for (const ResourceSlice* slice : pool.slices) {
      if (slice->reach.node.empty()) continue;
      NodeDevices& node = read.by_node[slice->reach.node];
      std::transform(slice->devices.begin(), slice->devices.end(), std::back_inserter(node.devices),
                     ReadNvidiaDevice);
      node.allocated.insert(allocated[name].begin(), allocated[name].end());
    }
  }
  return read;
}

DeviceName ParseDeviceName(std::string_view name) {
  constexpr std::string_view kGpu = "gpu-";
  constexpr std::string_view kMig = "-mig-";
  DeviceName parsed;
  if (!name.starts_with(kGpu)) return parsed;
  name.remove_prefix(kGpu.size());
  const std::size_t mig = name.find(kMig);
  const auto card = SmallNumber(name.substr(0, mig));
  if (!card) return parsed;
  parsed.card = *card;
  if (mig == std::string_view::npos) return parsed;
  // The profile may hold '-' itself (1g10gb-me), so the two numbers are taken from the end.
  const auto parts = base::Split(name.substr(mig + kMig.size()), '-');
  if (parts.size() < 3) return parsed;
  const auto start = SmallNumber(parts[parts.size() - 1]);
  const auto id = SmallNumber(parts[parts.size() - 2]);
  if (!start || !id) return parsed;
  parsed.start = *start;
  parsed.profile_id = *id;
  const char* begin = parts.front().data();
  const std::string_view& last = parts[parts.size() - 3];
  parsed.profile.assign(begin, static_cast<std::size_t>(last.data() + last.size() - begin));
  return parsed;
}

}  // namespace tangram::adapter

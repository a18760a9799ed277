#include "claims/testing/random_claims_testing.h"

#include <string>

namespace tangram::claims {
namespace {

using cluster::AttributeType;
using cluster::Device;
using cluster::DeviceRequest;
using cluster::ResourceSlice;

const std::string kDriver = "d.io";

class Maker {
 public:
  explicit Maker(std::mt19937_64& random) : random_(random) {}

  Scene Make() {
    Scene scene;
    scene.node.name = "node";
    scene.node.labels = {{"rack", "r1"}};
    scene.classes = {{"any", {"device.driver == \"d.io\""}, {}},
                     {"careless", {"device.attributes[\"d.io\"].size > 0"}, {}},
                     {"small", {"device.attributes[\"d.io\"].?size.orValue(0) <= 2"}, {}}};
    for (int i = 0; i <= Roll(2); ++i) AddPool("pool-" + std::to_string(i), scene);
    for (const ResourceSlice& slice : scene.slices) {
      for (const Device& device : slice.devices) {
        if (Roll(device.shared_by_capacity ? 2 : 5) == 0) Allocate(slice, device, scene);
      }
    }
    for (int i = 0; i <= Roll(2); ++i) scene.claims.push_back(MakeClaim(i));
    return scene;
  }

 private:
  int Roll(int sides) { return static_cast<int>(random_() % static_cast<unsigned>(sides)); }

  void Allocate(const ResourceSlice& slice, const Device& device, Scene& scene) {
    cluster::AllocatedDevice& result = scene.allocated.emplace_back();
    result = {"", slice.driver, slice.pool, device.name};
    result.shared = device.shared_by_capacity && Roll(8) != 0;
    if (!result.shared) return;
    for (const cluster::DeviceCapacity& capacity : device.capacity) {
      const std::string unit = capacity.name == "memory" ? "Gi" : "";
      result.consumed.emplace_back(capacity.name, std::to_string(Roll(3) * 5) + unit);
    }
  }

  // What may be taken of so many Gi.
  cluster::CapacityPolicy MakePolicy(std::int64_t size) {
    const auto gi = [](std::int64_t amount) { return std::to_string(amount) + "Gi"; };
    cluster::CapacityPolicy policy;
    const int kind = Roll(4);
    if (kind == 0) policy.values = {gi(2), gi(5), gi(size)};
    if (kind > 1) policy.min = gi(1 + Roll(2));
    if (kind == 2) policy.step = Roll(2) ? "3Gi" : "1500Mi";
    if (kind > 1 && Roll(2)) policy.max = gi(8);
    policy.fallback = kind == 0 ? gi(5) : policy.min;
    if (kind == 1) policy.fallback = gi(1 + Roll(9));
    return policy;
  }

  // Half of the pools share out one set of counters. Some have slices for other nodes, slices of
  // an earlier generation, or are not whole.
  void AddPool(const std::string& name, Scene& scene) {
    const bool counted = Roll(2) == 0;
    std::vector<ResourceSlice> slices = {MakeSlice(name, "-b", counted)};
    if (Roll(4) == 0) slices.push_back(MakeSlice(name, "-a", counted));
    if (Roll(6) == 0) {
      slices.push_back(MakeSlice(name, "-far", counted));
      slices.back().reach = {.node = "far"};
      slices.back().reach_by_device = false;
      for (Device& device : slices.back().devices) device.name += "-far";
    }
    if (counted) {
      ResourceSlice& counters = slices.emplace_back(MakeSlice(name, "-counters", false));
      counters.devices.clear();
      counters.counters = {{"card", {{"memory", 8000}, {"slices", 4000}}}};
      if (Roll(20) == 0) counters.counters[0].name = "other";
    }
    const int missing = Roll(25) == 0 ? 1 : 0;
    for (ResourceSlice& slice : slices) {
      slice.generation = 2;
      slice.pool_slices = static_cast<std::int64_t>(slices.size()) + missing;
    }
    if (Roll(8) == 0) {
      slices.push_back(MakeSlice(name, "-old", false));
      slices.back().generation = Roll(4) == 0 ? 3 : 1;
      slices.back().pool_slices = 2;
    }
    for (ResourceSlice& slice : slices) scene.slices.push_back(std::move(slice));
  }

  ResourceSlice MakeSlice(const std::string& pool, const std::string& suffix, bool counted) {
    ResourceSlice slice;
    slice.name = pool + suffix;
    slice.driver = kDriver;
    slice.pool = pool;
    SetReach(slice);
    const int devices = 1 + Roll(6);
    for (int i = 0; i < devices; ++i) {
      // Of two slices those of the first name come later.
      const std::string number = std::to_string(i) + (suffix == "-a" ? "-a" : "");
      Device& device = slice.devices.emplace_back(MakeDevice("device-" + number, counted));
      if (slice.reach_by_device && Roll(3) == 0) device.reach.node = "far";
      if (slice.reach_by_device && device.reach.node.empty()) device.reach.all_nodes = true;
    }
    return slice;
  }

  void SetReach(ResourceSlice& slice) {
    const int kind = Roll(12);
    if (kind == 0) {
      slice.reach.all_nodes = true;
    } else if (kind == 1) {
      slice.reach.nodes = {{{{"rack", "In", {Roll(2) ? "r1" : "r2"}}}, {}}};
    } else if (kind == 2) {
      slice.reach_by_device = true;
    } else {
      slice.reach.node = "node";
    }
  }

  Device MakeDevice(const std::string& name, bool counted) {
    Device device;
    device.name = name;
    const std::int64_t size = 1 + Roll(4);
    if (Roll(8) != 0) {
      device.attributes.push_back({"d.io/group", AttributeType::kString, Roll(2) ? "a" : "b"});
    }
    if (Roll(12) != 0) {
      device.attributes.push_back({"size", AttributeType::kInt, std::to_string(size)});
    }
    device.shared_by_capacity = Roll(3) == 0;
    if (Roll(2) != 0) device.capacity = {{"memory", std::to_string(size * 10) + "Gi"}};
    if (device.shared_by_capacity && !device.capacity.empty() && Roll(2)) {
      device.capacity[0].policy = MakePolicy(size * 10);
    }
    if (device.shared_by_capacity && Roll(3) == 0) device.capacity.push_back({"cores", "100"});
    if (counted && Roll(4) != 0) {
      device.consumes = {{"card", {{"memory", (1 + Roll(4)) * 1000}, {"slices", size * 1000}}}};
    }
    if (Roll(6) == 0) device.taints = {{"sick", "yes", Roll(3) ? "NoSchedule" : "None"}};
    device.has_binding_conditions = Roll(30) == 0;
    return device;
  }

  DeviceRequest MakeRequest(const std::string& name) {
    const std::vector<std::string> classes = {"any", "any", "any", "small", "small", "careless"};
    const std::vector<std::string> selectors = {
        "device.attributes[\"d.io\"].?group.orValue(\"\") == \"a\"",
        "device.attributes[\"d.io\"].?size.orValue(0) >= 2",
        "\"group\" in device.attributes[\"d.io\"] && device.attributes[\"d.io\"].group != \"b\"",
        "device.attributes[\"d.io\"].group == \"b\"",
        "isIP(\"10.0.0.1\")",
        "device.nothing"};
    DeviceRequest request{name, classes[static_cast<std::size_t>(Roll(6))], {}};
    const int kind = Roll(24);
    if (kind < 6) request.selectors.push_back(selectors[static_cast<std::size_t>(kind)]);
    if (kind < 6 && kind > 2 && Roll(3) != 0) request.selectors.clear();
    request.all = Roll(8) == 0;
    request.count = 1 + Roll(3);
    request.admin_access = Roll(12) == 0;
    if (Roll(5) == 0) {
      const bool exists = Roll(2) == 0;
      request.tolerations = {{"sick", exists ? "Exists" : "Equal", exists ? "" : "yes", ""}};
    }
    if (Roll(3) == 0) request.capacity = {{"memory", std::to_string(1 + Roll(20)) + "Gi"}};
    if (Roll(6) == 0) request.capacity.insert(request.capacity.begin(), {"cores", "30"});
    return request;
  }

  cluster::Claim MakeClaim(int index) {
    cluster::Claim claim;
    claim.ns = "ns";
    claim.name = "claim-" + std::to_string(index);
    const int requests = 1 + Roll(3);
    for (int i = 0; i < requests; ++i) {
      const std::string name = "r" + std::to_string(i);
      if (Roll(3) != 0) {
        claim.requests.push_back(MakeRequest(name));
        continue;
      }
      const int alternatives = 1 + Roll(3);
      for (int j = 0; j < alternatives; ++j) {
        claim.requests.push_back(MakeRequest(name + "/a" + std::to_string(j)));
        claim.requests.back().admin_access = false;
      }
    }
    if (Roll(3) == 0) {
      cluster::DeviceConstraint& constraint = claim.constraints.emplace_back();
      const std::string attribute = Roll(2) ? "d.io/group" : "d.io/size";
      (Roll(3) ? constraint.match_attribute : constraint.distinct_attribute) = attribute;
      if (Roll(2)) constraint.requests = {"r0"};
    }
    return claim;
  }

  std::mt19937_64& random_;
};

}  // namespace

Answer Scene::Ask() const {
  const Catalog catalog(slices);
  Selection selection(classes);
  DeviceSet held;
  Capacities taken;
  for (const cluster::AllocatedDevice& one : allocated) {
    for (const auto* device : catalog.DevicesNamed(one.driver, one.pool, one.device)) {
      if (!one.shared) held.insert(device);
      if (!one.consumed.empty()) taken.Take(*device, AmountsOf(one.consumed, *device));
    }
  }
  std::vector<const cluster::Claim*> asked;
  for (const cluster::Claim& claim : claims) asked.push_back(&claim);
  return Allocate({catalog.PoolsOf(node), held, taken, asked}, selection);
}

Scene RandomScene(std::mt19937_64& random) { return Maker(random).Make(); }

std::vector<std::string> DevicesOf(const Answer& answer) {
  std::vector<std::string> devices;
  if (const auto* fits = std::get_if<Fits>(&answer)) {
    for (const Given& given : fits->devices) {
      const cluster::AllocatedDevice& result = given.result;
      std::string line =
          result.request + "=" + result.driver + "/" + result.pool + "/" + result.device;
      for (const auto& [name, amount] : result.consumed) line += " " + name + "=" + amount;
      devices.push_back(std::move(line));
    }
  }
  return devices;
}

}  // namespace tangram::claims

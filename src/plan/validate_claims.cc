#include "plan/validate_claims.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/quantity_text.h"
#include "cel/cel.h"
#include "claims/selection.h"
#include "cluster/schedulable.h"
#include "plan/leaks/seats.h"

namespace tangram::plan {
namespace {

using cluster::AllocatedDevice;

bool CanUse(const cluster::Node& node, const cluster::ResourceSlice& slice,
            const cluster::Device& device) {
  const cluster::NodeReach& reach = slice.reach_by_device ? device.reach : slice.reach;
  return reach.node == node.name || reach.all_nodes || cluster::MeetsOneOf(node, reach.nodes);
}

bool IsTolerated(const cluster::Taint& taint, const cluster::DeviceRequest& request) {
  if (taint.effect != "NoSchedule" && taint.effect != "NoExecute") return true;
  for (const cluster::Toleration& known : request.tolerations) {
    const bool key = known.key.empty() || known.key == taint.key;
    const bool effect = known.effect.empty() || known.effect == taint.effect;
    if (key && effect && (known.op == "Exists" || known.value == taint.value)) return true;
  }
  return false;
}

std::string_view Base(std::string_view request) { return request.substr(0, request.find('/')); }

bool Concerns(const cluster::DeviceConstraint& constraint, const AllocatedDevice& device) {
  const auto& names = constraint.requests;
  return names.empty() || std::any_of(names.begin(), names.end(), [&](const std::string& name) {
           return name == device.request || name == Base(device.request);
         });
}

// One card less for the device plugin, where it offers the device as a card. False: it gave all of
// them away.
bool TakeCard(NodeCount& node, const AllocatedDevice& device) {
  const std::vector<cluster::Gpu>& gpus = node.like->gpus;
  const bool is_card = std::any_of(gpus.begin(), gpus.end(), [&](const cluster::Gpu& gpu) {
    return gpu.dra_device == device.device;
  });
  const bool offered = cluster::CountOf(node.like->devices, kCardResource) > 0;
  if (!is_card || !offered || device.admin_access || device.pool != node.like->name) return true;
  return --node.free[std::string(kCardResource)] >= 0;
}

}  // namespace

ClaimCheck::ClaimCheck(const cluster::Snapshot& snapshot) : snapshot_(snapshot) {
  for (const cluster::Claim& claim : snapshot.claims) {
    claims_.emplace(std::pair(claim.ns, claim.name), &claim);
    for (const AllocatedDevice& device : claim.devices) {
      const Key key(device.driver, device.pool, device.device);
      if (device.admin_access) continue;
      if (device.shared) {
        Consume(key, device);
      } else {
        held_.insert(key);
      }
    }
  }
  for (const cluster::ResourceSlice& slice : snapshot.slices) {
    for (const cluster::Device& device : slice.devices) {
      Published& known = published_[Key(slice.driver, slice.pool, device.name)];
      if (known.slice != nullptr && known.slice->generation >= slice.generation) continue;
      known = {&slice, &device};
    }
  }
}

void ClaimCheck::TakeHeldCards(std::map<std::string, NodeCount>& nodes) {
  for (const cluster::Claim& claim : snapshot_.claims) {
    for (const AllocatedDevice& device : claim.devices) {
      const auto node = nodes.find(device.pool);
      if (node != nodes.end() && IsFirstOf(device)) TakeCard(node->second, device);
    }
  }
}

std::vector<const cluster::DeviceClass*> ClaimCheck::ClassesBehind(
    const std::string& resource) const {
  std::vector<const cluster::DeviceClass*> classes;
  for (const cluster::DeviceClass& one : snapshot_.device_classes) {
    const bool is_named = resource == "deviceclass.resource.kubernetes.io/" + one.name;
    if (is_named || resource == one.extended_resource) classes.push_back(&one);
  }
  return classes;
}

bool ClaimCheck::AsksForDevices(const cluster::Pod& pod) const {
  return AsksForGpu(pod) ||
         std::any_of(pod.devices.begin(), pod.devices.end(), [&](const auto& asked) {
           return asked.count > 0 && !ClassesBehind(asked.name).empty();
         });
}

bool ClaimCheck::Serves(const cluster::Pod& pod, const std::string& resource) const {
  return by_class_.contains({&pod, resource});
}

cluster::Claim ClaimCheck::SchedulersClaim(const NodeCount& on, const cluster::Pod& pod,
                                           Wrong& wrong) {
  cluster::Claim claim;
  claim.ns = pod.ns;
  claim.name = "<extended-resources>";
  for (std::size_t i = 0; i < pod.devices.size(); ++i) {
    const auto& [resource, count] = pod.devices[i];
    const auto free = on.free.find(resource);
    std::int64_t offered = free == on.free.end() ? 0 : free->second;
    for (const cluster::Pod* other : on.pods) {
      offered += cluster::CountOf(other->devices, resource);
    }
    const auto classes = ClassesBehind(resource);
    if (count == 0 || offered > 0 || classes.empty()) continue;
    if (classes.size() > 1) {
      wrong.push_back(fmt::format("more than one class stands behind {}", resource));
    }
    claim.requests.push_back({fmt::format("request-{}", i), classes.front()->name, {}, count});
    by_class_.emplace(&pod, resource);
  }
  return claim;
}

std::vector<std::string> ClaimCheck::Put(NodeCount& on, const cluster::Pod& pod,
                                         const std::vector<ClaimedDevice>& devices) {
  Wrong wrong;
  std::map<std::string, std::vector<AllocatedDevice>> by_claim;
  for (const auto& [claim, device] : devices) by_claim[claim].push_back(device);
  cluster::Claim made = SchedulersClaim(on, pod, wrong);
  if (!made.requests.empty()) {
    const cluster::Claim& claim = made_.emplace_back(std::move(made));
    CheckClaim(on, claim, by_claim[claim.name], wrong);
    by_claim.erase(claim.name);
  }
  for (const auto& [name, given] : by_claim) {
    if (std::find(pod.claims.begin(), pod.claims.end(), name) != pod.claims.end()) continue;
    wrong.push_back(fmt::format("pod {}/{} has no claim {}", pod.ns, pod.name, name));
  }
  for (const std::string& name : pod.claims) {
    const auto claim = claims_.find({pod.ns, name});
    if (claim == claims_.end()) {
      wrong.push_back(fmt::format("claim {}/{} is not there", pod.ns, name));
    } else {
      CheckClaim(on, *claim->second, by_claim[name], wrong);
    }
  }
  return wrong;
}

void ClaimCheck::CheckClaim(NodeCount& on, const cluster::Claim& claim,
                            const std::vector<AllocatedDevice>& devices, Wrong& wrong) {
  const cluster::Node& node = *on.like;
  const auto say = [&](std::string what) {
    wrong.push_back(fmt::format("claim {}/{} {}", claim.ns, claim.name, what));
  };
  if (!claim.devices.empty()) {
    if (!devices.empty()) say("is allocated, and gets devices");
    const bool usable = claim.nodes.empty() || cluster::MeetsOneOf(node, claim.nodes);
    if (!usable) say("cannot be used on " + node.name);
    return;
  }
  const auto [served, fresh] = served_.try_emplace(&claim, Served{node.name, devices});
  if (!fresh) {
    const bool same = served->second.node == node.name && served->second.devices == devices;
    if (!same) say("is used by two pods, which do not say the same of it");
    return;
  }
  std::set<std::pair<std::string_view, std::string_view>> pools;
  for (const AllocatedDevice& device : devices) {
    const auto request =
        std::find_if(claim.requests.begin(), claim.requests.end(),
                     [&](const auto& known) { return known.name == device.request; });
    if (request == claim.requests.end()) {
      say("has no request " + device.request);
    } else {
      CheckDevice(node, *request, device, wrong);
    }
    if (IsFirstOf(device) && !TakeCard(on, device))
      say("gets a card that the device plugin gave away");
    pools.emplace(device.driver, device.pool);
  }
  CheckCounts(claim, devices, wrong);
  CheckConstraints(claim, devices, wrong);
  for (const auto& [driver, pool] : pools) CheckCounters(driver, pool, wrong);
}

void ClaimCheck::CheckDevice(const cluster::Node& node, const cluster::DeviceRequest& request,
                             const AllocatedDevice& given, Wrong& wrong) {
  const auto say = [&](std::string_view what) {
    wrong.push_back(fmt::format("device {} of pool {} {}", given.device, given.pool, what));
  };
  const Key key(given.driver, given.pool, given.device);
  const auto found = published_.find(key);
  if (found == published_.end()) return say("is not there");
  const Published& published = found->second;
  if (!CanUse(node, *published.slice, *published.device)) say("is not for " + node.name);
  if (given.admin_access != request.admin_access) say("is looked at and held at once");
  if (given.shared != published.device->shared_by_capacity) say("is held alone, or is not");
  if (given.shared && !given.admin_access) {
    if (held_.contains(key)) say("is held by another claim");
    Consume(key, given);
    CheckCapacity(request, published, given, wrong);
  } else if (!given.admin_access && !held_.insert(key).second) {
    say("is held by another claim");
  }
  for (const cluster::Taint& taint : published.device->taints) {
    if (!IsTolerated(taint, request)) say("has a taint that is not tolerated");
  }
  if (!IsChosen(request, published)) say("is not chosen by request " + request.name);
}

bool ClaimCheck::IsChosen(const cluster::DeviceRequest& request, const Published& published) const {
  const auto known =
      std::find_if(snapshot_.device_classes.begin(), snapshot_.device_classes.end(),
                   [&](const auto& one) { return one.name == request.device_class; });
  if (known == snapshot_.device_classes.end()) return false;
  const cel::Device seen = claims::AsSelectorsSee(published.slice->driver, *published.device);
  for (const auto* selectors : {&known->selectors, &request.selectors}) {
    for (const std::string& text : *selectors) {
      const auto program = cel::Compile(text);
      if (!program || program->Matches(seen).kind != cel::Outcome::Kind::kTrue) return false;
    }
  }
  return true;
}

void ClaimCheck::Consume(const Key& key, const AllocatedDevice& given) {
  for (const auto& [name, quantity] : given.consumed) {
    consumed_[key][name] += static_cast<double>(base::ParseMilli(quantity).value_or(0));
  }
}

// No request gets less than it asks for, and all that hold the device no more than it has.
void ClaimCheck::CheckCapacity(const cluster::DeviceRequest& request, const Published& published,
                               const AllocatedDevice& given, Wrong& wrong) const {
  const auto say = [&](std::string_view name, std::string_view what) {
    wrong.push_back(fmt::format("device {} of pool {}: of capacity {} {}", given.device, given.pool,
                                name, what));
  };
  for (const auto& [name, asked] : request.capacity) {
    const auto got = base::ParseMilli(cluster::Find(given.consumed, name));
    const auto wanted = base::ParseMilli(asked);
    if (!got || !wanted || *got < *wanted) say(name, "a claim gets less than it asks for");
  }
  const auto taken = consumed_.find(Key(given.driver, given.pool, given.device));
  if (taken == consumed_.end()) return;
  for (const cluster::DeviceCapacity& capacity : published.device->capacity) {
    const auto sum = taken->second.find(capacity.name);
    const auto whole = base::ParseMilli(capacity.value);
    if (sum != taken->second.end() && whole && sum->second > static_cast<double>(*whole)) {
      say(capacity.name, "more is given than there is");
    }
  }
}

// Of those that share a device, the first stands for all.
bool ClaimCheck::IsFirstOf(const AllocatedDevice& device) {
  return !device.shared || counted_.emplace(device.driver, device.pool, device.device).second;
}

// Of each request one alternative, as often as it says.
void ClaimCheck::CheckCounts(const cluster::Claim& claim,
                             const std::vector<AllocatedDevice>& devices, Wrong& wrong) const {
  std::map<std::string_view, std::string_view> served;  // by request, which alternative
  for (const AllocatedDevice& device : devices) {
    const auto [way, fresh] = served.try_emplace(Base(device.request), device.request);
    if (!fresh && way->second != device.request) {
      wrong.push_back(fmt::format("request {} is served in two ways", way->first));
    }
  }
  for (const cluster::DeviceRequest& request : claim.requests) {
    const auto way = served.find(Base(request.name));
    if (way == served.end()) {
      wrong.push_back(fmt::format("request {} gets nothing", request.name));
      served.emplace(Base(request.name), "");  // said once
    }
    if (way == served.end() || way->second != request.name || request.all) continue;
    const auto got = std::count_if(devices.begin(), devices.end(), [&](const auto& device) {
      return device.request == request.name;
    });
    if (got != request.count) {
      wrong.push_back(
          fmt::format("request {} asks for {} and gets {}", request.name, request.count, got));
    }
  }
}

void ClaimCheck::CheckConstraints(const cluster::Claim& claim,
                                  const std::vector<AllocatedDevice>& devices, Wrong& wrong) const {
  for (const cluster::DeviceConstraint& constraint : claim.constraints) {
    const bool match = !constraint.match_attribute.empty();
    const std::string& name = match ? constraint.match_attribute : constraint.distinct_attribute;
    const cluster::DeviceAttribute* before = nullptr;
    for (const AllocatedDevice& given : devices) {
      const auto found = published_.find(Key(given.driver, given.pool, given.device));
      if (found == published_.end() || !Concerns(constraint, given)) continue;
      const auto* value = cluster::FindAttribute(*found->second.device, given.driver, name);
      const bool same = before != nullptr && value != nullptr && value->value == before->value;
      if (value == nullptr || (before != nullptr && same != match)) {
        wrong.push_back(
            fmt::format("device {} breaks the claim's constraint on {}", given.device, name));
      }
      before = value;
    }
  }
}

void ClaimCheck::CheckCounters(std::string_view driver, std::string_view pool, Wrong& wrong) const {
  std::map<std::pair<std::string_view, std::string_view>, std::int64_t> used;  // set, counter
  for (const auto& [key, published] : published_) {
    const auto& [of_driver, of_pool, device] = key;
    if (of_driver != driver || of_pool != pool || !held_.contains(key)) continue;
    for (const cluster::CounterSet& set : published.device->consumes) {
      for (const auto& [counter, amount] : set.counters) used[{set.name, counter}] += amount;
    }
  }
  for (const cluster::ResourceSlice& slice : snapshot_.slices) {
    if (slice.driver != driver || slice.pool != pool) continue;
    for (const cluster::CounterSet& set : slice.counters) {
      for (const auto& [counter, amount] : set.counters) {
        if (used[{set.name, counter}] <= amount) continue;
        wrong.push_back(fmt::format("pool {} has too little of {}", pool, counter));
      }
    }
  }
}

}  // namespace tangram::plan

// What requests take of the capacities of devices, and what is left of devices that several hold
// (allowMultipleAllocations).
//
// Source: k8s.io/dynamic-resource-allocation/structured, consumable_capacity.go of 1.36: who does
// not say takes the policy's default, or all of it; what a policy does not have is rounded up.
//
// Pure. What it does that one would not expect is kept: see Capacities::InUse.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <tl/expected.hpp>
#include <unordered_map>
#include <vector>

#include "cluster/device.h"
#include "cluster/pod.h"

namespace tangram::claims {

// By capacity, as they stand in the device; in thousandths of their units.
using Amounts = std::vector<std::int64_t>;

// What the request takes of the device; nothing: the device does not have it, or its policy does
// not allow it. An error: a quantity is past 64 bits, or is none; or the policy is not known.
tl::expected<std::optional<Amounts>, std::string> TakesOf(const cluster::DeviceRequest& request,
                                                          const cluster::Device& device);
// Of the device by an allocation; what it does not name is none of it.
Amounts AmountsOf(const cluster::Labels& consumed, const cluster::Device& device);
// As an allocation's status has it.
cluster::Labels ConsumedOf(const Amounts& amounts, const cluster::Device& device);

// What is taken of devices that several hold. A value.
class Capacities {
 public:
  // Whether so much more can be taken, beside what is taken here and by `others`.
  bool HaveRoomFor(const cluster::Device& device, const Amounts& more,
                   const Capacities& others) const;
  void Take(const cluster::Device& device, const Amounts& amounts);
  void GiveBack(const cluster::Device& device, const Amounts& amounts);
  // As in Kubernetes a device is in use from the first that takes of it on; who gives back nothing
  // of no capacity leaves it in use.
  bool InUse(const cluster::Device& device) const { return taken_.contains(&device); }
  // The part that is left, here and by `others`, of the capacity of which least is left.
  double PartLeft(const cluster::Device& device, const Capacities& others) const;

 private:
  const Amounts* Of(const cluster::Device& device) const;

  std::unordered_map<const cluster::Device*, Amounts> taken_;
};

}  // namespace tangram::claims

// The fields of the file form that are about DRA: the part of fields.h for device.h and claims.
#pragma once

#include "cluster/device.h"
#include "cluster/field_bounds.h"
#include "cluster/layout.h"
#include "cluster/pod.h"

namespace tangram::cluster {

template <>
struct EnumNames<AttributeType> {
  using enum AttributeType;
  static constexpr std::array<std::pair<AttributeType, std::string_view>, 5> kNames = {
      {{kString, "String"},
       {kInt, "Int"},
       {kBool, "Bool"},
       {kVersion, "Version"},
       {kList, "List"}}};
};

template <>
struct Layout<DeviceAttribute> {
  static constexpr std::string_view kTitle = "deviceAttribute";
  static constexpr std::string_view kAbout = "An attribute of a device.";
  static constexpr std::tuple kFields = {
      Field{"name", &DeviceAttribute::name, Must(),
            "With its domain; one without has the domain of the driver."},
      Field{"type", &DeviceAttribute::type, Maybe(), "Absent: String."},
      Field{"value", &DeviceAttribute::value, Maybe(),
            "As text: an integer's digits, true or false; of a List nothing."}};
};

template <>
struct Layout<CapacityPolicy> {
  static constexpr std::string_view kTitle = "capacityPolicy";
  static constexpr std::string_view kAbout =
      "What may be taken of a capacity of a device that several hold; quantities.";
  static constexpr std::tuple kFields = {
      Field{"default", &CapacityPolicy::fallback, Maybe(), "Taken by those who do not say."},
      Field{"values", &CapacityPolicy::values, Maybe(), "One of these, in ascending order."},
      Field{"min", &CapacityPolicy::min, Maybe(), "Not less."},
      Field{"max", &CapacityPolicy::max, Maybe(), "Not more."},
      Field{"step", &CapacityPolicy::step, Maybe(), "In multiples of this above min."}};
};

template <>
struct Layout<DeviceCapacity> {
  static constexpr std::string_view kTitle = "deviceCapacity";
  static constexpr std::string_view kAbout = "A capacity of a device.";
  static constexpr std::tuple kFields = {
      Field{"name", &DeviceCapacity::name, Must(), "As of an attribute."},
      Field{"value", &DeviceCapacity::value, Must(), "A quantity: 80Gi."},
      Field{"policy", &DeviceCapacity::policy, Maybe(), "Its requestPolicy; absent: none."},
      Field{"hasPolicy", &DeviceCapacity::has_policy, Maybe(),
            "It has one, of which no more is known: in files before version 6; absent: false."}};
};

template <>
struct Layout<CounterSet> {
  static constexpr std::string_view kTitle = "counterSet";
  static constexpr std::string_view kAbout =
      "Counters that devices of a pool share, or what one of them takes.";
  static constexpr std::tuple kFields = {
      Field{"name", &CounterSet::name, Must(), "Name; unique in its pool."},
      Field{"counters", &CounterSet::counters, Between(0, kMostQuota),
            "Amounts by counter, in thousandths of their unit."}};
};

template <>
struct Layout<NodeReach> {
  static constexpr std::string_view kTitle = "nodeReach";
  static constexpr std::string_view kAbout = "Which nodes can use a device.";
  static constexpr std::tuple kFields = {
      Field{"node", &NodeReach::node, Maybe(), "The one node of this name."},
      Field{"allNodes", &NodeReach::all_nodes, Maybe(), "Every node; absent: false."},
      Field{"nodes", &NodeReach::nodes, Maybe(), "Those for which one of the terms holds."}};
};

template <>
struct Layout<Device> {
  static constexpr std::string_view kTitle = "device";
  static constexpr std::string_view kAbout = "A device that a DRA driver publishes.";
  static constexpr std::tuple kFields = {
      Field{"name", &Device::name, Must(), "Name; unique in its pool."},
      Field{"attributes", &Device::attributes, Maybe(), "Attributes, by name."},
      Field{"capacity", &Device::capacity, Maybe(), "Capacities, by name."},
      Field{"consumes", &Device::consumes, Maybe(), "What it takes of its pool's counters."},
      Field{"taints", &Device::taints, Maybe(), "Taints of the device."},
      Field{"sharedByCapacity", &Device::shared_by_capacity, Maybe(),
            "allowMultipleAllocations; absent: false."},
      Field{"hasBindingConditions", &Device::has_binding_conditions, Maybe(), "Absent: false."},
      Field{"reach", &Device::reach, Maybe(), "Where the slice has reachByDevice."}};
};

template <>
struct Layout<ResourceSlice> {
  static constexpr std::string_view kTitle = "resourceSlice";
  static constexpr std::string_view kAbout = "A ResourceSlice: a part of a pool of devices.";
  static constexpr std::tuple kFields = {
      Field{"name", &ResourceSlice::name, Must(), "Name; unique in the file."},
      Field{"driver", &ResourceSlice::driver, Must(), "DRA driver: gpu.nvidia.com."},
      Field{"pool", &ResourceSlice::pool, Must(), "Pool; NVIDIA's driver gives the node's name."},
      Field{"generation", &ResourceSlice::generation, Between(0, kMostQuota),
            "Slices of a lower generation are out of date; absent: 0."},
      Field{"poolSlices", &ResourceSlice::pool_slices, Between(0, kMostCount),
            "Slices that make up the pool; absent: 0."},
      Field{"reach", &ResourceSlice::reach, Maybe(), "Which nodes can use its devices."},
      Field{"reachByDevice", &ResourceSlice::reach_by_device, Maybe(),
            "Each device says which nodes can use it; absent: false."},
      Field{"devices", &ResourceSlice::devices, Maybe(), "In the order in which they are tried."},
      Field{"counters", &ResourceSlice::counters, Maybe(), "Shared by the devices of the pool."}};
};

template <>
struct Layout<DeviceClass> {
  static constexpr std::string_view kTitle = "deviceClass";
  static constexpr std::string_view kAbout = "A DeviceClass.";
  static constexpr std::tuple kFields = {
      Field{"name", &DeviceClass::name, Must(), "Name; unique in the file."},
      Field{"selectors", &DeviceClass::selectors, Maybe(), "CEL expressions."},
      Field{"extendedResource", &DeviceClass::extended_resource, Maybe(),
            "Pods may ask for its devices by this name."},
      Field{"createdAt", &DeviceClass::created_at, Maybe(),
            "When the object was made; of classes behind one name the newest counts."}};
};

template <>
struct Layout<DeviceRequest> {
  static constexpr std::string_view kTitle = "deviceRequest";
  static constexpr std::string_view kAbout = "One request of a claim.";
  static constexpr std::tuple kFields = {
      Field{"name", &DeviceRequest::name, Must(),
            "Name; <request>/<subrequest> within firstAvailable."},
      Field{"deviceClass", &DeviceRequest::device_class, Maybe(), "Name of the DeviceClass."},
      Field{"selectors", &DeviceRequest::selectors, Maybe(), "CEL expressions."},
      Field{"count", &DeviceRequest::count, Between(0, kMostCount), "Devices; absent: 1."},
      Field{"all", &DeviceRequest::all, Maybe(), "allocationMode is All; absent: false."},
      Field{"adminAccess", &DeviceRequest::admin_access, Maybe(),
            "Sees devices without holding them; absent: false."},
      Field{"tolerations", &DeviceRequest::tolerations, Maybe(), "Of taints of devices."},
      Field{"capacity", &DeviceRequest::capacity, Maybe(), "Amounts asked for by capacity: 10Gi."}};
};

template <>
struct Layout<DeviceConstraint> {
  static constexpr std::string_view kTitle = "deviceConstraint";
  static constexpr std::string_view kAbout = "What devices of a claim must have in common.";
  static constexpr std::tuple kFields = {
      Field{"requests", &DeviceConstraint::requests, Maybe(),
            "Whose devices; absent: those of all requests."},
      Field{"matchAttribute", &DeviceConstraint::match_attribute, Maybe(),
            "They have the same value of it: resource.kubernetes.io/pcieRoot."},
      Field{"distinctAttribute", &DeviceConstraint::distinct_attribute, Maybe(),
            "Each has another value of it."}};
};

template <>
struct Layout<AllocatedDevice> {
  static constexpr std::string_view kTitle = "allocatedDevice";
  static constexpr std::string_view kAbout = "A device that a claim holds.";
  static constexpr std::tuple kFields = {
      Field{"request", &AllocatedDevice::request, Maybe(), "Name of the request it answers."},
      Field{"driver", &AllocatedDevice::driver, Must(), "DRA driver: gpu.nvidia.com."},
      Field{"pool", &AllocatedDevice::pool, Must(), "Pool; NVIDIA's driver gives the node's name."},
      Field{"device", &AllocatedDevice::device, Must(), "Name of the device in its pool."},
      Field{"adminAccess", &AllocatedDevice::admin_access, Maybe(),
            "Sees the device without holding it; absent: false."},
      Field{"shared", &AllocatedDevice::shared, Maybe(),
            "Others may hold parts of the device, too; absent: false."},
      Field{"consumed", &AllocatedDevice::consumed, Maybe(),
            "What it takes of a shared device's capacities: quantities by name."}};
};

template <>
struct Layout<Claim> {
  static constexpr std::string_view kTitle = "claim";
  static constexpr std::string_view kAbout = "A ResourceClaim.";
  static constexpr std::tuple kFields = {
      Field{"namespace", &Claim::ns, Must(), "Namespace."},
      Field{"name", &Claim::name, Must(), "Name; unique in its namespace."},
      Field{"uid", &Claim::uid, Maybe(), "uid."},
      Field{"requests", &Claim::requests, Maybe(), "What is asked for."},
      Field{"constraints", &Claim::constraints, Maybe(), "What the devices must have in common."},
      Field{"devices", &Claim::devices, Maybe(), "What is held; absent: not allocated."},
      Field{"nodes", &Claim::nodes, Maybe(),
            "Which nodes can use what is held: one term has to hold; absent: every node."},
      Field{"reservedFor", &Claim::reserved_for, Maybe(), "uids of pods."}};
};

}  // namespace tangram::cluster

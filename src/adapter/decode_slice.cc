// ResourceSlice and DeviceClass: the devices that a DRA driver publishes, and how they are asked
// for.
#include <utility>

#include "adapter/amounts.h"
#include "adapter/decode_affinity.h"
#include "adapter/decode_dra.h"
#include "adapter/decode_meta.h"
#include "base/quantity_text.h"
#include "cluster/field_bounds.h"

namespace tangram::adapter {
namespace {

using cluster::AttributeType;
using cluster::CounterSet;
using cluster::Device;
using cluster::DeviceAttribute;
using cluster::DeviceCapacity;
using cluster::ResourceSlice;

DeviceAttribute ReadAttribute(std::string_view name, Json attribute) {
  DeviceAttribute read{std::string(name), AttributeType::kList, {}};
  attribute.Fields([&](std::string_view kind, Json value) {
    if (kind == "string") {
      read.type = AttributeType::kString;
      read.value = value.Text();
    } else if (kind == "version") {
      read.type = AttributeType::kVersion;
      read.value = value.Text();
    } else if (kind == "int") {
      read.type = AttributeType::kInt;
      read.value = std::to_string(value.Integer().value_or(0));
    } else if (kind == "bool") {
      read.type = AttributeType::kBool;
      read.value = value.Boolean().value_or(false) ? "true" : "false";
    }
  });
  return read;
}

std::vector<DeviceAttribute> ReadAttributes(Json attributes) {
  std::vector<DeviceAttribute> read;
  attributes.Fields([&](std::string_view name, Json attribute) {
    read.push_back(ReadAttribute(name, attribute));
    if (name.empty()) attribute.Expected("an attribute with a name", "one without");
  });
  return read;
}

cluster::CapacityPolicy ReadPolicy(Json policy) {
  cluster::CapacityPolicy read;
  policy.Fields([&](std::string_view key, Json field) {
    if (key == "default") read.fallback = field.QuantityText();
    if (key == "validValues") {
      field.Items([&](Json value) { read.values.push_back(value.QuantityText()); });
    }
    if (key != "validRange") return;
    field.Fields([&](std::string_view end, Json value) {
      if (end == "min") read.min = value.QuantityText();
      if (end == "max") read.max = value.QuantityText();
      if (end == "step") read.step = value.QuantityText();
    });
  });
  return read;
}

DeviceCapacity ReadCapacity(std::string_view name, Json capacity) {
  DeviceCapacity read{std::string(name), {}};
  capacity.Fields([&](std::string_view key, Json field) {
    if (key == "value") read.value = field.QuantityText();
    if (key == "requestPolicy") read.policy = ReadPolicy(field);
  });
  const bool whole = !read.name.empty() && !read.value.empty();
  if (!whole) capacity.Expected("a capacity with name and value", "one without");
  return read;
}

std::int64_t ReadMilli(Json counter) {
  std::int64_t amount = 0;
  counter.Fields([&](std::string_view key, Json value) {
    if (key != "value") return;
    const std::string text = value.QuantityText();
    if (value.fault().Found()) return;
    const auto milli = base::ParseMilli(text);
    const bool is_amount = milli && *milli >= 0 && *milli <= cluster::kMostQuota;
    if (!is_amount) return value.Expected("an amount", "\"" + Printable(text) + "\"");
    amount = *milli;
  });
  return amount;
}

// `name_key`: of the set's name.
std::vector<CounterSet> ReadCounterSets(Json list, std::string_view name_key) {
  std::vector<CounterSet> sets;
  list.Items([&](Json item) {
    CounterSet set;
    item.Fields([&](std::string_view key, Json field) {
      if (key == name_key) set.name = field.Text();
      if (key != "counters") return;
      field.Fields([&](std::string_view name, Json counter) {
        SetCount(set.counters, name, ReadMilli(counter));
      });
    });
    if (set.name.empty()) return item.Expected("counters with a name", "some without");
    sets.push_back(std::move(set));
  });
  return sets;
}

std::vector<cluster::Taint> ReadTaints(Json list) {
  std::vector<cluster::Taint> taints;
  list.Items([&](Json item) {
    cluster::Taint taint = ReadTaint(item);
    if (taint.key.empty()) return item.Expected("a taint with a key", "one without");
    taints.push_back(std::move(taint));
  });
  return taints;
}

void ReadReachField(std::string_view key, Json field, cluster::NodeReach& reach) {
  if (key == "nodeName") reach.node = field.Text();
  if (key == "allNodes") reach.all_nodes = field.Boolean().value_or(false);
  if (key == "nodeSelector") reach.nodes = ReadNodeSelector(field);
}

void ReadDeviceField(std::string_view key, Json field, Device& device) {
  if (key == "name") device.name = field.Text();
  if (key == "attributes") device.attributes = ReadAttributes(field);
  if (key == "capacity") {
    field.Fields([&](std::string_view name, Json capacity) {
      device.capacity.push_back(ReadCapacity(name, capacity));
    });
  }
  if (key == "consumesCounters") device.consumes = ReadCounterSets(field, "counterSet");
  if (key == "taints") device.taints = ReadTaints(field);
  if (key == "allowMultipleAllocations") {
    device.shared_by_capacity = field.Boolean().value_or(false);
  }
  if (key == "bindingConditions") {
    field.Items([&](Json) { device.has_binding_conditions = true; });
  }
  ReadReachField(key, field, device.reach);
}

std::vector<Device> ReadDevices(Json list) {
  std::vector<Device> devices;
  list.Items([&](Json item) {
    Device device;
    const auto read = [&](std::string_view key, Json field) {
      ReadDeviceField(key, field, device);
    };
    item.Fields([&](std::string_view key, Json field) {
      if (key == "basic") return field.Fields(read);  // v1beta1
      read(key, field);
    });
    if (device.name.empty()) return item.Expected("a device with a name", "one without");
    devices.push_back(std::move(device));
  });
  return devices;
}

std::int64_t ReadNumber(Json field, std::int64_t most) {
  const std::int64_t number = field.Integer().value_or(0);
  if (number >= 0 && number <= most) return number;
  field.Expected("a number from 0 to " + std::to_string(most), std::to_string(number));
  return 0;
}

void ReadPool(Json pool, ResourceSlice& slice) {
  pool.Fields([&](std::string_view key, Json field) {
    if (key == "name") slice.pool = field.Text();
    if (key == "generation") slice.generation = ReadNumber(field, cluster::kMostQuota);
    if (key == "resourceSliceCount") slice.pool_slices = ReadNumber(field, cluster::kMostCount);
  });
}

void ReadSliceField(std::string_view key, Json field, ResourceSlice& slice) {
  if (key == "driver") slice.driver = field.Text();
  if (key == "pool") ReadPool(field, slice);
  if (key == "perDeviceNodeSelection") slice.reach_by_device = field.Boolean().value_or(false);
  if (key == "devices") slice.devices = ReadDevices(field);
  if (key == "sharedCounters") slice.counters = ReadCounterSets(field, "name");
  ReadReachField(key, field, slice.reach);
}

}  // namespace

std::vector<std::string> ReadDeviceSelectors(Json list) {
  std::vector<std::string> selectors;
  list.Items([&](Json item) {
    item.Fields([&](std::string_view kind, Json cel) {
      if (kind != "cel") return;
      cel.Fields([&](std::string_view key, Json field) {
        if (key == "expression") selectors.push_back(field.Text());
      });
    });
  });
  return selectors;
}

base::Result<ResourceSlice> DecodeSlice(simdjson::ondemand::object object) {
  Fault fault;
  ResourceSlice slice;
  Walk(object, fault, [&](std::string_view key, Json field) {
    if (key == "metadata") slice.name = ReadMeta(field).name;
    if (key != "spec") return;
    field.Fields([&](std::string_view inner, Json value) { ReadSliceField(inner, value, slice); });
  });
  if (slice.name.empty()) fault.Set("metadata.name is missing");
  if (slice.driver.empty()) fault.Set("spec.driver is missing");
  if (slice.pool.empty()) fault.Set("spec.pool.name is missing");
  if (fault.Found()) return tl::unexpected(ErrorOf(fault, "ResourceSlice", "", slice.name));
  return slice;
}

base::Result<cluster::DeviceClass> DecodeDeviceClass(simdjson::ondemand::object object) {
  Fault fault;
  cluster::DeviceClass read;
  Walk(object, fault, [&](std::string_view key, Json field) {
    if (key == "metadata") {
      Meta meta = ReadMeta(field);
      read.name = std::move(meta.name);
      if (meta.created_at != base::Time()) read.created_at = meta.created_at;
    }
    if (key != "spec") return;
    field.Fields([&](std::string_view inner, Json value) {
      if (inner == "selectors") read.selectors = ReadDeviceSelectors(value);
      if (inner == "extendedResourceName") read.extended_resource = value.Text();
    });
  });
  if (read.name.empty()) fault.Set("metadata.name is missing");
  if (fault.Found()) return tl::unexpected(ErrorOf(fault, "DeviceClass", "", read.name));
  return read;
}

}  // namespace tangram::adapter

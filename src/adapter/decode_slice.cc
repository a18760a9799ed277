// ResourceSlice: the devices that a DRA driver publishes.
#include <utility>

#include "adapter/amounts.h"
#include "adapter/decode_dra.h"
#include "adapter/decode_meta.h"

namespace tangram::adapter {
namespace {

constexpr std::string_view kNvidiaDomain = "gpu.nvidia.com/";

// The name without the driver's domain; names of other domains stay whole.
std::string_view ShortName(std::string_view name) {
  if (name.starts_with(kNvidiaDomain)) name.remove_prefix(kNvidiaDomain.size());
  return name;
}

// {"string": "..."}; attributes of other kinds give nothing.
std::string ReadTextAttribute(Json attribute) {
  std::string text;
  attribute.Fields([&](std::string_view kind, Json value) {
    if (kind == "string") text = value.Text();
  });
  return text;
}

void ReadAttributes(Json attributes, SliceDevice& device) {
  attributes.Fields([&](std::string_view key, Json value) {
    const std::string_view name = ShortName(key);
    if (name == "type") device.type = ReadTextAttribute(value);
    if (name == "uuid") device.uuid = ReadTextAttribute(value);
    if (name == "parentUUID") device.parent_uuid = ReadTextAttribute(value);
    if (name == "productName") device.product_name = ReadTextAttribute(value);
    if (name == "profile") device.profile = ReadTextAttribute(value);
  });
}

void ReadCapacity(Json capacity, SliceDevice& device) {
  capacity.Fields([&](std::string_view key, Json entry) {
    if (ShortName(key) != "memory") return;
    entry.Fields([&](std::string_view inner, Json value) {
      if (inner != "value") return;
      if (const auto bytes = ReadBytes(value)) device.memory = MiBDown(*bytes);
    });
  });
}

void ReadDeviceField(std::string_view key, Json field, SliceDevice& device) {
  if (key == "name") device.name = field.Text();
  if (key == "attributes") ReadAttributes(field, device);
  if (key == "capacity") ReadCapacity(field, device);
}

SliceDevice ReadDevice(Json item) {
  SliceDevice device;
  const auto read = [&](std::string_view key, Json field) { ReadDeviceField(key, field, device); };
  item.Fields([&](std::string_view key, Json field) {
    if (key == "basic") field.Fields(read);  // v1beta1
    read(key, field);
  });
  return device;
}

std::vector<SliceDevice> ReadDevices(Json list) {
  std::vector<SliceDevice> devices;
  list.Items([&](Json item) { devices.push_back(ReadDevice(item)); });
  return devices;
}

void ReadPool(Json pool, Slice& slice) {
  pool.Fields([&](std::string_view key, Json field) {
    if (key == "name") slice.pool = field.Text();
    if (key == "generation") slice.generation = field.Integer().value_or(0);
    if (key == "resourceSliceCount") slice.pool_slices = field.Integer().value_or(0);
  });
}

}  // namespace

base::Result<Slice> DecodeSlice(simdjson::ondemand::object object) {
  Fault fault;
  Slice slice;
  Walk(object, fault, [&](std::string_view key, Json field) {
    if (key == "metadata") slice.name = ReadMeta(field).name;
    if (key != "spec") return;
    field.Fields([&](std::string_view inner, Json value) {
      if (inner == "driver") slice.driver = value.Text();
      if (inner == "nodeName") slice.node = value.Text();
      if (inner == "pool") ReadPool(value, slice);
      if (inner == "devices") slice.devices = ReadDevices(value);
    });
  });
  if (slice.name.empty()) fault.Set("metadata.name is missing");
  if (fault.Found()) return tl::unexpected(ErrorOf(fault, "ResourceSlice", "", slice.name));
  return slice;
}

}  // namespace tangram::adapter

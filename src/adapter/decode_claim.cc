// ResourceClaim: what is asked of DRA, and what was given.
#include <map>
#include <utility>

#include "adapter/decode_affinity.h"
#include "adapter/decode_dra.h"
#include "adapter/decode_meta.h"

namespace tangram::adapter {
namespace {

using cluster::AllocatedDevice;
using cluster::Claim;
using cluster::DeviceConstraint;
using cluster::DeviceRequest;

std::int64_t ReadDeviceCount(Json field) {
  const std::int64_t count = field.Integer().value_or(1);
  if (count < 1) field.Expected("a count of at least 1", std::to_string(count));
  return count;
}

std::vector<cluster::Toleration> ReadTolerations(Json list) {
  std::vector<cluster::Toleration> tolerations;
  list.Items([&](Json item) {
    cluster::Toleration toleration;
    toleration.op = "Equal";
    item.Fields([&](std::string_view key, Json field) {
      if (key == "key") toleration.key = field.Text();
      if (key == "operator") toleration.op = field.Text();
      if (key == "value") toleration.value = field.Text();
      if (key == "effect") toleration.effect = field.Text();
    });
    tolerations.push_back(std::move(toleration));
  });
  return tolerations;
}

// {"memory": "10Gi"}, sorted by name.
cluster::Labels ReadCapacities(Json requests) {
  std::map<std::string, std::string, std::less<>> asked;
  requests.Fields([&](std::string_view name, Json quantity) {
    asked.insert_or_assign(std::string(name), quantity.QuantityText());
  });
  return {asked.begin(), asked.end()};
}

void ReadRequestField(std::string_view key, Json field, DeviceRequest& request) {
  if (key == "name") request.name = field.Text();
  if (key == "deviceClassName") request.device_class = field.Text();
  if (key == "selectors") request.selectors = ReadDeviceSelectors(field);
  if (key == "count") request.count = ReadDeviceCount(field);
  if (key == "allocationMode") request.all = field.Text() == "All";
  if (key == "adminAccess") request.admin_access = field.Boolean().value_or(false);
  if (key == "tolerations") request.tolerations = ReadTolerations(field);
  if (key != "capacity") return;
  field.Fields([&](std::string_view inner, Json requests) {
    if (inner == "requests") request.capacity = ReadCapacities(requests);
  });
}

std::vector<DeviceRequest> ReadAlternatives(Json list) {
  std::vector<DeviceRequest> alternatives;
  list.Items([&](Json item) {
    DeviceRequest request;
    item.Fields([&](std::string_view key, Json field) { ReadRequestField(key, field, request); });
    alternatives.push_back(std::move(request));
  });
  return alternatives;
}

// One request: `exactly` (v1, v1beta2), its fields inline (v1beta1), or `firstAvailable`.
void ReadRequest(Json item, std::vector<DeviceRequest>& requests) {
  DeviceRequest request;
  std::vector<DeviceRequest> alternatives;
  item.Fields([&](std::string_view key, Json field) {
    if (key == "exactly") {
      const std::string name = request.name;
      field.Fields(
          [&](std::string_view inner, Json value) { ReadRequestField(inner, value, request); });
      request.name = name;
    } else if (key == "firstAvailable") {
      alternatives = ReadAlternatives(field);
    } else {
      ReadRequestField(key, field, request);
    }
  });
  for (DeviceRequest& alternative : alternatives) {
    alternative.name = request.name + "/" + alternative.name;
    requests.push_back(std::move(alternative));
  }
  if (alternatives.empty()) requests.push_back(std::move(request));
}

std::vector<DeviceConstraint> ReadConstraints(Json list) {
  std::vector<DeviceConstraint> constraints;
  list.Items([&](Json item) {
    DeviceConstraint constraint;
    item.Fields([&](std::string_view key, Json field) {
      if (key == "matchAttribute") constraint.match_attribute = field.Text();
      if (key == "distinctAttribute") constraint.distinct_attribute = field.Text();
      if (key != "requests") return;
      field.Items([&](Json name) { constraint.requests.push_back(name.Text()); });
    });
    constraints.push_back(std::move(constraint));
  });
  return constraints;
}

void ReadSpec(Json spec, Claim& claim) {
  spec.Fields([&](std::string_view key, Json devices) {
    if (key != "devices") return;
    devices.Fields([&](std::string_view inner, Json list) {
      if (inner == "constraints") claim.constraints = ReadConstraints(list);
      if (inner != "requests") return;
      claim.requests.clear();
      list.Items([&](Json item) { ReadRequest(item, claim.requests); });
    });
  });
}

std::vector<AllocatedDevice> ReadResults(Json list) {
  std::vector<AllocatedDevice> devices;
  list.Items([&](Json item) {
    AllocatedDevice device;
    item.Fields([&](std::string_view key, Json field) {
      if (key == "request") device.request = field.Text();
      if (key == "driver") device.driver = field.Text();
      if (key == "pool") device.pool = field.Text();
      if (key == "device") device.device = field.Text();
      if (key == "adminAccess") device.admin_access = field.Boolean().value_or(false);
      if (key == "shareID") device.shared = !field.Text().empty();
      if (key == "consumedCapacity") device.consumed = ReadCapacities(field);
    });
    devices.push_back(std::move(device));
  });
  return devices;
}

void ReadAllocation(Json allocation, Claim& claim) {
  allocation.Fields([&](std::string_view key, Json devices) {
    if (key == "nodeSelector") claim.nodes = ReadNodeSelector(devices);
    if (key != "devices") return;
    devices.Fields([&](std::string_view inner, Json list) {
      if (inner == "results") claim.devices = ReadResults(list);
    });
  });
}

// uids of the pods; other consumers (kinds of other groups) hold no device of ours.
std::vector<std::string> ReadConsumers(Json list) {
  std::vector<std::string> uids;
  list.Items([&](Json item) {
    std::string group;
    std::string resource;
    std::string uid;
    item.Fields([&](std::string_view key, Json field) {
      if (key == "apiGroup") group = field.Text();
      if (key == "resource") resource = field.Text();
      if (key == "uid") uid = field.Text();
    });
    if (group.empty() && resource == "pods" && !uid.empty()) uids.push_back(std::move(uid));
  });
  return uids;
}

}  // namespace

base::Result<Claim> DecodeClaim(simdjson::ondemand::object object) {
  Fault fault;
  Meta meta;
  Claim claim;
  Walk(object, fault, [&](std::string_view key, Json field) {
    if (key == "metadata") meta = ReadMeta(field);
    if (key == "spec") ReadSpec(field, claim);
    if (key != "status") return;
    field.Fields([&](std::string_view inner, Json value) {
      if (inner == "allocation") ReadAllocation(value, claim);
      if (inner == "reservedFor") claim.reserved_for = ReadConsumers(value);
    });
  });
  if (meta.name.empty()) fault.Set("metadata.name is missing");
  if (fault.Found()) return tl::unexpected(ErrorOf(fault, "ResourceClaim", meta.ns, meta.name));
  claim.ns = std::move(meta.ns);
  claim.name = std::move(meta.name);
  claim.uid = std::move(meta.uid);
  return claim;
}

}  // namespace tangram::adapter

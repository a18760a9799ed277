#include "cel/testing/devices.h"

#include <fstream>

namespace tangram::cel {
namespace {

Device WholeGpu() {
  return {"gpu.nvidia.com",
          false,
          {{"type", std::string("gpu")},
           {"uuid", std::string("GPU-6b3e0f1c")},
           {"productName", std::string("NVIDIA H100 80GB HBM3")},
           {"brand", std::string("Nvidia")},
           {"architecture", std::string("Hopper")},
           {"index", std::int64_t{0}},
           {"cudaComputeCapability", VersionText{"9.0.0"}},
           {"driverVersion", VersionText{"580.82.7"}},
           {"cudaDriverVersion", VersionText{"13.0.0"}},
           {"resource.kubernetes.io/pcieRoot", std::string("pci0000:17")},
           {"resource.kubernetes.io/pciBusID", std::string("0000:1a:00.0")},
           {"resource.kubernetes.io/numaNode", std::int64_t{0}}},
          {{"memory", "81559Mi"}}};
}

Device MigInstance() {
  Device device = WholeGpu();
  device.attributes.erase("uuid");
  device.attributes.erase("index");
  device.attributes["type"] = std::string("mig");
  device.attributes["profile"] = std::string("1g.10gb");
  device.attributes["parentUUID"] = std::string("GPU-6b3e0f1c");
  device.capacity = {{"memory", "9984Mi"}, {"multiprocessors", "16"}, {"copyEngines", "1"}};
  return device;
}

Device NetworkInterface() {
  return {"dra.net",
          true,
          {{"ifName", std::string("eth1")},
           {"rdma", true},
           {"mtu", std::int64_t{9000}},
           {"resource.kubernetes.io/pcieRoot", std::string("pci0000:17")}},
          {}};
}

Device OddAmounts() {
  return {"odd.example.com",
          true,
          {{"gpu.nvidia.com/type", std::string("mig")}, {"gpu.nvidia.com/profile", true}},
          {{"half", "500m"}, {"many", "1e3"}, {"big", "8Ei"}, {"gpu.nvidia.com/memory", "1.5Gi"}}};
}

}  // namespace

std::vector<std::pair<std::string, Device>> TableDevices() {
  return {{"gpu", WholeGpu()},
          {"mig", MigInstance()},
          {"nic", NetworkInterface()},
          {"odd", OddAmounts()},
          {"empty", {"empty.example.com"}}};
}

std::vector<std::string> TableExpressions() {
  std::ifstream file(std::string(TANGRAM_SOURCE_DIR) + "/src/cel/testdata/expressions.txt");
  std::vector<std::string> expressions;
  for (std::string line; std::getline(file, line);) {
    if (!line.starts_with("#")) expressions.push_back(line);
  }
  return expressions;
}

nlohmann::json DeviceJson(const Device& device) {
  nlohmann::json json = {{"driver", device.driver},
                         {"allowMultipleAllocations", device.allow_multiple_allocations},
                         {"attributes", nlohmann::json::object()},
                         {"capacity", nlohmann::json::object()}};
  for (const auto& [name, attribute] : device.attributes) {
    nlohmann::json value;
    if (const auto* number = std::get_if<std::int64_t>(&attribute)) value["int"] = *number;
    if (const auto* truth = std::get_if<bool>(&attribute)) value["bool"] = *truth;
    if (const auto* text = std::get_if<std::string>(&attribute)) value["string"] = *text;
    if (const auto* version = std::get_if<VersionText>(&attribute))
      value["version"] = version->text;
    if (std::holds_alternative<ListValue>(attribute)) value["strings"] = {"a"};
    json["attributes"][name] = value;
  }
  for (const auto& [name, amount] : device.capacity) json["capacity"][name]["value"] = amount;
  return json;
}

Answer OurAnswer(const std::string& expression, const Device& device) {
  const auto program = Compile(expression);
  if (!program) return {"compile error", program.error().message};
  const Outcome outcome = program->Matches(device);
  switch (outcome.kind) {
    case Outcome::Kind::kTrue:
      return {"true"};
    case Outcome::Kind::kFalse:
      return {"false"};
    case Outcome::Kind::kError:
      return {"runtime error", outcome.why};
    case Outcome::Kind::kUnknown:
      break;
  }
  return {"unknown", outcome.why};
}

}  // namespace tangram::cel

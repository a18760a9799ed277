#include "agent/read_card.h"

#include <algorithm>
#include <array>
#include <bit>
#include <tuple>

namespace tangram::agent {
namespace {

using nvml::Device;
using nvml::Status;

constexpr std::size_t kNodeWords = 4;  // 256 NUMA nodes

void ReadIdentity(Fields& fields, Device device, Card& card) {
  std::array<char, nvml::kNameSize> text{};
  if (fields.Get("uuid", nvml::kUuid, device, text.data(), nvml::kNameSize)) {
    card.uuid = TextOf(text.data(), text.size());
  }
  text.fill('\0');
  if (fields.Get("name", nvml::kName, device, text.data(), nvml::kNameSize)) {
    card.name = TextOf(text.data(), text.size());
  }
  nvml::PciInfo pci{};
  if (fields.Get("PCI bus id", nvml::kPciInfo, device, &pci)) card.pci_bus_id = BusIdOf(pci);
  unsigned minor = 0;
  if (fields.Get("minor number", nvml::kMinorNumber, device, &minor)) {
    card.minor = static_cast<int>(minor);
  }
}

// nvmlDeviceGetNumaNodeId would name the node that the card's own memory is (Grace Hopper alone);
// the affinity names the one that is near. Several: the machine has no such order.
void ReadNumaNode(Fields& fields, Device device, Card& card) {
  std::array<unsigned long, kNodeWords> nodes{};
  if (!fields.Get("NUMA node", nvml::kMemoryAffinity, device, unsigned{kNodeWords}, nodes.data(),
                  nvml::kScopeNode)) {
    return;
  }
  int set = 0;
  for (std::size_t word = 0; word < nodes.size(); ++word) {
    set += std::popcount(nodes[word]);
    if (nodes[word] != 0)
      card.numa_node = static_cast<int>(word) * 64 + std::countr_zero(nodes[word]);
  }
  if (set != 1) card.numa_node.reset();
}

std::optional<std::int64_t> Number(Fields& fields, std::string_view what,
                                   const nvml::Function<Device, unsigned*>& function,
                                   Device device) {
  unsigned value = 0;
  if (!fields.Get(what, function, device, &value)) return std::nullopt;
  return value;
}

std::vector<Slowdown> SlowdownsOf(unsigned long long bits) {
  constexpr std::array<std::pair<unsigned long long, Slowdown>, 5> kBits = {
      {{nvml::kSlowPowerCap, Slowdown::kPowerCap},
       {nvml::kSlowHardware, Slowdown::kHardware},
       {nvml::kSlowThermalSoftware, Slowdown::kThermalSoftware},
       {nvml::kSlowThermalHardware, Slowdown::kThermalHardware},
       {nvml::kSlowPowerBrake, Slowdown::kPowerBrake}}};
  std::vector<Slowdown> slowdowns;
  for (const auto& [bit, slowdown] : kBits) {
    if ((bits & bit) != 0) slowdowns.push_back(slowdown);
  }
  return slowdowns;
}

void ReadSlowdowns(Fields& fields, Device device, Health& health) {
  unsigned long long bits = 0;
  const auto* function = &nvml::kSlowdowns;
  Status status = fields.Call(*function, device, &bits);
  if (status == Status::kFunctionNotFound) {
    function = &nvml::kSlowdownsBefore535;
    status = fields.Call(*function, device, &bits);
  }
  if (status == Status::kSuccess) {
    health.slowdowns = SlowdownsOf(bits);
  } else {
    fields.Note("slowdowns", function->name, status);
  }
}

void ReadErrors(Fields& fields, Device device, Health& health) {
  unsigned long long recent = 0;
  unsigned long long ever = 0;
  if (fields.Get("ECC errors", nvml::kEccErrors, device, nvml::kUncorrected, nvml::kSinceDriverLoad,
                 &recent) &&
      fields.Get("ECC errors", nvml::kEccErrors, device, nvml::kUncorrected, nvml::kOfItsLife,
                 &ever)) {
    health.ecc = EccErrors{static_cast<std::int64_t>(recent), static_cast<std::int64_t>(ever)};
  }
  unsigned corrected = 0;
  unsigned uncorrected = 0;
  unsigned pending = 0;
  unsigned failed = 0;
  if (fields.Get("remapped rows", nvml::kRemappedRows, device, &corrected, &uncorrected, &pending,
                 &failed)) {
    health.rows = RemappedRows{corrected, uncorrected, pending != 0, failed != 0};
  }
}

// The number of pages; asked for without room for their addresses.
std::optional<std::int64_t> RetiredPagesBy(Fields& fields, Device device, unsigned cause) {
  unsigned count = 0;
  unsigned long long* const no_room = nullptr;
  const Status status = fields.Call(nvml::kRetiredPages, device, cause, &count, no_room);
  if (status == Status::kSuccess || status == Status::kInsufficientSize) return count;
  fields.Note("retired pages", nvml::kRetiredPages.name, status);
  return std::nullopt;
}

void ReadHealth(Fields& fields, Device device, Health& health) {
  unsigned celsius = 0;
  if (fields.Get("temperature", nvml::kTemperature, device, nvml::kTemperatureOfGpu, &celsius)) {
    health.celsius = static_cast<int>(celsius);
  }
  if (fields.Get("slowdown temperature", nvml::kTemperatureThreshold, device,
                 nvml::kSlowdownThreshold, &celsius)) {
    health.slowdown_celsius = static_cast<int>(celsius);
  }
  health.milliwatts = Number(fields, "power", nvml::kPowerUsage, device);
  health.limit_milliwatts = Number(fields, "power limit", nvml::kPowerLimit, device);
  ReadSlowdowns(fields, device, health);
  ReadErrors(fields, device, health);
  const auto single = RetiredPagesBy(fields, device, nvml::kRetiredBySingleBits);
  const auto twice = RetiredPagesBy(fields, device, nvml::kRetiredByDoubleBit);
  if (single && twice) health.pages = RetiredPages{*single, *twice};
}

// Grows the list until it holds all: processes come while we ask.
std::optional<std::vector<nvml::ProcessInfo>> ListProcesses(Fields& fields, Device device,
                                                            const nvml::ProcessList& function) {
  constexpr int kTries = 5;
  constexpr unsigned kMostProcesses = 1U << 16;
  std::vector<nvml::ProcessInfo> infos(64);
  Status status = Status::kInsufficientSize;
  for (int i = 0; i < kTries && status == Status::kInsufficientSize; ++i) {
    auto count = static_cast<unsigned>(infos.size());
    status = fields.Call(function, device, &count, infos.data());
    if (status == Status::kSuccess) {
      infos.resize(std::min<std::size_t>(count, infos.size()));
      return infos;
    }
    const unsigned wanted = std::max(count, static_cast<unsigned>(infos.size())) * 2;
    infos.assign(std::min(wanted, kMostProcesses), {});
  }
  fields.Note("processes", function.name, status);
  return std::nullopt;
}

Process ProcessOf(const nvml::ProcessInfo& info, ProcessKind kind) {
  Process process;
  process.pid = info.pid;
  process.kind = kind;
  if (info.used_memory != nvml::kNoValue) process.memory = MibOf(info.used_memory);
  if (info.gpu_instance != nvml::kNoInstance) {
    process.instance = static_cast<int>(info.gpu_instance);
  }
  if (info.compute_instance != nvml::kNoInstance) {
    process.compute_instance = static_cast<int>(info.compute_instance);
  }
  return process;
}

void ReadProcesses(Fields& fields, Device device, Card& card) {
  const std::array<std::pair<ProcessKind, const nvml::ProcessList*>, 3> lists = {
      {{ProcessKind::kCompute, &nvml::kComputeProcesses},
       {ProcessKind::kGraphics, &nvml::kGraphicsProcesses},
       {ProcessKind::kMps, &nvml::kMpsProcesses}}};
  for (const auto& [kind, function] : lists) {
    const auto infos = ListProcesses(fields, device, *function);
    if (!infos) continue;
    for (const nvml::ProcessInfo& info : *infos) card.processes.push_back(ProcessOf(info, kind));
  }
  std::sort(card.processes.begin(), card.processes.end(), [](const Process& a, const Process& b) {
    return std::tie(a.pid, a.kind, a.instance, a.compute_instance) <
           std::tie(b.pid, b.kind, b.instance, b.compute_instance);
  });
}

// A card without NVLink says so at its first link, or has no first link.
void ReadNvLinks(Fields& fields, Device device, Card& card) {
  NvLinks links;
  for (unsigned link = 0; link < nvml::kMostNvLinks; ++link) {
    unsigned up = 0;
    const Status status = fields.Call(nvml::kNvLinkState, device, link, &up);
    if (status == Status::kInvalidArgument) break;  // past its last link
    if (status != Status::kSuccess) {
      fields.Note("NVLinks", nvml::kNvLinkState.name, status);
      if (link == 0) return;
      continue;
    }
    if (!card.nvlinks) card.nvlinks.emplace();
    if (up == 0) continue;
    ++links.up;
    unsigned type = 0;
    if (!fields.Get("NVLinks", nvml::kNvLinkRemoteType, device, link, &type)) continue;
    if (type == nvml::kRemoteSwitch) ++links.to_switch;
    nvml::PciInfo peer{};
    if (type == nvml::kRemoteGpu &&
        fields.Get("NVLinks", nvml::kNvLinkRemotePci, device, link, &peer)) {
      links.peers.push_back(BusIdOf(peer));
    }
  }
  std::sort(links.peers.begin(), links.peers.end());
  if (card.nvlinks) card.nvlinks = std::move(links);
}

}  // namespace

std::optional<Memory> ReadMemory(Fields& fields, Device device) {
  nvml::MemoryV2 memory{};
  memory.version = nvml::VersionOf<nvml::MemoryV2>(2);
  if (fields.Call(nvml::kMemoryV2, device, &memory) == Status::kSuccess) {
    return Memory{MibOf(memory.total), MibOf(memory.used), MibOf(memory.reserved)};
  }
  nvml::Memory older{};
  if (!fields.Get("memory", nvml::kMemory, device, &older)) return std::nullopt;
  return Memory{MibOf(older.total), MibOf(older.used), std::nullopt};
}

void ReadFields(Fields& fields, Device device, Card& card) {
  ReadIdentity(fields, device, card);
  ReadNumaNode(fields, device, card);
  ReadChanging(fields, device, card);
  ReadNvLinks(fields, device, card);
}

void ReadChanging(Fields& fields, Device device, Card& card) {
  card.memory = ReadMemory(fields, device);
  card.use.reset();
  nvml::Utilization use{};
  if (fields.Get("use", nvml::kUtilization, device, &use)) {
    card.use = Use{static_cast<int>(use.gpu), static_cast<int>(use.memory)};
  }
  card.health = {};
  ReadHealth(fields, device, card.health);
  card.processes.clear();
  ReadProcesses(fields, device, card);
}

}  // namespace tangram::agent

// TEST CODE. A libnvidia-ml.so.1 that plays the machine which TANGRAM_FAKE_NVML describes.
//
// It answers as nvml.h 13.5.37 documents each function: which error where, what a count means
// before and after, when NVML_ERROR_INSUFFICIENT_SIZE. What changes a card is in fake_nvml_cut.cc.
#include <algorithm>
#include <array>

#include "agent/testing/fake_call.h"

using namespace tangram::agent;
using namespace tangram::agent::testing;

namespace {

Status Processes(const char* call, Device device, ProcessKind kind, unsigned* count,
                 nvml::ProcessInfo* infos) {
  return OfDevice(call, device, [&](const Card& card) {
    std::vector<nvml::ProcessInfo> found;
    for (const Process& one : card.processes) {
      if (one.kind != kind) continue;
      found.push_back({static_cast<unsigned>(one.pid),
                       one.memory ? Bytes(*one.memory) : nvml::kNoValue,
                       static_cast<unsigned>(one.instance.value_or(-1)),
                       static_cast<unsigned>(one.compute_instance.value_or(-1))});
    }
    if (count == nullptr) return Status::kInvalidArgument;
    const bool fits = found.size() <= *count;
    *count = static_cast<unsigned>(found.size());
    if (!fits) return Status::kInsufficientSize;
    if (!found.empty()) std::copy(found.begin(), found.end(), infos);
    return Status::kSuccess;
  });
}

// Of a MIG device: the memory of its instance, and what the processes there take.
std::optional<Memory> MemoryOf(const Card& card, Device device) {
  if (device->compute == nullptr || !card.mig) return card.memory;
  for (const Instance& instance : card.mig->instances) {
    const auto is_it = [&](const ComputeInstance& one) { return &one == device->compute; };
    if (std::none_of(instance.compute.begin(), instance.compute.end(), is_it)) continue;
    Memory memory;
    for (const Profile& profile : card.mig->profiles) {
      if (profile.id == instance.profile_id) memory.total = profile.memory;
    }
    for (const Process& one : card.processes) {
      if (one.instance == instance.id && one.memory) memory.used = memory.used + *one.memory;
    }
    memory.reserved = tangram::base::MiB(0);
    return memory;
  }
  return std::nullopt;
}

}  // namespace

#pragma GCC visibility push(default)
extern "C" {

Status nvmlInit_v2() {
  const Status status = FakeState::One().Init();  // first, for what the machine says of Init itself
  if (status != Status::kSuccess) return status;
  const Status suffered = FakeState::One().Suffer("nvmlInit_v2", -1);
  if (suffered != Status::kSuccess) static_cast<void>(FakeState::One().Shutdown());
  return suffered;
}
Status nvmlShutdown() {
  const Status suffered = FakeState::One().Suffer("nvmlShutdown", -1);
  return suffered != Status::kSuccess ? suffered : FakeState::One().Shutdown();
}
Status nvmlSystemGetDriverVersion(char* to, unsigned size) {
  return OfMachine(__func__, -1,
                   [&](Played& one) { return Write(one.inventory().driver.version, to, size); });
}
Status nvmlSystemGetNVMLVersion(char* to, unsigned size) {
  return OfMachine(__func__, -1, [&](Played& one) {
    return Write(one.inventory().driver.library_version, to, size);
  });
}
Status nvmlSystemGetCudaDriverVersion_v2(int* to) {
  return OfMachine(__func__, -1, [&](Played& one) {
    int major = 0;
    int minor = 0;
    const char* text = one.inventory().driver.cuda_version.c_str();
    if (std::sscanf(text, "%d.%d", &major, &minor) != 2) return Status::kLibraryNotFound;
    *to = major * 1000 + minor * 10;
    return Status::kSuccess;
  });
}

Status nvmlDeviceGetCount_v2(unsigned* count) {
  return OfMachine(__func__, -1, [&](Played& one) {
    *count = static_cast<unsigned>(one.inventory().cards.size());
    return Status::kSuccess;
  });
}
Status nvmlDeviceGetHandleByIndex_v2(unsigned index, Device* device) {
  const auto call = __func__;
  return OfCard(call, static_cast<int>(index), [&](const Card& card) {
    *device = FakeState::One().Machine()->DeviceOf(card.index);
    return Status::kSuccess;
  });
}
Status nvmlDeviceGetName(Device device, char* to, unsigned size) {
  return OfDevice(__func__, device, [&](const Card& card) { return Write(card.name, to, size); });
}
Status nvmlDeviceGetUUID(Device device, char* to, unsigned size) {
  return OfDevice(__func__, device, [&](const Card& card) {
    return Write(device->compute != nullptr ? device->compute->uuid : card.uuid, to, size);
  });
}
Status nvmlDeviceGetPciInfo_v3(Device device, nvml::PciInfo* pci) {
  return OfDevice(__func__, device, [&](const Card& card) {
    *pci = PciOf(card.pci_bus_id);
    return Status::kSuccess;
  });
}
Status nvmlDeviceGetMinorNumber(Device device, unsigned* minor) {
  return OfDevice(__func__, device, [&](const Card& card) { return Put(card.minor, minor); });
}
Status nvmlDeviceGetMemoryAffinity(Device device, unsigned size, unsigned long* nodes,
                                   unsigned scope) {
  return OfDevice(__func__, device, [&](const Card& card) {
    if (size == 0 || nodes == nullptr || scope > 1) return Status::kInvalidArgument;
    if (!card.numa_node) return Status::kNotSupported;
    std::fill_n(nodes, size, 0UL);
    const auto node = static_cast<unsigned>(*card.numa_node);
    if (node / 64 < size) nodes[node / 64] = 1UL << (node % 64);
    return Status::kSuccess;
  });
}
Status nvmlDeviceGetMemoryInfo(Device device, nvml::Memory* to) {
  return OfDevice(__func__, device, [&](const Card& card) {
    const auto memory = MemoryOf(card, device);
    if (!memory) return Status::kNotSupported;
    const auto used = memory->used + memory->reserved.value_or(tangram::base::MiB(0));
    *to = {Bytes(memory->total), Bytes(memory->total - used), Bytes(used)};
    return Status::kSuccess;
  });
}
Status nvmlDeviceGetMemoryInfo_v2(Device device, nvml::MemoryV2* to) {
  return OfDevice(__func__, device, [&](const Card& card) {
    if (to->version != nvml::VersionOf<nvml::MemoryV2>(2)) return Status::kVersionMismatch;
    const auto memory = MemoryOf(card, device);
    if (!memory || !memory->reserved) return Status::kNotSupported;
    to->total = Bytes(memory->total);
    to->reserved = Bytes(*memory->reserved);
    to->used = Bytes(memory->used);
    to->free = to->total - to->reserved - to->used;
    return Status::kSuccess;
  });
}
Status nvmlDeviceGetUtilizationRates(Device device, nvml::Utilization* use) {
  return OfDevice(__func__, device, [&](const Card& card) {
    if (!card.use) return Status::kNotSupported;
    *use = {static_cast<unsigned>(card.use->gpu_percent),
            static_cast<unsigned>(card.use->memory_percent)};
    return Status::kSuccess;
  });
}

Status nvmlDeviceGetTemperature(Device device, unsigned sensor, unsigned* celsius) {
  return OfDevice(__func__, device, [&](const Card& card) {
    return sensor == 0 ? Put(card.health.celsius, celsius) : Status::kInvalidArgument;
  });
}
Status nvmlDeviceGetTemperatureThreshold(Device device, unsigned kind, unsigned* celsius) {
  return OfDevice(__func__, device, [&](const Card& card) {
    return kind == nvml::kSlowdownThreshold ? Put(card.health.slowdown_celsius, celsius)
                                            : Status::kNotSupported;
  });
}
Status nvmlDeviceGetPowerUsage(Device device, unsigned* milliwatts) {
  return OfDevice(__func__, device,
                  [&](const Card& card) { return Put(card.health.milliwatts, milliwatts); });
}
Status nvmlDeviceGetEnforcedPowerLimit(Device device, unsigned* milliwatts) {
  return OfDevice(__func__, device,
                  [&](const Card& card) { return Put(card.health.limit_milliwatts, milliwatts); });
}
Status nvmlDeviceGetCurrentClocksThrottleReasons(Device device, unsigned long long* bits) {
  return OfDevice(__func__, device, [&](const Card& card) {
    if (!card.health.slowdowns) return Status::kNotSupported;
    constexpr std::array<unsigned long long, 5> kBits = {0x4, 0x8, 0x20, 0x40, 0x80};
    *bits = card.health.slowdowns->empty() ? 1 : 0;  // idle
    for (const auto one : *card.health.slowdowns) *bits |= kBits[static_cast<std::size_t>(one)];
    return Status::kSuccess;
  });
}
Status nvmlDeviceGetCurrentClocksEventReasons(Device device, unsigned long long* bits) {
  return nvmlDeviceGetCurrentClocksThrottleReasons(device, bits);
}
Status nvmlDeviceGetTotalEccErrors(Device device, unsigned kind, unsigned counter,
                                   unsigned long long* count) {
  return OfDevice(__func__, device, [&](const Card& card) {
    if (kind > 1 || counter > 1) return Status::kInvalidArgument;
    if (!card.health.ecc) return Status::kNotSupported;
    const auto wanted =
        counter == nvml::kOfItsLife ? card.health.ecc->ever : card.health.ecc->since_driver_load;
    *count = kind == nvml::kUncorrected ? static_cast<unsigned long long>(wanted) : 0;
    return Status::kSuccess;
  });
}
// nvml.h: not supported on a card with MIG on and instances.
Status nvmlDeviceGetRemappedRows(Device device, unsigned* corrected, unsigned* uncorrected,
                                 unsigned* pending, unsigned* failed) {
  return OfDevice(__func__, device, [&](const Card& card) {
    const bool cut = card.mig && card.mig->enabled && !card.mig->instances.empty();
    if (!card.health.rows || cut) return Status::kNotSupported;
    *corrected = static_cast<unsigned>(card.health.rows->corrected);
    *uncorrected = static_cast<unsigned>(card.health.rows->uncorrected);
    *pending = card.health.rows->pending ? 1 : 0;
    *failed = card.health.rows->failed ? 1 : 0;
    return Status::kSuccess;
  });
}
Status nvmlDeviceGetRetiredPages(Device device, unsigned cause, unsigned* count,
                                 unsigned long long* addresses) {
  return OfDevice(__func__, device, [&](const Card& card) {
    if (cause > 1 || count == nullptr) return Status::kInvalidArgument;
    if (!card.health.pages) return Status::kNotSupported;
    const auto pages = static_cast<unsigned>(cause == 0 ? card.health.pages->single_bit
                                                        : card.health.pages->double_bit);
    const bool fits = pages <= *count;
    *count = pages;
    if (!fits) return Status::kInsufficientSize;
    if (pages > 0) std::fill_n(addresses, pages, 0ULL);
    return Status::kSuccess;
  });
}

Status nvmlDeviceGetComputeRunningProcesses_v3(Device device, unsigned* count,
                                               nvml::ProcessInfo* infos) {
  return Processes(__func__, device, ProcessKind::kCompute, count, infos);
}
Status nvmlDeviceGetGraphicsRunningProcesses_v3(Device device, unsigned* count,
                                                nvml::ProcessInfo* infos) {
  return Processes(__func__, device, ProcessKind::kGraphics, count, infos);
}
Status nvmlDeviceGetMPSComputeRunningProcesses_v3(Device device, unsigned* count,
                                                  nvml::ProcessInfo* infos) {
  return Processes(__func__, device, ProcessKind::kMps, count, infos);
}

}  // extern "C"
#pragma GCC visibility pop

TANGRAM_SAME(nvmlInit_v2, kInit);
TANGRAM_SAME(nvmlShutdown, kShutdown);
TANGRAM_SAME(nvmlSystemGetDriverVersion, kDriverVersion);
TANGRAM_SAME(nvmlSystemGetNVMLVersion, kLibraryVersion);
TANGRAM_SAME(nvmlSystemGetCudaDriverVersion_v2, kCudaVersion);
TANGRAM_SAME(nvmlDeviceGetCount_v2, kDeviceCount);
TANGRAM_SAME(nvmlDeviceGetHandleByIndex_v2, kDeviceByIndex);
TANGRAM_SAME(nvmlDeviceGetName, kName);
TANGRAM_SAME(nvmlDeviceGetUUID, kUuid);
TANGRAM_SAME(nvmlDeviceGetPciInfo_v3, kPciInfo);
TANGRAM_SAME(nvmlDeviceGetMinorNumber, kMinorNumber);
TANGRAM_SAME(nvmlDeviceGetMemoryAffinity, kMemoryAffinity);
TANGRAM_SAME(nvmlDeviceGetMemoryInfo, kMemory);
TANGRAM_SAME(nvmlDeviceGetMemoryInfo_v2, kMemoryV2);
TANGRAM_SAME(nvmlDeviceGetUtilizationRates, kUtilization);
TANGRAM_SAME(nvmlDeviceGetTemperature, kTemperature);
TANGRAM_SAME(nvmlDeviceGetTemperatureThreshold, kTemperatureThreshold);
TANGRAM_SAME(nvmlDeviceGetPowerUsage, kPowerUsage);
TANGRAM_SAME(nvmlDeviceGetEnforcedPowerLimit, kPowerLimit);
TANGRAM_SAME(nvmlDeviceGetCurrentClocksThrottleReasons, kSlowdownsBefore535);
TANGRAM_SAME(nvmlDeviceGetCurrentClocksEventReasons, kSlowdowns);
TANGRAM_SAME(nvmlDeviceGetTotalEccErrors, kEccErrors);
TANGRAM_SAME(nvmlDeviceGetRemappedRows, kRemappedRows);
TANGRAM_SAME(nvmlDeviceGetRetiredPages, kRetiredPages);
TANGRAM_SAME(nvmlDeviceGetComputeRunningProcesses_v3, kComputeProcesses);
TANGRAM_SAME(nvmlDeviceGetGraphicsRunningProcesses_v3, kGraphicsProcesses);
TANGRAM_SAME(nvmlDeviceGetMPSComputeRunningProcesses_v3, kMpsProcesses);

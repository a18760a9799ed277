// The part of NVML's binary interface that Tangram calls: written anew, not copied.
//
// Layouts, numbers and names were checked against nvml.h 13.5.37 (package nvidia-nvml-dev) and
// nvidia-ml-py 13.615.71: the asserts below hold what those say for 64-bit Linux. NVIDIA keeps the
// interface stable by giving a changed function a new name ("_v2"), so a name fixes a layout.
// Nothing outside nvml_*.cc and the fake includes this: the rest of Tangram speaks inventory.h.
#pragma once

#include <cstddef>
#include <cstdint>

namespace tangram::agent::nvml {

// nvmlReturn_t. A newer library may answer with numbers that have no name here.
enum class Status : int {
  kSuccess = 0,
  kUninitialized = 1,
  kInvalidArgument = 2,
  kNotSupported = 3,
  kNoPermission = 4,
  kNotFound = 6,
  kInsufficientSize = 7,
  kDriverNotLoaded = 9,
  kTimeout = 10,
  kLibraryNotFound = 12,
  kFunctionNotFound = 13,
  kGpuIsLost = 15,
  kResetRequired = 16,
  kOperatingSystem = 17,
  kLibraryMismatch = 18,  // another driver's kernel module is loaded
  kInUse = 19,
  kInsufficientResources = 23,
  kVersionMismatch = 25,  // of a struct's `version`
  kNotReady = 27,
  kUnknown = 999,
};

// Handles: only ever passed on.
struct DeviceTag;
struct GpuInstanceTag;
struct ComputeInstanceTag;
struct EventSetTag;
struct GpmSampleTag;
using Device = DeviceTag*;  // a card, or a MIG device
using GpuInstance = GpuInstanceTag*;
using ComputeInstance = ComputeInstanceTag*;
using EventSet = EventSetTag*;
using GpmSample = GpmSampleTag*;

// Versioned structs carry their own size, so that the library knows which form it was given.
template <class T>
constexpr unsigned VersionOf(unsigned number) {
  return static_cast<unsigned>(sizeof(T)) | (number << 24);
}

inline constexpr unsigned kNameSize = 96;  // of names and UUIDs
inline constexpr unsigned kVersionSize = 80;
inline constexpr unsigned kNoInstance = 0xFFFFFFFF;  // a process outside MIG
inline constexpr unsigned long long kNoValue = ~0ULL;
inline constexpr unsigned kMostNvLinks = 36;
inline constexpr unsigned kMostProfileNumbers = 64;  // 18 GPU instance profiles are named by now

struct Memory {  // nvmlMemory_t; `used` holds what the driver keeps for itself too
  unsigned long long total, free, used;
};
struct MemoryV2 {  // nvmlMemory_v2_t, version 2; `used` is without `reserved`
  unsigned version;
  unsigned long long total, reserved, free, used;
};
// nvmlSetMemoryLimits_v1_t and nvmlGetMemoryLimits_v1_t: bytes; no limit is 0 and kNoMemoryLimit.
struct NewMemoryLimits {
  const char* cgroup;  // its folder
  unsigned long long soft, hard;
};
struct MemoryLimits {
  const char* cgroup;
  unsigned long long soft, hard, used;
};
inline constexpr unsigned long long kNoMemoryLimit = ~0ULL;
struct PciInfo {  // nvmlPciInfo_t
  char legacy_bus_id[16];
  unsigned domain, bus, device;
  unsigned device_id;  // (device << 16) | vendor
  unsigned subsystem_id;
  char bus_id[32];  // "00000000:19:00.0"
};
struct ProcessInfo {  // nvmlProcessInfo_t of the _v3 functions
  unsigned pid;
  unsigned long long used_memory;  // kNoValue: the driver does not tell
  unsigned gpu_instance;           // kNoInstance where there is no MIG
  unsigned compute_instance;
};
struct Utilization {  // nvmlUtilization_t, percent
  unsigned gpu, memory;
};
struct Placement {  // nvmlGpuInstancePlacement_t in memory slices; of compute instances in slices
  unsigned start, size;
};
struct GpuInstanceProfile {  // nvmlGpuInstanceProfileInfo_t
  unsigned id;               // not the number it was asked for by
  unsigned p2p;
  unsigned slices;
  unsigned instances;  // at most
  unsigned multiprocessors;
  unsigned copy_engines, decoders, encoders, jpegs, ofas;
  unsigned long long memory_mib;
};
struct GpuInstanceProfileV2 {  // nvmlGpuInstanceProfileInfo_v2_t, version 2
  unsigned version;
  unsigned id;
  unsigned p2p;
  unsigned slices;
  unsigned instances;
  unsigned multiprocessors;
  unsigned copy_engines, decoders, encoders, jpegs, ofas;
  unsigned long long memory_mib;
  char name[kNameSize];
};
struct GpuInstanceInfo {  // nvmlGpuInstanceInfo_t
  Device device;
  unsigned id;
  unsigned profile_id;
  Placement placement;
};
struct ComputeInstanceProfile {  // nvmlComputeInstanceProfileInfo_t
  unsigned id;
  unsigned slices;
  unsigned instances;
  unsigned multiprocessors;
  unsigned shared_copy_engines, shared_decoders, shared_encoders, shared_jpegs, shared_ofas;
};
struct ComputeInstanceInfo {  // nvmlComputeInstanceInfo_t
  Device device;              // the MIG device: where its UUID is
  GpuInstance gpu_instance;
  unsigned id;
  unsigned profile_id;
  Placement placement;
};
struct ProcessSample {  // nvmlProcessUtilizationSample_t, percent
  unsigned pid;
  unsigned long long timestamp;  // microseconds, of the CPU's clock
  unsigned sm, memory, encoder, decoder;
};
struct EventData {  // nvmlEventData_t
  Device device;
  unsigned long long type;
  unsigned long long data;  // the XID of a kEventXid
  unsigned gpu_instance;    // kNoInstance where it is of no instance
  unsigned compute_instance;
};
struct GpmSupport {  // nvmlGpmSupport_t, version 1: the number alone
  unsigned version;
  unsigned supported;
};
struct GpmMetric {  // nvmlGpmMetric_t
  unsigned id;
  Status status;
  double value;
  const char* names[3];
};
// nvmlGpmMetricsGet_t, version 1: the number alone. The array of nvml.h grows with each release
// (477 by now); what is read is `count`, and a longer one does no harm.
inline constexpr unsigned kMostGpmMetrics = 1024;
struct GpmMetrics {
  unsigned version;
  unsigned count;
  GpmSample first, second;
  GpmMetric metrics[kMostGpmMetrics];
};

static_assert(sizeof(void*) == 8, "the layouts are those of 64-bit Linux");
static_assert(sizeof(unsigned) == 4 && sizeof(unsigned long) == 8);
static_assert(sizeof(Memory) == 24);
static_assert(sizeof(MemoryV2) == 40);
static_assert(VersionOf<MemoryV2>(2) == 0x2000028);
static_assert(sizeof(NewMemoryLimits) == 24 && sizeof(MemoryLimits) == 32);
static_assert(sizeof(PciInfo) == 68 && offsetof(PciInfo, bus_id) == 36);
static_assert(sizeof(ProcessInfo) == 24);
static_assert(sizeof(Utilization) == 8);
static_assert(sizeof(Placement) == 8);
static_assert(sizeof(GpuInstanceProfile) == 48);
static_assert(sizeof(GpuInstanceProfileV2) == 152 && offsetof(GpuInstanceProfileV2, name) == 56);
static_assert(VersionOf<GpuInstanceProfileV2>(2) == 0x2000098);
static_assert(sizeof(GpuInstanceInfo) == 24);
static_assert(sizeof(ComputeInstanceProfile) == 36);
static_assert(sizeof(ComputeInstanceInfo) == 32);
static_assert(sizeof(ProcessSample) == 32 && offsetof(ProcessSample, sm) == 16);
static_assert(sizeof(EventData) == 32);
static_assert(sizeof(GpmSupport) == 8);
static_assert(sizeof(GpmMetric) == 40 && offsetof(GpmMetric, value) == 8);
static_assert(offsetof(GpmMetrics, metrics) == 24);

// Arguments that are numbers.
inline constexpr unsigned kTemperatureOfGpu = 0;   // nvmlTemperatureSensors_t
inline constexpr unsigned kSlowdownThreshold = 1;  // nvmlTemperatureThresholds_t
inline constexpr unsigned kUncorrected = 1;        // nvmlMemoryErrorType_t
inline constexpr unsigned kSinceDriverLoad = 0;    // nvmlEccCounterType_t: volatile
inline constexpr unsigned kOfItsLife = 1;          // aggregate
inline constexpr unsigned kSharedEngines = 0;      // compute instances' engine profile
inline constexpr unsigned kScopeNode = 0;          // nvmlAffinityScope_t
inline constexpr unsigned kP2pNvLink = 2;          // nvmlGpuP2PCapsIndex_t
inline constexpr unsigned kP2pOk = 0;              // nvmlGpuP2PStatus_t
inline constexpr unsigned kRemoteGpu = 0;          // nvmlIntNvLinkDeviceType_t
inline constexpr unsigned kRemoteSwitch = 2;
inline constexpr unsigned kRetiredBySingleBits = 0;  // nvmlPageRetirementCause_t
inline constexpr unsigned kRetiredByDoubleBit = 1;
inline constexpr unsigned kGpmVersion = 1;
// NVML_GPM_METRIC_*, percent.
inline constexpr unsigned kGpmGraphics = 1;
inline constexpr unsigned kGpmSm = 2;
inline constexpr unsigned kGpmOccupancy = 3;
inline constexpr unsigned kGpmTensor = 5;
inline constexpr unsigned kGpmDram = 10;

// Bits of what may happen to a card.
inline constexpr unsigned long long kEventXid = 0x8;
inline constexpr unsigned long long kEventMigChange = 0x100;

// Why clocks are held down: bits of nvmlDeviceGetCurrentClocksEventReasons.
inline constexpr unsigned long long kSlowPowerCap = 0x4;
inline constexpr unsigned long long kSlowHardware = 0x8;
inline constexpr unsigned long long kSlowThermalSoftware = 0x20;
inline constexpr unsigned long long kSlowThermalHardware = 0x40;
inline constexpr unsigned long long kSlowPowerBrake = 0x80;

}  // namespace tangram::agent::nvml

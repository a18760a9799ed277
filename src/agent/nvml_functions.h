// The functions of NVML that Tangram calls, by name and signature. Sources as in nvml_abi.h.
#pragma once

#include "agent/nvml_abi.h"

namespace tangram::agent::nvml {

// A name to look for in the library, and how to call what is there.
template <class... Parameters>
struct Function {
  using Entry = Status (*)(Parameters...);
  const char* name;
};

inline constexpr Function<> kInit{"nvmlInit_v2"};
inline constexpr Function<> kShutdown{"nvmlShutdown"};
inline constexpr Function<char*, unsigned> kDriverVersion{"nvmlSystemGetDriverVersion"};
inline constexpr Function<char*, unsigned> kLibraryVersion{"nvmlSystemGetNVMLVersion"};
inline constexpr Function<int*> kCudaVersion{"nvmlSystemGetCudaDriverVersion_v2"};

inline constexpr Function<unsigned*> kDeviceCount{"nvmlDeviceGetCount_v2"};
inline constexpr Function<unsigned, Device*> kDeviceByIndex{"nvmlDeviceGetHandleByIndex_v2"};
inline constexpr Function<const char*, Device*> kDeviceByUuid{"nvmlDeviceGetHandleByUUID"};
inline constexpr Function<Device, char*, unsigned> kName{"nvmlDeviceGetName"};
inline constexpr Function<Device, char*, unsigned> kUuid{"nvmlDeviceGetUUID"};
inline constexpr Function<Device, PciInfo*> kPciInfo{"nvmlDeviceGetPciInfo_v3"};
inline constexpr Function<Device, unsigned*> kMinorNumber{"nvmlDeviceGetMinorNumber"};
inline constexpr Function<Device, unsigned, unsigned long*, unsigned> kMemoryAffinity{
    "nvmlDeviceGetMemoryAffinity"};
inline constexpr Function<Device, Memory*> kMemory{"nvmlDeviceGetMemoryInfo"};
inline constexpr Function<Device, MemoryV2*> kMemoryV2{"nvmlDeviceGetMemoryInfo_v2"};
inline constexpr Function<Device, Utilization*> kUtilization{"nvmlDeviceGetUtilizationRates"};

inline constexpr Function<Device, unsigned, unsigned*> kTemperature{"nvmlDeviceGetTemperature"};
inline constexpr Function<Device, unsigned, unsigned*> kTemperatureThreshold{
    "nvmlDeviceGetTemperatureThreshold"};
inline constexpr Function<Device, unsigned*> kPowerUsage{"nvmlDeviceGetPowerUsage"};
inline constexpr Function<Device, unsigned*> kPowerLimit{"nvmlDeviceGetEnforcedPowerLimit"};
inline constexpr Function<Device, unsigned long long*> kSlowdowns{
    "nvmlDeviceGetCurrentClocksEventReasons"};
inline constexpr Function<Device, unsigned long long*> kSlowdownsBefore535{
    "nvmlDeviceGetCurrentClocksThrottleReasons"};
inline constexpr Function<Device, unsigned, unsigned, unsigned long long*> kEccErrors{
    "nvmlDeviceGetTotalEccErrors"};
inline constexpr Function<Device, unsigned*, unsigned*, unsigned*, unsigned*> kRemappedRows{
    "nvmlDeviceGetRemappedRows"};
inline constexpr Function<Device, unsigned, unsigned*, unsigned long long*> kRetiredPages{
    "nvmlDeviceGetRetiredPages"};

using ProcessList = Function<Device, unsigned*, ProcessInfo*>;
inline constexpr ProcessList kComputeProcesses{"nvmlDeviceGetComputeRunningProcesses_v3"};
inline constexpr ProcessList kGraphicsProcesses{"nvmlDeviceGetGraphicsRunningProcesses_v3"};
inline constexpr ProcessList kMpsProcesses{"nvmlDeviceGetMPSComputeRunningProcesses_v3"};

inline constexpr Function<Device, ProcessSample*, unsigned*, unsigned long long> kProcessSamples{
    "nvmlDeviceGetProcessUtilization"};

inline constexpr Function<Device, GpmSupport*> kGpmSupport{"nvmlGpmQueryDeviceSupport"};
inline constexpr Function<GpmSample*> kGpmAlloc{"nvmlGpmSampleAlloc"};
inline constexpr Function<GpmSample> kGpmFree{"nvmlGpmSampleFree"};
inline constexpr Function<Device, GpmSample> kGpmSampleGet{"nvmlGpmSampleGet"};
inline constexpr Function<Device, unsigned, GpmSample> kGpmMigSampleGet{"nvmlGpmMigSampleGet"};
inline constexpr Function<GpmMetrics*> kGpmMetricsGet{"nvmlGpmMetricsGet"};

inline constexpr Function<Device, unsigned long long*> kSupportedEvents{
    "nvmlDeviceGetSupportedEventTypes"};
inline constexpr Function<EventSet*> kEventSetCreate{"nvmlEventSetCreate"};
inline constexpr Function<EventSet> kEventSetFree{"nvmlEventSetFree"};
inline constexpr Function<Device, unsigned long long, EventSet> kRegisterEvents{
    "nvmlDeviceRegisterEvents"};
inline constexpr Function<EventSet, EventData*, unsigned> kEventSetWait{"nvmlEventSetWait_v2"};

inline constexpr Function<Device, unsigned*, unsigned*> kMigMode{"nvmlDeviceGetMigMode"};
inline constexpr Function<Device, unsigned, GpuInstanceProfile*> kProfile{
    "nvmlDeviceGetGpuInstanceProfileInfo"};
inline constexpr Function<Device, unsigned, GpuInstanceProfileV2*> kProfileV2{
    "nvmlDeviceGetGpuInstanceProfileInfoV"};
inline constexpr Function<Device, unsigned, Placement*, unsigned*> kPossiblePlacements{
    "nvmlDeviceGetGpuInstancePossiblePlacements_v2"};
inline constexpr Function<Device, unsigned, unsigned*> kRemainingCapacity{
    "nvmlDeviceGetGpuInstanceRemainingCapacity"};
inline constexpr Function<Device, unsigned, GpuInstance*, unsigned*> kGpuInstances{
    "nvmlDeviceGetGpuInstances"};
inline constexpr Function<GpuInstance, GpuInstanceInfo*> kGpuInstanceInfo{"nvmlGpuInstanceGetInfo"};
inline constexpr Function<GpuInstance, unsigned, unsigned, ComputeInstanceProfile*>
    kComputeInstanceProfile{"nvmlGpuInstanceGetComputeInstanceProfileInfo"};
inline constexpr Function<GpuInstance, unsigned, ComputeInstance*, unsigned*> kComputeInstances{
    "nvmlGpuInstanceGetComputeInstances"};
inline constexpr Function<ComputeInstance, ComputeInstanceInfo*> kComputeInstanceInfo{
    "nvmlComputeInstanceGetInfo_v2"};

// What changes a card: called where the agent may cut alone (write_mig.cc).
inline constexpr Function<Device, unsigned, Status*> kSetMigMode{"nvmlDeviceSetMigMode"};
inline constexpr Function<Device, unsigned, GpuInstance*> kGpuInstanceById{
    "nvmlDeviceGetGpuInstanceById"};
inline constexpr Function<Device, unsigned, const Placement*, GpuInstance*> kCreateGpuInstance{
    "nvmlDeviceCreateGpuInstanceWithPlacement"};
inline constexpr Function<GpuInstance> kDestroyGpuInstance{"nvmlGpuInstanceDestroy"};
inline constexpr Function<GpuInstance, unsigned, ComputeInstance*> kCreateComputeInstance{
    "nvmlGpuInstanceCreateComputeInstance"};
inline constexpr Function<ComputeInstance> kDestroyComputeInstance{"nvmlComputeInstanceDestroy"};

// Called where the agent may hold pods to their memory alone (write_memory_limit.cc).
inline constexpr Function<Device, NewMemoryLimits*> kSetMemoryLimits{
    "nvmlDeviceSetMemoryLimits_v1"};
inline constexpr Function<Device, MemoryLimits*> kMemoryLimits{"nvmlDeviceGetMemoryLimits_v1"};

inline constexpr Function<Device, unsigned, unsigned*> kNvLinkState{"nvmlDeviceGetNvLinkState"};
inline constexpr Function<Device, unsigned, unsigned*> kNvLinkRemoteType{
    "nvmlDeviceGetNvLinkRemoteDeviceType"};
inline constexpr Function<Device, unsigned, PciInfo*> kNvLinkRemotePci{
    "nvmlDeviceGetNvLinkRemotePciInfo_v2"};
inline constexpr Function<Device, Device, unsigned*> kCommonAncestor{
    "nvmlDeviceGetTopologyCommonAncestor"};
inline constexpr Function<Device, Device, unsigned, unsigned*> kP2pStatus{"nvmlDeviceGetP2PStatus"};

}  // namespace tangram::agent::nvml

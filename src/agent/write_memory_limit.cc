#include "agent/write_memory_limit.h"

#include <fmt/format.h>

namespace tangram::agent {
namespace {

using base::ErrorCode;
using nvml::Status;

constexpr int kBytesOfMiB = 20;  // as a shift

base::Error ErrorOf(Status status, std::string_view function, const CgroupOnCard& at) {
  const std::string answer = fmt::format("{} answered {}", function, Words(status));
  switch (status) {
    case Status::kFunctionNotFound:
    case Status::kNotSupported:
      return {ErrorCode::kNotFound,
              answer + "; limits need a driver of R615 or later, and a card that has them"};
    case Status::kNoPermission:
      return {ErrorCode::kDenied,
              answer + "; run the agent with the rights to limit (docs/agent.md)"};
    case Status::kOperatingSystem:
      return {ErrorCode::kHardware, fmt::format("{}: it cannot open {}", answer, at.cgroup)};
    default:
      return {ErrorCode::kHardware, answer};
  }
}

base::Result<nvml::Device> DeviceOf(NvmlSession& session, const CgroupOnCard& at) {
  nvml::Device device = nullptr;
  const Status status =
      session.Call("GPU " + at.uuid, nvml::kDeviceByUuid, at.uuid.c_str(), &device);
  if (status == Status::kSuccess) return device;
  return base::Fail(ErrorCode::kHardware,
                    fmt::format("{} answered {}", nvml::kDeviceByUuid.name, Words(status)));
}

}  // namespace

// A cgroup that never had limits is "not found" to NVML, which is none.
base::Result<CgroupMemory> ReadMemoryLimit(NvmlSession& session, const CgroupOnCard& at) {
  const auto device = DeviceOf(session, at);
  if (!device) return tl::unexpected(device.error());
  nvml::MemoryLimits limits{};
  limits.cgroup = at.cgroup.c_str();
  const Status status = session.Call("GPU " + at.uuid, nvml::kMemoryLimits, *device, &limits);
  if (status == Status::kNotFound) return CgroupMemory{};
  if (status != Status::kSuccess) {
    return tl::unexpected(ErrorOf(status, nvml::kMemoryLimits.name, at));
  }
  CgroupMemory memory;
  memory.used = base::MiB(static_cast<std::int64_t>(limits.used >> kBytesOfMiB));
  if (limits.hard != nvml::kNoMemoryLimit) {
    memory.most = base::MiB(static_cast<std::int64_t>(limits.hard >> kBytesOfMiB));
  }
  return memory;
}

base::Result<void> SetMemoryLimit(NvmlSession& session, const CgroupOnCard& at, base::MiB most) {
  const auto device = DeviceOf(session, at);
  if (!device) return tl::unexpected(device.error());
  nvml::NewMemoryLimits limits{};
  limits.cgroup = at.cgroup.c_str();
  limits.hard = static_cast<unsigned long long>(most.value()) << kBytesOfMiB;
  const Status status = session.Call("GPU " + at.uuid, nvml::kSetMemoryLimits, *device, &limits);
  if (status == Status::kSuccess) return {};
  return tl::unexpected(ErrorOf(status, nvml::kSetMemoryLimits.name, at));
}

}  // namespace tangram::agent

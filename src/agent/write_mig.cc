#include "agent/write_mig.h"

#include <algorithm>
#include <vector>

namespace tangram::agent {
namespace {

using nvml::Status;

CutReason ReasonOf(Status status) {
  switch (status) {
    case Status::kInUse:
      return CutReason::kInUse;
    case Status::kResetRequired:
      return CutReason::kResetRequired;
    case Status::kGpuIsLost:
    case Status::kNotFound:
      return CutReason::kLost;
    case Status::kNoPermission:
      return CutReason::kDenied;
    case Status::kTimeout:
      return CutReason::kNoAnswer;
    default:
      return CutReason::kRefused;
  }
}

std::string_view RemedyOf(CutReason reason) {
  switch (reason) {
    case CutReason::kInUse:
      return "end what uses it (nvidia-smi; also monitoring that holds the card open)";
    case CutReason::kResetRequired:
      return "drain the node and reset the card (nvidia-smi --gpu-reset), or reboot the node";
    case CutReason::kLost:
      return "drain the node and reset or reboot it (dmesg has the XID)";
    case CutReason::kDenied:
      return "run the agent with the rights to cut (docs/agent.md)";
    default:
      return "dmesg and nvidia-smi mig may say more";
  }
}

// One step, on the session's thread.
class Doer {
 public:
  Doer(NvmlSession& session, const MigStep& step) : session_(session), step_(step) {}

  CutResult<void> Run() {
    if (auto found = Check(nvml::kDeviceByUuid, step_.uuid.c_str(), &device_); !found) return found;
    switch (step_.kind) {
      case StepKind::kEnableMig:
        return SetMode(1);
      case StepKind::kDisableMig:
        return SetMode(0);
      case StepKind::kDestroy:
        return Destroy();
      case StepKind::kCreate:
        return Create();
      case StepKind::kComplete:
        break;
    }
    return Complete();
  }

 private:
  template <class... Parameters, class... Arguments>
  Status Call(const nvml::Function<Parameters...>& function, Arguments... arguments) {
    return session_.Call("GPU " + step_.uuid, function, arguments...);
  }
  template <class... Parameters, class... Arguments>
  CutResult<void> Check(const nvml::Function<Parameters...>& function, Arguments... arguments) {
    const Status status = Call(function, arguments...);
    if (status == Status::kSuccess) return {};
    return Failed(function.name, status);
  }
  tl::unexpected<CutError> Failed(std::string_view function, Status status) const {
    const CutReason reason = ReasonOf(status);
    return tl::unexpected(
        CutError{reason, fmt::format("could not {}: {} answered {}; {}", step_.text, function,
                                     Words(status), RemedyOf(reason))});
  }

  // The mode was taken and does not hold yet: that is in the second answer.
  CutResult<void> SetMode(unsigned mode) {
    Status activation = Status::kSuccess;
    if (auto set = Check(nvml::kSetMigMode, device_, mode, &activation); !set) return set;
    if (activation != Status::kSuccess) return Failed(nvml::kSetMigMode.name, activation);
    return {};
  }

  // What the step names is what has this id.
  CutResult<nvml::GpuInstance> Find() {
    nvml::GpuInstance found = nullptr;
    if (auto by_id =
            Check(nvml::kGpuInstanceById, device_, static_cast<unsigned>(step_.instance), &found);
        !by_id) {
      return tl::unexpected(by_id.error());
    }
    nvml::GpuInstanceInfo info{};
    if (auto told = Check(nvml::kGpuInstanceInfo, found, &info); !told) {
      return tl::unexpected(told.error());
    }
    if (info.profile_id != static_cast<unsigned>(step_.profile_id) ||
        info.placement.start != static_cast<unsigned>(step_.placement.start)) {
      return tl::unexpected(CutError{
          CutReason::kRefused,
          fmt::format("could not {}: the instance {} is another one now; somebody else cuts this "
                      "card (nvidia-smi, mig-manager): let one alone own it",
                      step_.text, step_.instance)});
    }
    return found;
  }

  CutResult<void> DestroyCompute(nvml::GpuInstance instance, unsigned profile, unsigned most) {
    std::vector<nvml::ComputeInstance> found(std::min(most, 64U));
    auto count = static_cast<unsigned>(found.size());
    if (found.empty()) return {};
    if (auto listed = Check(nvml::kComputeInstances, instance, profile, found.data(), &count);
        !listed) {
      return listed;
    }
    found.resize(std::min<std::size_t>(count, found.size()));
    for (nvml::ComputeInstance const one : found) {
      if (auto gone = Check(nvml::kDestroyComputeInstance, one); !gone) return gone;
    }
    return {};
  }

  CutResult<void> Destroy() {
    const auto instance = Find();
    if (!instance) return tl::unexpected(instance.error());
    for (unsigned number = 0; number < nvml::kMostProfileNumbers; ++number) {
      nvml::ComputeInstanceProfile profile{};
      const Status status =
          Call(nvml::kComputeInstanceProfile, *instance, number, nvml::kSharedEngines, &profile);
      if (status == Status::kInvalidArgument) break;
      if (status == Status::kNotSupported) continue;
      if (status != Status::kSuccess) return Failed(nvml::kComputeInstanceProfile.name, status);
      if (auto gone = DestroyCompute(*instance, profile.id, profile.instances); !gone) return gone;
    }
    return Check(nvml::kDestroyGpuInstance, *instance);
  }

  CutResult<void> Create() {
    const nvml::Placement placement{static_cast<unsigned>(step_.placement.start),
                                    static_cast<unsigned>(step_.placement.size)};
    nvml::GpuInstance made = nullptr;
    return Check(nvml::kCreateGpuInstance, device_, static_cast<unsigned>(step_.profile_id),
                 &placement, &made);
  }

  // The first profile that takes all of the instance's slices: what nvidia-smi marks as default.
  CutResult<void> Complete() {
    const auto instance = Find();
    if (!instance) return tl::unexpected(instance.error());
    for (unsigned number = 0; number < nvml::kMostProfileNumbers; ++number) {
      nvml::ComputeInstanceProfile profile{};
      const Status status =
          Call(nvml::kComputeInstanceProfile, *instance, number, nvml::kSharedEngines, &profile);
      if (status == Status::kInvalidArgument) break;
      if (status == Status::kNotSupported) continue;
      if (status != Status::kSuccess) return Failed(nvml::kComputeInstanceProfile.name, status);
      if (profile.slices != static_cast<unsigned>(step_.compute_slices)) continue;
      nvml::ComputeInstance made = nullptr;
      return Check(nvml::kCreateComputeInstance, *instance, profile.id, &made);
    }
    return tl::unexpected(
        CutError{CutReason::kRefused,
                 fmt::format("could not {}: the driver has no compute instance of {} slices",
                             step_.text, step_.compute_slices)});
  }

  NvmlSession& session_;
  const MigStep& step_;
  nvml::Device device_ = nullptr;
};

}  // namespace

CutResult<void> DoStep(NvmlSession& session, const MigStep& step) {
  return Doer(session, step).Run();
}

}  // namespace tangram::agent

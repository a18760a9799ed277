// TEST CODE. The MIG side of the fake NVML (fake_nvml.cc).
#include <algorithm>

#include "agent/testing/fake_call.h"

using namespace tangram::agent;
using namespace tangram::agent::testing;

namespace {

const Profile* ProfileById(const Mig& mig, unsigned id) {
  const auto found =
      std::find_if(mig.profiles.begin(), mig.profiles.end(),
                   [id](const Profile& one) { return one.id == static_cast<int>(id); });
  return found == mig.profiles.end() ? nullptr : &*found;
}

Status ProfileByNumber(const Card& card, unsigned number, const Profile** profile) {
  if (number >= kProfileNumbers) return Status::kInvalidArgument;
  if (!card.mig) return Status::kNotSupported;
  for (const Profile& one : card.mig->profiles) {
    if (NumberOf(one) == number) {
      *profile = &one;
      return Status::kSuccess;
    }
  }
  return Status::kNotSupported;
}

template <class Info>
void Fill(const Profile& profile, Info& info) {
  info.id = static_cast<unsigned>(profile.id);
  info.slices = static_cast<unsigned>(profile.compute_slices);
  info.instances = static_cast<unsigned>(profile.most_instances);
  info.multiprocessors = static_cast<unsigned>(profile.multiprocessors);
  info.memory_mib = static_cast<unsigned long long>(profile.memory.value());
}

}  // namespace

#pragma GCC visibility push(default)
extern "C" {
Status nvmlDeviceGetMigMode(Device device, unsigned* current, unsigned* pending) {
  return OfDevice(__func__, device, [&](const Card& card) {
    if (!card.mig) return Status::kNotSupported;
    *current = card.mig->enabled ? 1 : 0;
    *pending = card.mig->pending ? 1 : 0;
    return Status::kSuccess;
  });
}
Status nvmlDeviceGetGpuInstanceProfileInfo(Device device, unsigned number,
                                           nvml::GpuInstanceProfile* info) {
  return OfDevice(__func__, device, [&](const Card& card) {
    const Profile* profile = nullptr;
    const Status status = ProfileByNumber(card, number, &profile);
    if (profile != nullptr) Fill(*profile, *info);
    return status;
  });
}
Status nvmlDeviceGetGpuInstanceProfileInfoV(Device device, unsigned number,
                                            nvml::GpuInstanceProfileV2* info) {
  return OfDevice(__func__, device, [&](const Card& card) {
    if (info->version != nvml::VersionOf<nvml::GpuInstanceProfileV2>(2)) {
      return Status::kVersionMismatch;
    }
    const Profile* profile = nullptr;
    const Status status = ProfileByNumber(card, number, &profile);
    if (profile == nullptr) return status;
    Fill(*profile, *info);
    return Write("MIG " + profile->name, info->name, nvml::kNameSize);
  });
}
// nvml.h: the same whatever is on the card, and with MIG off too.
Status nvmlDeviceGetGpuInstancePossiblePlacements_v2(Device device, unsigned id,
                                                     nvml::Placement* placements, unsigned* count) {
  return OfDevice(__func__, device, [&](const Card& card) {
    const Profile* profile = card.mig ? ProfileById(*card.mig, id) : nullptr;
    if (profile == nullptr) return Status::kNotSupported;
    if (!profile->placements) return Status::kNoPermission;
    *count = static_cast<unsigned>(profile->placements->size());
    if (placements == nullptr) return Status::kSuccess;
    for (const auto& one : *profile->placements) {
      *placements++ = {static_cast<unsigned>(one.start), static_cast<unsigned>(one.size)};
    }
    return Status::kSuccess;
  });
}
Status nvmlDeviceGetGpuInstanceRemainingCapacity(Device device, unsigned id, unsigned* count) {
  return OfDevice(__func__, device, [&](const Card& card) {
    if (!card.mig || !card.mig->enabled) return Status::kNotSupported;
    const Profile* profile = ProfileById(*card.mig, id);
    if (profile == nullptr) return Status::kNotSupported;
    *count = static_cast<unsigned>(RoomFor(*card.mig, *profile));
    return Status::kSuccess;
  });
}
Status nvmlDeviceGetGpuInstances(Device device, unsigned id, nvml::GpuInstance* found,
                                 unsigned* count) {
  return OfDevice(__func__, device, [&](const Card& card) {
    if (!card.mig || !card.mig->enabled) return Status::kNotSupported;
    *count = 0;
    for (nvml::GpuInstanceTag& one : FakeState::One().Machine()->instances()) {
      if (one.card != card.index || one.instance->profile_id != static_cast<int>(id)) continue;
      found[(*count)++] = &one;
    }
    return Status::kSuccess;
  });
}
Status nvmlGpuInstanceGetInfo(nvml::GpuInstance instance, nvml::GpuInstanceInfo* info) {
  return OfCard(__func__, instance->card, [&](const Card& card) {
    const auto& one = *instance->instance;
    *info = {
        FakeState::One().Machine()->DeviceOf(card.index),
        static_cast<unsigned>(one.id),
        static_cast<unsigned>(one.profile_id),
        {static_cast<unsigned>(one.placement.start), static_cast<unsigned>(one.placement.size)}};
    return Status::kSuccess;
  });
}
Status nvmlGpuInstanceGetComputeInstanceProfileInfo(nvml::GpuInstance instance, unsigned number,
                                                    unsigned engines,
                                                    nvml::ComputeInstanceProfile* info) {
  return OfCard(__func__, instance->card, [&](const Card& card) {
    if (number >= std::size(kComputeSlices) || engines != 0) return Status::kInvalidArgument;
    const Profile* of =
        ProfileById(*card.mig, static_cast<unsigned>(instance->instance->profile_id));
    const int slices = kComputeSlices[number];
    if (of == nullptr || slices == 0 || slices > of->compute_slices) return Status::kNotSupported;
    *info = {};
    info->id = number;
    info->slices = static_cast<unsigned>(slices);
    info->instances = static_cast<unsigned>(of->compute_slices / slices);
    return Status::kSuccess;
  });
}
Status nvmlGpuInstanceGetComputeInstances(nvml::GpuInstance instance, unsigned id,
                                          nvml::ComputeInstance* found, unsigned* count) {
  return OfCard(__func__, instance->card, [&](const Card&) {
    *count = 0;
    for (nvml::ComputeInstanceTag& one : instance->compute) {
      if (one.compute->profile_id == static_cast<int>(id)) found[(*count)++] = &one;
    }
    return Status::kSuccess;
  });
}
Status nvmlComputeInstanceGetInfo_v2(nvml::ComputeInstance instance,
                                     nvml::ComputeInstanceInfo* info) {
  return OfCard(__func__, instance->card, [&](const Card&) {
    *info = {&instance->device,
             instance->parent,
             static_cast<unsigned>(instance->compute->id),
             static_cast<unsigned>(instance->compute->profile_id),
             {}};
    return Status::kSuccess;
  });
}

}  // extern "C"
#pragma GCC visibility pop

TANGRAM_SAME(nvmlDeviceGetMigMode, kMigMode);
TANGRAM_SAME(nvmlDeviceGetGpuInstanceProfileInfo, kProfile);
TANGRAM_SAME(nvmlDeviceGetGpuInstanceProfileInfoV, kProfileV2);
TANGRAM_SAME(nvmlDeviceGetGpuInstancePossiblePlacements_v2, kPossiblePlacements);
TANGRAM_SAME(nvmlDeviceGetGpuInstanceRemainingCapacity, kRemainingCapacity);
TANGRAM_SAME(nvmlDeviceGetGpuInstances, kGpuInstances);
TANGRAM_SAME(nvmlGpuInstanceGetInfo, kGpuInstanceInfo);
TANGRAM_SAME(nvmlGpuInstanceGetComputeInstanceProfileInfo, kComputeInstanceProfile);
TANGRAM_SAME(nvmlGpuInstanceGetComputeInstances, kComputeInstances);
TANGRAM_SAME(nvmlComputeInstanceGetInfo_v2, kComputeInstanceInfo);

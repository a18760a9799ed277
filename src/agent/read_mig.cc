// The MIG side of a card.
#include <algorithm>
#include <array>
#include <tuple>

#include "agent/read_card.h"

namespace tangram::agent {
namespace {

using nvml::Device;
using nvml::Status;

// "MIG 1g.10gb" -> "1g.10gb": the library's name, or the table's where the library is too old to
// tell; empty: unknown.
std::string NameOfProfile(const gpu::Model* model, int id, std::string_view told) {
  constexpr std::string_view kPrefix = "MIG ";
  if (told.starts_with(kPrefix)) told.remove_prefix(kPrefix.size());
  if (!told.empty()) return std::string(told);
  const gpu::MigProfile* known = model != nullptr ? gpu::ProfileById(*model, id) : nullptr;
  return known != nullptr ? std::string(known->name) : "";
}

template <class Info>
Profile ProfileOf(const Info& info, const gpu::Model* model, std::string_view told) {
  Profile profile;
  profile.id = static_cast<int>(info.id);
  profile.name = NameOfProfile(model, profile.id, told);
  profile.compute_slices = static_cast<int>(info.slices);
  profile.multiprocessors = static_cast<int>(info.multiprocessors);
  profile.memory = base::MiB(static_cast<std::int64_t>(info.memory_mib));
  profile.most_instances = static_cast<int>(info.instances);
  return profile;
}

// The profile that NVML numbers `number`, by the newer function, or the older one.
Status ReadProfile(Fields& fields, Device device, unsigned number, const gpu::Model* model,
                   std::optional<Profile>& profile) {
  nvml::GpuInstanceProfileV2 info{};
  info.version = nvml::VersionOf<nvml::GpuInstanceProfileV2>(2);
  Status status = fields.Call(nvml::kProfileV2, device, number, &info);
  if (status == Status::kSuccess) {
    profile = ProfileOf(info, model, TextOf(info.name, sizeof(info.name)));
    return status;
  }
  if (status != Status::kFunctionNotFound && status != Status::kVersionMismatch) return status;
  nvml::GpuInstanceProfile older{};
  status = fields.Call(nvml::kProfile, device, number, &older);
  if (status == Status::kSuccess) profile = ProfileOf(older, model, "");
  return status;
}

std::vector<Profile> ReadProfiles(Fields& fields, Device device, const gpu::Model* model) {
  std::vector<Profile> profiles;
  for (unsigned number = 0; number < nvml::kMostProfileNumbers; ++number) {
    std::optional<Profile> profile;
    const Status status = ReadProfile(fields, device, number, model, profile);
    if (status == Status::kInvalidArgument) break;  // past the last number that it knows
    if (profile) {
      profiles.push_back(std::move(*profile));
    } else {
      fields.Note("MIG profiles", nvml::kProfile.name, status);
      if (status != Status::kNotSupported) break;  // the next would answer the same
    }
  }
  std::sort(profiles.begin(), profiles.end(),
            [](const Profile& a, const Profile& b) { return a.id < b.id; });
  return profiles;
}

std::optional<std::vector<gpu::Placement>> ReadPlacements(Fields& fields, Device device,
                                                          unsigned profile) {
  nvml::Placement* const no_room = nullptr;
  unsigned count = 0;
  if (!fields.Get("MIG placements", nvml::kPossiblePlacements, device, profile, no_room, &count)) {
    return std::nullopt;
  }
  constexpr unsigned kMostPlacements = 256;
  count = std::min(count, kMostPlacements);
  std::vector<nvml::Placement> told(count);
  if (count > 0 && !fields.Get("MIG placements", nvml::kPossiblePlacements, device, profile,
                               told.data(), &count)) {
    return std::nullopt;
  }
  told.resize(std::min<std::size_t>(count, told.size()));
  std::vector<gpu::Placement> placements;
  for (const nvml::Placement& one : told) {
    placements.push_back({static_cast<int>(one.start), static_cast<int>(one.size)});
  }
  std::sort(placements.begin(), placements.end());
  return placements;
}

std::string MigUuidOf(Fields& fields, Device mig_device) {
  std::array<char, nvml::kNameSize> text{};
  if (!fields.Get("MIG uuid", nvml::kUuid, mig_device, text.data(), nvml::kNameSize)) return "";
  return TextOf(text.data(), text.size());
}

void ReadComputeOfProfile(Fields& fields, nvml::GpuInstance handle,
                          const nvml::ComputeInstanceProfile& profile, Instance& instance) {
  std::vector<nvml::ComputeInstance> found(std::min(profile.instances, 64U));
  auto count = static_cast<unsigned>(found.size());
  if (found.empty() || !fields.Get("MIG compute instances", nvml::kComputeInstances, handle,
                                   profile.id, found.data(), &count)) {
    return;
  }
  found.resize(std::min<std::size_t>(count, found.size()));
  for (nvml::ComputeInstance const one : found) {
    nvml::ComputeInstanceInfo info{};
    if (!fields.Get("MIG compute instances", nvml::kComputeInstanceInfo, one, &info)) continue;
    instance.compute.push_back({static_cast<int>(info.id), static_cast<int>(info.profile_id),
                                MigUuidOf(fields, info.device)});
  }
}

void ReadCompute(Fields& fields, nvml::GpuInstance handle, Instance& instance) {
  for (unsigned number = 0; number < nvml::kMostProfileNumbers; ++number) {
    nvml::ComputeInstanceProfile profile{};
    const Status status =
        fields.Call(nvml::kComputeInstanceProfile, handle, number, nvml::kSharedEngines, &profile);
    if (status == Status::kInvalidArgument) break;
    if (status == Status::kSuccess) {
      ReadComputeOfProfile(fields, handle, profile, instance);
    } else {
      fields.Note("MIG compute instances", nvml::kComputeInstanceProfile.name, status);
      if (status != Status::kNotSupported) break;
    }
  }
  std::sort(instance.compute.begin(), instance.compute.end(),
            [](const ComputeInstance& a, const ComputeInstance& b) { return a.id < b.id; });
}

void ReadInstancesOf(Fields& fields, Device device, const Profile& profile, Mig& mig) {
  // NVML said one too few for some cards (A30): room for every slice there is.
  std::vector<nvml::GpuInstance> found(
      static_cast<std::size_t>(std::clamp(profile.most_instances, 16, 256)));
  auto count = static_cast<unsigned>(found.size());
  if (!fields.Get("MIG instances", nvml::kGpuInstances, device, static_cast<unsigned>(profile.id),
                  found.data(), &count)) {
    return;
  }
  found.resize(std::min<std::size_t>(count, found.size()));
  for (nvml::GpuInstance const one : found) {
    nvml::GpuInstanceInfo info{};
    if (!fields.Get("MIG instances", nvml::kGpuInstanceInfo, one, &info)) continue;
    Instance instance{
        static_cast<int>(info.id),
        static_cast<int>(info.profile_id),
        {static_cast<int>(info.placement.start), static_cast<int>(info.placement.size)},
        {}};
    ReadCompute(fields, one, instance);
    mig.instances.push_back(std::move(instance));
  }
}

void ReadWhatIsThere(Fields& fields, Device device, Mig& mig) {
  for (Profile& profile : mig.profiles) {
    unsigned free = 0;
    if (fields.Get("MIG room", nvml::kRemainingCapacity, device, static_cast<unsigned>(profile.id),
                   &free)) {
      profile.free = static_cast<int>(free);
    }
    ReadInstancesOf(fields, device, profile, mig);
  }
  std::sort(mig.instances.begin(), mig.instances.end(), [](const Instance& a, const Instance& b) {
    return std::tie(a.placement, a.id) < std::tie(b.placement, b.id);
  });
}

}  // namespace

void ReadMig(Fields& fields, Device device, Card& card) {
  unsigned current = 0;
  unsigned pending = 0;
  if (!fields.Get("MIG mode", nvml::kMigMode, device, &current, &pending)) return;
  const auto memory = card.memory ? std::optional(card.memory->total) : std::nullopt;
  const gpu::Model* model = gpu::ParseProduct(card.name, memory).model;
  Mig mig{current != 0, pending != 0, ReadProfiles(fields, device, model), {}};
  for (Profile& profile : mig.profiles) {
    profile.placements = ReadPlacements(fields, device, static_cast<unsigned>(profile.id));
  }
  if (mig.enabled) ReadWhatIsThere(fields, device, mig);
  card.mig = std::move(mig);
}

}  // namespace tangram::agent

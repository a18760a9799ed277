// TEST CODE. The fake NVML's calls that change a card: what nvml.h says of each, and the rules of
// MayPlace. A handle of something that is gone is an invalid argument.
#include <algorithm>

#include "agent/testing/fake_call.h"

using namespace tangram::agent;
using namespace tangram::agent::testing;

namespace {

// The card's own part of the machine that is to be; nullptr where it has none.
Card* CardOf(FakeMachine& machine, int index) {
  auto& cards = machine.inventory.cards;
  return static_cast<std::size_t>(index) < cards.size() ? &cards[static_cast<std::size_t>(index)]
                                                        : nullptr;
}

template <class Act>
Status DoNow(int index, Act act) {
  return FakeState::One().Change([&](FakeMachine& machine) {
    Card* card = CardOf(machine, index);
    if (card == nullptr) return Status::kInvalidArgument;
    if (card->state != CardState::kOk) return Status::kGpuIsLost;
    if (!card->mig) return Status::kNotSupported;
    return act(machine, *card);
  });
}

// With the faults of calls that change something.
template <class Act>
Status ChangeCard(const char* call, int index, Act act) {
  const auto fault = FakeState::One().FaultOf(call, index);
  if (!fault) return DoNow(index, act);
  if (fault->loses) {
    static_cast<void>(DoNow(index, [](FakeMachine&, Card& card) {
      card.state = CardState::kLost;
      return Status::kSuccess;
    }));
  }
  if (fault->lies) return Status::kSuccess;
  if (fault->late) static_cast<void>(DoNow(index, act));
  const Status suffered = FakeState::Suffer(*fault);
  if (suffered != Status::kSuccess || fault->late) return suffered;
  return DoNow(index, act);
}

bool RunsOn(const Card& card, int instance) {
  return std::any_of(card.processes.begin(), card.processes.end(),
                     [&](const Process& one) { return one.instance == instance; });
}

Instance* InstanceOf(Card& card, int id) {
  auto& all = card.mig->instances;
  const auto found =
      std::find_if(all.begin(), all.end(), [&](const Instance& one) { return one.id == id; });
  return found == all.end() ? nullptr : &*found;
}

const Profile* ProfileOf(const Card& card, int id) {
  const auto& all = card.mig->profiles;
  const auto found =
      std::find_if(all.begin(), all.end(), [&](const Profile& one) { return one.id == id; });
  return found == all.end() ? nullptr : &*found;
}

int FreeId(const Card& card) {
  int id = 1;
  for (bool taken = true; taken;) {
    const auto& all = card.mig->instances;
    taken = std::any_of(all.begin(), all.end(), [&](const Instance& one) { return one.id == id; });
    id += taken ? 1 : 0;
  }
  return id;
}

nvml::GpuInstance HandleOf(int card, int id) {
  for (nvml::GpuInstanceTag& one : FakeState::One().Machine()->instances()) {
    if (one.card == card && one.instance->id == id) return &one;
  }
  return nullptr;
}

}  // namespace

#pragma GCC visibility push(default)
extern "C" {
// A mode that only a reset brings waits, and says so; one that is set back waits no more.
Status nvmlDeviceSetMigMode(Device device, unsigned mode, Status* activation) {
  if (activation == nullptr || mode > 1) return Status::kInvalidArgument;
  *activation = Status::kSuccess;
  return ChangeCard(__func__, device->card, [&](FakeMachine& machine, Card& card) {
    Mig& mig = *card.mig;
    mig.pending = mode == 1;
    if (mig.pending == mig.enabled) return Status::kSuccess;
    if (!card.processes.empty() || !mig.instances.empty()) {
      *activation = Status::kInUse;
    } else if (machine.mode_changes[card.index] == ModeChange::kReset) {
      *activation = Status::kResetRequired;
    } else {
      mig.enabled = mig.pending;
    }
    return Status::kSuccess;
  });
}
Status nvmlDeviceGetGpuInstanceById(Device device, unsigned id, nvml::GpuInstance* found) {
  return OfDevice(__func__, device, [&](const Card& card) {
    if (!card.mig || !card.mig->enabled) return Status::kNotSupported;
    *found = HandleOf(card.index, static_cast<int>(id));
    return *found == nullptr ? Status::kNotFound : Status::kSuccess;
  });
}
Status nvmlDeviceCreateGpuInstanceWithPlacement(Device device, unsigned id,
                                                const nvml::Placement* placement,
                                                nvml::GpuInstance* made) {
  int instance = 0;
  const Status status = ChangeCard(__func__, device->card, [&](FakeMachine&, Card& card) {
    if (!card.mig->enabled) return Status::kNotSupported;
    const Profile* profile = ProfileOf(card, static_cast<int>(id));
    if (profile == nullptr) return Status::kInvalidArgument;
    const tangram::gpu::Placement at{static_cast<int>(placement->start),
                                     static_cast<int>(placement->size)};
    const auto& may = profile->placements;
    if (!may) return Status::kNoPermission;
    if (std::find(may->begin(), may->end(), at) == may->end()) return Status::kInvalidArgument;
    if (!MayPlace(*card.mig, *profile, at.start)) return Status::kInsufficientResources;
    instance = FreeId(card);
    card.mig->instances.push_back({instance, profile->id, at, {}});
    return Status::kSuccess;
  });
  if (status == Status::kSuccess) *made = HandleOf(device->card, instance);
  return status;
}
Status nvmlGpuInstanceDestroy(nvml::GpuInstance instance) {
  return ChangeCard(__func__, instance->card, [&](FakeMachine&, Card& card) {
    const int id = instance->instance->id;
    const Instance* one = InstanceOf(card, id);
    if (one == nullptr) return Status::kInvalidArgument;
    if (!one->compute.empty() || RunsOn(card, id)) return Status::kInUse;
    std::erase_if(card.mig->instances, [&](const Instance& other) { return other.id == id; });
    return Status::kSuccess;
  });
}
Status nvmlGpuInstanceCreateComputeInstance(nvml::GpuInstance instance, unsigned profile,
                                            nvml::ComputeInstance* made) {
  const Status status = ChangeCard(__func__, instance->card, [&](FakeMachine&, Card& card) {
    Instance* one = InstanceOf(card, instance->instance->id);
    if (one == nullptr || profile >= std::size(kComputeSlices)) return Status::kInvalidArgument;
    const Profile* of = ProfileOf(card, one->profile_id);
    const int slices = kComputeSlices[profile];
    if (slices == 0 || slices > of->compute_slices) return Status::kNotSupported;
    int taken = 0;
    for (const ComputeInstance& other : one->compute) taken += kComputeSlices[other.profile_id];
    if (taken + slices > of->compute_slices) return Status::kInsufficientResources;
    ComputeInstance compute = WholeInstance(card, one->id, slices);
    compute.id = static_cast<int>(one->compute.size());
    one->compute.push_back(compute);
    return Status::kSuccess;
  });
  if (status != Status::kSuccess) return status;
  nvml::GpuInstance now = HandleOf(instance->card, instance->instance->id);
  if (now != nullptr && !now->compute.empty()) *made = &now->compute.back();
  return status;
}
Status nvmlComputeInstanceDestroy(nvml::ComputeInstance compute) {
  return ChangeCard(__func__, compute->card, [&](FakeMachine&, Card& card) {
    Instance* one = InstanceOf(card, compute->parent->instance->id);
    if (one == nullptr) return Status::kInvalidArgument;
    if (RunsOn(card, one->id)) return Status::kInUse;
    const auto gone = std::erase_if(
        one->compute, [&](const ComputeInstance& each) { return each.id == compute->compute->id; });
    return gone == 0 ? Status::kInvalidArgument : Status::kSuccess;
  });
}

}  // extern "C"
#pragma GCC visibility pop

TANGRAM_SAME(nvmlDeviceSetMigMode, kSetMigMode);
TANGRAM_SAME(nvmlDeviceGetGpuInstanceById, kGpuInstanceById);
TANGRAM_SAME(nvmlDeviceCreateGpuInstanceWithPlacement, kCreateGpuInstance);
TANGRAM_SAME(nvmlGpuInstanceDestroy, kDestroyGpuInstance);
TANGRAM_SAME(nvmlGpuInstanceCreateComputeInstance, kCreateComputeInstance);
TANGRAM_SAME(nvmlComputeInstanceDestroy, kDestroyComputeInstance);

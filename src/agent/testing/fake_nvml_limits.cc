// TEST CODE. The fake NVML's limits of cgroups' memory, by what nvml.h 13.5.37 says of them: the
// folder is opened; a limit above the card's memory, or a soft one above the hard one, is an
// invalid argument; a cgroup that never had limits is not found, and one that is gone has none any
// more. As the driver's, they outlive a process that set them.
#include <filesystem>
#include <map>
#include <string>
#include <utility>

#include "agent/testing/fake_call.h"
#include "base/mutex.h"

using namespace tangram::agent;
using namespace tangram::agent::testing;
namespace base = tangram::base;

namespace {

struct Limits {
  unsigned long long soft = 0;
  unsigned long long hard = nvml::kNoMemoryLimit;
};

class Kept {
 public:
  static Kept& One() {
    static Kept kept;
    return kept;
  }
  void Set(const std::string& uuid, const std::string& cgroup, Limits limits) {
    const base::MutexLock lock(mutex_);
    limits_[{uuid, cgroup}] = limits;
  }
  std::optional<Limits> Get(const std::string& uuid, const std::string& cgroup) {
    const base::MutexLock lock(mutex_);
    std::erase_if(limits_,
                  [](const auto& one) { return !std::filesystem::exists(one.first.second); });
    const auto found = limits_.find({uuid, cgroup});
    return found == limits_.end() ? std::nullopt : std::optional(found->second);
  }

 private:
  base::Mutex mutex_;
  std::map<std::pair<std::string, std::string>, Limits> limits_ GUARDED_BY(mutex_);
};

// Its fault; then whether the card has limits, and the cgroup is there.
template <class Body>
Status OfCgroup(const char* call, Device device, const char* cgroup, Body body) {
  if (device == nullptr || cgroup == nullptr) return Status::kInvalidArgument;
  const auto fault = FakeState::One().FaultOf(call, device->card);
  if (fault && fault->lies) return Status::kSuccess;
  const Status suffered = fault ? FakeState::Suffer(*fault) : Status::kSuccess;
  if (suffered != Status::kSuccess) return suffered;
  const auto machine = FakeState::One().Machine();
  if (!machine) return Status::kUninitialized;
  const Card* card = machine->CardOf(device->card);
  const auto& all = machine->described().memory_limits;
  const auto limits = all.find(device->card);
  if (card == nullptr) return Status::kInvalidArgument;
  if (limits == all.end()) return Status::kNotSupported;
  if (!std::filesystem::is_directory(cgroup)) return Status::kOperatingSystem;
  return body(*card, limits->second);
}

}  // namespace

#pragma GCC visibility push(default)
extern "C" {

Status nvmlDeviceSetMemoryLimits_v1(Device device, nvml::NewMemoryLimits* limits) {
  if (limits == nullptr) return Status::kInvalidArgument;
  return OfCgroup(__func__, device, limits->cgroup, [&](const Card& card, const auto&) {
    const unsigned long long all = card.memory ? Bytes(card.memory->total) : 0;
    const bool none = limits->hard == nvml::kNoMemoryLimit;
    if ((!none && limits->hard > all) || limits->soft > limits->hard) {
      return Status::kInvalidArgument;
    }
    Kept::One().Set(card.uuid, limits->cgroup, {limits->soft, limits->hard});
    return Status::kSuccess;
  });
}

Status nvmlDeviceGetMemoryLimits_v1(Device device, nvml::MemoryLimits* limits) {
  if (limits == nullptr) return Status::kInvalidArgument;
  return OfCgroup(__func__, device, limits->cgroup, [&](const Card& card, const auto& played) {
    const auto kept = Kept::One().Get(card.uuid, limits->cgroup);
    base::MiB used;
    for (const auto& [text, size] : played.used) {
      if (std::string_view(limits->cgroup).find(text) != std::string_view::npos) used += size;
    }
    if (!kept && used.value() == 0) return Status::kNotFound;
    limits->soft = kept.value_or(Limits{}).soft;
    limits->hard = kept.value_or(Limits{}).hard;
    limits->used = Bytes(used);
    return Status::kSuccess;
  });
}

}  // extern "C"
#pragma GCC visibility pop

TANGRAM_SAME(nvmlDeviceSetMemoryLimits_v1, kSetMemoryLimits);
TANGRAM_SAME(nvmlDeviceGetMemoryLimits_v1, kMemoryLimits);

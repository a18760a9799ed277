// TEST CODE. What the fake NVML tells of what goes on: processes' use, counters, events.
//
// As nvml.h 13.5.37 says it: a process has a sample for each period in which it used the SMs, and
// none for the others; a card with MIG on has none at all; counters are what lies between two
// samples, 100 ms apart or more.
#include <algorithm>
#include <chrono>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "agent/testing/fake_call.h"

using namespace tangram::agent;
using namespace tangram::agent::testing;

namespace {

// What the library handed out and nobody gave back: after a driver reload nobody can.
template <class T>
class HandedOut {
 public:
  T* Make() {
    const std::lock_guard lock(mutex_);
    return all_.emplace_back(std::make_unique<T>()).get();
  }
  void Free(const T* one) {
    const std::lock_guard lock(mutex_);
    std::erase_if(all_, [&](const auto& known) { return known.get() == one; });
  }
  static HandedOut& Here() {
    static HandedOut here;
    return here;
  }

 private:
  std::mutex mutex_;
  std::vector<std::unique_ptr<T>> all_;
};
using Samples = HandedOut<nvml::GpmSampleTag>;
using EventSets = HandedOut<nvml::EventSetTag>;

// The driver keeps so many periods.
constexpr std::uint64_t kRing = 100;

std::vector<nvml::ProcessSample> SamplesSince(const FakeMachine& machine, int card,
                                              std::uint64_t since) {
  const auto period = static_cast<std::uint64_t>(machine.period_ms) * 1000;
  const std::uint64_t last = Microseconds() / period;
  std::vector<nvml::ProcessSample> samples;
  for (std::uint64_t at = std::max(since / period + 1, last > kRing ? last - kRing : 1); at <= last;
       ++at) {
    for (const PlayedUse& use : machine.uses) {
      const int percent = use.sm[at % use.sm.size()];
      if (use.card != card || percent == 0) continue;
      samples.push_back(
          {static_cast<unsigned>(use.pid), at * period, static_cast<unsigned>(percent), 0, 0, 0});
    }
  }
  return samples;
}

const Counters* CountersOf(const FakeMachine& machine, int card, int instance) {
  for (const PlayedCounters& one : machine.counters) {
    if (one.card == card && one.instance == instance) return &one.shares;
  }
  return nullptr;
}

std::optional<double> Share(const Counters& counters, unsigned id) {
  switch (id) {
    case nvml::kGpmGraphics:
      return counters.graphics;
    case nvml::kGpmSm:
      return counters.sm;
    case nvml::kGpmOccupancy:
      return counters.occupancy;
    case nvml::kGpmTensor:
      return counters.tensor;
    case nvml::kGpmDram:
      return counters.dram;
    default:
      return std::nullopt;
  }
}

Status TakeSample(const char* call, Device device, int instance, nvml::GpmSample sample) {
  return OfDevice(call, device, [&](const Card& card) {
    if (sample == nullptr) return Status::kInvalidArgument;
    const auto machine = FakeState::One().Machine();
    if (CountersOf(machine->described(), card.index, instance) == nullptr) {
      return Status::kNotSupported;
    }
    *sample = {card.index, instance, Microseconds()};
    return Status::kSuccess;
  });
}

// The next event that is due, of those that the set waits for.
std::optional<nvml::EventData> NextEvent(nvml::EventSet set, Played& machine) {
  const auto& events = machine.described().events;
  for (std::size_t i = 0; i < events.size(); ++i) {
    const Event& event = events[i].event;
    const auto due = machine.born() + static_cast<std::uint64_t>(events[i].after_ms) * 1000;
    const unsigned long long type =
        event.kind == EventKind::kXid ? nvml::kEventXid : nvml::kEventMigChange;
    Device device = machine.DeviceOf(event.card);
    const auto waits = set->types.find(device);
    if (waits == set->types.end() || (waits->second & type) == 0) continue;
    if (Microseconds() < due || !set->told.insert(i).second) continue;
    return nvml::EventData{device, type, event.xid,
                           static_cast<unsigned>(event.instance.value_or(-1)), nvml::kNoInstance};
  }
  return std::nullopt;
}

}  // namespace

#pragma GCC visibility push(default)
extern "C" {

Status nvmlDeviceGetHandleByUUID(const char* uuid, Device* device) {
  return OfMachine(__func__, -1, [&](Played& machine) {
    for (const Card& card : machine.inventory().cards) {
      if (card.uuid != uuid || card.state != CardState::kOk) continue;
      *device = machine.DeviceOf(card.index);
      return Status::kSuccess;
    }
    for (auto& instance : machine.instances()) {
      for (auto& compute : instance.compute) {
        if (compute.compute->uuid != uuid) continue;
        *device = &compute.device;
        return Status::kSuccess;
      }
    }
    return Status::kNotFound;
  });
}

Status nvmlDeviceGetProcessUtilization(Device device, nvml::ProcessSample* to, unsigned* count,
                                       unsigned long long since) {
  return OfDevice(__func__, device, [&](const Card& card) {
    if (count == nullptr) return Status::kInvalidArgument;
    if (card.mig && card.mig->enabled) return Status::kNotSupported;
    const auto machine = FakeState::One().Machine();
    const auto samples = SamplesSince(machine->described(), card.index, since);
    if (samples.empty()) return Status::kNotFound;
    const bool fits = to != nullptr && samples.size() <= *count;
    *count = static_cast<unsigned>(samples.size());
    if (!fits) return Status::kInsufficientSize;
    std::copy(samples.begin(), samples.end(), to);
    return Status::kSuccess;
  });
}

Status nvmlGpmQueryDeviceSupport(Device device, nvml::GpmSupport* support) {
  return OfDevice(__func__, device, [&](const Card& card) {
    if (support->version != nvml::kGpmVersion) return Status::kVersionMismatch;
    const auto machine = FakeState::One().Machine();
    const auto& all = machine->described().counters;
    support->supported =
        std::any_of(all.begin(), all.end(),
                    [&](const PlayedCounters& one) { return one.card == card.index; })
            ? 1
            : 0;
    return Status::kSuccess;
  });
}
Status nvmlGpmSampleAlloc(nvml::GpmSample* sample) {
  return OfMachine(__func__, -1, [&](Played&) {
    *sample = Samples::Here().Make();
    return Status::kSuccess;
  });
}
Status nvmlGpmSampleFree(nvml::GpmSample sample) {
  return OfMachine(__func__, -1, [&](Played&) {
    Samples::Here().Free(sample);
    return Status::kSuccess;
  });
}
Status nvmlGpmSampleGet(Device device, nvml::GpmSample sample) {
  return TakeSample(__func__, device, -1, sample);
}
Status nvmlGpmMigSampleGet(Device device, unsigned instance, nvml::GpmSample sample) {
  return TakeSample(__func__, device, static_cast<int>(instance), sample);
}
Status nvmlGpmMetricsGet(nvml::GpmMetrics* metrics) {
  return OfMachine(
      __func__, metrics->first != nullptr ? metrics->first->card : -1, [&](Played& machine) {
        constexpr std::uint64_t kLeast = 100'000;
        const nvml::GpmSampleTag& first = *metrics->first;
        const nvml::GpmSampleTag& second = *metrics->second;
        if (metrics->version != nvml::kGpmVersion) return Status::kVersionMismatch;
        if (first.card != second.card || first.instance != second.instance ||
            second.microseconds < first.microseconds + kLeast) {
          return Status::kInvalidArgument;
        }
        const Counters* counters = CountersOf(machine.described(), first.card, first.instance);
        for (unsigned i = 0; counters != nullptr && i < metrics->count; ++i) {
          nvml::GpmMetric& metric = metrics->metrics[i];
          const auto share = Share(*counters, metric.id);
          metric.status = share ? Status::kSuccess : Status::kNotSupported;
          metric.value = share.value_or(0) * 100;
        }
        return counters != nullptr ? Status::kSuccess : Status::kNotSupported;
      });
}

Status nvmlDeviceGetSupportedEventTypes(Device device, unsigned long long* types) {
  return OfDevice(__func__, device, [&](const Card& card) {
    *types = nvml::kEventXid | (card.mig ? nvml::kEventMigChange : 0);
    return Status::kSuccess;
  });
}
Status nvmlEventSetCreate(nvml::EventSet* set) {
  return OfMachine(__func__, -1, [&](Played&) {
    *set = EventSets::Here().Make();
    return Status::kSuccess;
  });
}
Status nvmlEventSetFree(nvml::EventSet set) {
  return OfMachine(__func__, -1, [&](Played&) {
    EventSets::Here().Free(set);
    return Status::kSuccess;
  });
}
Status nvmlDeviceRegisterEvents(Device device, unsigned long long types, nvml::EventSet set) {
  return OfDevice(__func__, device, [&](const Card&) {
    set->types[device] |= types;
    return Status::kSuccess;
  });
}
Status nvmlEventSetWait_v2(nvml::EventSet set, nvml::EventData* data, unsigned milliseconds) {
  return OfMachine(__func__, -1, [&](Played& machine) {
    const std::uint64_t until = Microseconds() + std::uint64_t{milliseconds} * 1000;
    while (true) {
      if (const auto event = NextEvent(set, machine)) {
        *data = *event;
        return Status::kSuccess;
      }
      const std::uint64_t now = Microseconds();
      if (now >= until) return Status::kTimeout;
      constexpr std::uint64_t kStep = 20'000;
      std::this_thread::sleep_for(std::chrono::microseconds(std::min(kStep, until - now)));
    }
  });
}

}  // extern "C"
#pragma GCC visibility pop

TANGRAM_SAME(nvmlDeviceGetHandleByUUID, kDeviceByUuid);
TANGRAM_SAME(nvmlDeviceGetProcessUtilization, kProcessSamples);
TANGRAM_SAME(nvmlGpmQueryDeviceSupport, kGpmSupport);
TANGRAM_SAME(nvmlGpmSampleAlloc, kGpmAlloc);
TANGRAM_SAME(nvmlGpmSampleFree, kGpmFree);
TANGRAM_SAME(nvmlGpmSampleGet, kGpmSampleGet);
TANGRAM_SAME(nvmlGpmMigSampleGet, kGpmMigSampleGet);
TANGRAM_SAME(nvmlGpmMetricsGet, kGpmMetricsGet);
TANGRAM_SAME(nvmlDeviceGetSupportedEventTypes, kSupportedEvents);
TANGRAM_SAME(nvmlEventSetCreate, kEventSetCreate);
TANGRAM_SAME(nvmlEventSetFree, kEventSetFree);
TANGRAM_SAME(nvmlDeviceRegisterEvents, kRegisterEvents);
TANGRAM_SAME(nvmlEventSetWait_v2, kEventSetWait);

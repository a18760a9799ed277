#include "agent/nvml_follower.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "agent/read_card.h"

namespace tangram::agent {
namespace {

using base::ErrorCode;
using base::Fail;
using nvml::Device;
using nvml::Status;

constexpr std::size_t kMostProcessSamples = 16'384;
constexpr int kMostEvents = 64;  // at once

std::string AboutCard(int index) { return fmt::format("card {}", index); }

// A share of a percentage that makes sense; counters may overshoot a little.
std::optional<double> ShareOf(const nvml::GpmMetric& metric) {
  constexpr double kOvershoot = 101;
  if (metric.status != Status::kSuccess || !std::isfinite(metric.value)) return std::nullopt;
  if (metric.value < 0 || metric.value > kOvershoot) return std::nullopt;
  return std::min(metric.value / 100, 1.0);
}

}  // namespace

NvmlFollower::NvmlFollower(NvmlSession& session) : session_(session) {}

NvmlFollower::~NvmlFollower() {
  Forget();
  for (const auto& [place, pair] : pairs_) {
    for (nvml::GpmSample const sample : {pair.before, pair.now}) {
      if (sample != nullptr && !session_.gone()) {
        static_cast<void>(session_.Call("the counters", nvml::kGpmFree, sample));
      }
    }
  }
}

base::Result<Device> NvmlFollower::DeviceOf(int index) {
  Device device = nullptr;
  const Status status =
      session_.Call(AboutCard(index), nvml::kDeviceByIndex, static_cast<unsigned>(index), &device);
  if (status == Status::kSuccess) return device;
  if (status == Status::kInvalidArgument || status == Status::kNotFound) {
    return Fail(ErrorCode::kNotFound, fmt::format("there is no card {}", index));
  }
  return Fail(status == Status::kGpuIsLost ? ErrorCode::kHardware : ErrorCode::kUnavailable,
              fmt::format("{} answered {}", nvml::kDeviceByIndex.name, Words(status)));
}

// ---- a card ----

base::Result<Reading> NvmlFollower::ReadAgain(const Card& known) {
  Reading reading{.card = known, .counters = {}, .instances = {}};
  Card& card = reading.card;
  card.problems.clear();
  const auto device = DeviceOf(known.index);
  if (!device && device.error().code == ErrorCode::kNotFound) {
    return tl::unexpected(device.error());
  }
  if (!device) {
    card.state =
        device.error().code == ErrorCode::kHardware ? CardState::kLost : CardState::kUnreadable;
    card.problems = {{"card", device.error().message}};
    return reading;
  }
  Fields fields(session_, AboutCard(known.index), card.problems);
  ReadChanging(fields, *device, card);
  ReadInstances(fields, *device, reading);
  const bool cut = card.mig && card.mig->enabled;
  if (!cut) reading.counters = ReadCounters(fields, *device, {known.index, kWhole});
  card.state = fields.lost() ? CardState::kLost : CardState::kOk;
  if (fields.lost()) card.problems.push_back({"card", "it fell off the bus while it was read"});
  return reading;
}

void NvmlFollower::ReadInstances(Fields& fields, Device device, Reading& reading) {
  const Card& card = reading.card;
  if (!card.mig) return;
  unsigned current = 0;
  unsigned pending = 0;
  if (fields.Get("MIG mode", nvml::kMigMode, device, &current, &pending)) {
    reading.recut = card.mig->enabled != (current != 0) || card.mig->pending != (pending != 0);
  }
  if (!card.mig->enabled) return;
  for (const Instance& instance : card.mig->instances) {
    InstanceReading& read = reading.instances.emplace_back();
    read.id = instance.id;
    read.memory = MemoryOf(fields, instance, reading.recut);
    read.counters = ReadCounters(fields, device, {card.index, instance.id});
  }
  const auto is_known = [&](const Process& process) {
    return !process.instance ||
           std::any_of(card.mig->instances.begin(), card.mig->instances.end(),
                       [&](const Instance& one) { return one.id == *process.instance; });
  };
  reading.recut =
      reading.recut || !std::all_of(card.processes.begin(), card.processes.end(), is_known);
}

// Through a compute instance: they share the memory of their GPU instance.
std::optional<Memory> NvmlFollower::MemoryOf(Fields& fields, const Instance& instance,
                                             bool& recut) {
  if (instance.compute.empty() || instance.compute.front().uuid.empty()) return std::nullopt;
  const std::string& uuid = instance.compute.front().uuid;
  const auto known = mig_devices_.find(uuid);
  Device device = known != mig_devices_.end() ? known->second : nullptr;
  if (device == nullptr) {
    const Status status = fields.Call(nvml::kDeviceByUuid, uuid.c_str(), &device);
    if (status != Status::kSuccess) {
      recut = recut || status == Status::kNotFound || status == Status::kInvalidArgument;
      if (!recut) fields.Note("instance memory", nvml::kDeviceByUuid.name, status);
      return std::nullopt;
    }
    mig_devices_[uuid] = device;
  }
  auto memory = ReadMemory(fields, device);
  if (!memory) mig_devices_.erase(uuid);  // its handle may be of an instance that is gone
  return memory;
}

// ---- counters ----

bool NvmlFollower::HasCounters(Fields& fields, Device device, int card) {
  const auto known = has_counters_.find(card);
  if (known != has_counters_.end()) return known->second;
  nvml::GpmSupport support{.version = nvml::kGpmVersion, .supported = 0};
  const Status status = fields.Call(nvml::kGpmSupport, device, &support);
  const bool has = status == Status::kSuccess && support.supported != 0;
  has_counters_[card] = has;
  return has;
}

std::optional<Counters> NvmlFollower::ReadCounters(Fields& fields, Device device, Place place) {
  if (!HasCounters(fields, device, place.first)) return std::nullopt;
  Pair& pair = pairs_[place];
  for (nvml::GpmSample* sample : {&pair.before, &pair.now}) {
    if (*sample == nullptr && !fields.Get("counters", nvml::kGpmAlloc, sample)) {
      return std::nullopt;
    }
  }
  const bool read = place.second == kWhole
                        ? fields.Get("counters", nvml::kGpmSampleGet, device, pair.now)
                        : fields.Get("counters", nvml::kGpmMigSampleGet, device,
                                     static_cast<unsigned>(place.second), pair.now);
  if (!read) {
    pair.filled = false;
    return std::nullopt;
  }
  const auto counters = pair.filled ? Compare(fields, pair) : std::nullopt;
  std::swap(pair.before, pair.now);
  pair.filled = true;
  return counters;
}

std::optional<Counters> NvmlFollower::Compare(Fields& fields, const Pair& pair) {
  constexpr std::array<unsigned, 5> kIds = {nvml::kGpmGraphics, nvml::kGpmSm, nvml::kGpmOccupancy,
                                            nvml::kGpmTensor, nvml::kGpmDram};
  if (!metrics_) metrics_ = std::make_unique<nvml::GpmMetrics>();
  metrics_->version = nvml::kGpmVersion;
  metrics_->count = kIds.size();
  metrics_->first = pair.before;
  metrics_->second = pair.now;
  for (std::size_t i = 0; i < kIds.size(); ++i) {
    metrics_->metrics[i] = {kIds[i], Status::kUnknown, 0, {}};
  }
  if (!fields.Get("counters", nvml::kGpmMetricsGet, metrics_.get())) return std::nullopt;
  const auto share = [this](std::size_t i) { return ShareOf(metrics_->metrics[i]); };
  return Counters{share(0), share(1), share(2), share(3), share(4)};
}

// ---- processes ----

base::Result<ProcessSamples> NvmlFollower::ReadProcessSamples(int index) {
  const auto device = DeviceOf(index);
  if (!device) return tl::unexpected(device.error());
  const bool first = !last_seen_.contains(index);
  std::uint64_t& last = last_seen_[index];
  std::vector<nvml::ProcessSample> found(256);
  Status status = Status::kInsufficientSize;
  auto count = static_cast<unsigned>(found.size());
  while (status == Status::kInsufficientSize) {
    status = session_.Call(AboutCard(index), nvml::kProcessSamples, *device, found.data(), &count,
                           static_cast<unsigned long long>(last));
    if (status != Status::kInsufficientSize) break;
    if (found.size() >= kMostProcessSamples) {
      return Fail(ErrorCode::kHardware, "there are too many samples of processes");
    }
    found.resize(std::min(kMostProcessSamples, std::max<std::size_t>(count, 2 * found.size())));
    count = static_cast<unsigned>(found.size());
  }
  ProcessSamples read;
  read.supported = status != Status::kNotSupported && status != Status::kFunctionNotFound;
  if (!read.supported || status == Status::kNotFound) return read;
  if (status != Status::kSuccess) {
    return Fail(ErrorCode::kHardware,
                fmt::format("{} answered {}", nvml::kProcessSamples.name, Words(status)));
  }
  found.resize(std::min<std::size_t>(count, found.size()));
  const std::uint64_t before = last;
  for (const nvml::ProcessSample& one : found) {
    // Drivers hand out entries that were never filled in, and percentages of thousands.
    constexpr unsigned kMost = 100;
    if (one.pid == 0 || one.sm > kMost || one.timestamp <= before) {
      ++read.refused;
      continue;
    }
    last = std::max<std::uint64_t>(last, one.timestamp);
    read.samples.push_back({one.pid, one.timestamp, static_cast<int>(one.sm)});
  }
  if (first) read.samples.clear();  // of the time before we looked
  return read;
}

// ---- events ----

void NvmlFollower::Forget() {
  if (set_ != nullptr && !session_.gone()) {
    static_cast<void>(session_.Call("the events", nvml::kEventSetFree, set_));
  }
  set_ = nullptr;
  watched_.clear();
}

bool NvmlFollower::Watch(const std::vector<int>& cards) {
  if (no_events_) return false;
  if (set_ != nullptr && asked_ == cards) return !watched_.empty();
  Forget();
  asked_ = cards;
  if (session_.Call("the events", nvml::kEventSetCreate, &set_) != Status::kSuccess) {
    set_ = nullptr;
    no_events_ = true;
    return false;
  }
  for (const int card : cards) {
    const auto device = DeviceOf(card);
    unsigned long long types = 0;
    if (!device || session_.Call(AboutCard(card), nvml::kSupportedEvents, *device, &types) !=
                       Status::kSuccess) {
      continue;
    }
    types &= nvml::kEventXid | nvml::kEventMigChange;
    if (types != 0 && session_.Call(AboutCard(card), nvml::kRegisterEvents, *device, types, set_) ==
                          Status::kSuccess) {
      watched_.emplace_back(*device, card);
    }
  }
  return !watched_.empty();
}

std::optional<Event> NvmlFollower::EventOf(const nvml::EventData& data) const {
  const auto card = std::find_if(watched_.begin(), watched_.end(),
                                 [&](const auto& watched) { return watched.first == data.device; });
  if (card == watched_.end()) return std::nullopt;
  Event event{.card = card->second, .xid = data.data, .instance = {}};
  if (data.gpu_instance != nvml::kNoInstance) {
    event.instance = static_cast<int>(data.gpu_instance);
  }
  if (data.type == nvml::kEventMigChange) {
    event.kind = EventKind::kMigChange;
    event.xid = 0;
  } else if (data.type != nvml::kEventXid) {
    return std::nullopt;
  }
  return event;
}

base::Result<Events> NvmlFollower::AwaitEvents(const std::vector<int>& cards,
                                               base::Milliseconds most) {
  Events told;
  told.watched = Watch(cards);
  auto patience = static_cast<unsigned>(std::max<std::int64_t>(most.count(), 0));
  for (int i = 0; told.watched && i < kMostEvents; ++i) {
    nvml::EventData data{};
    const Status status = session_.Call("the events", nvml::kEventSetWait, set_, &data, patience);
    if (status == Status::kFunctionNotFound || status == Status::kNotSupported) no_events_ = true;
    if (status != Status::kSuccess) {
      told.watched = !no_events_ && status == Status::kTimeout;
      return told;
    }
    if (auto event = EventOf(data)) told.events.push_back(*event);
    patience = 0;
  }
  return told;
}

}  // namespace tangram::agent

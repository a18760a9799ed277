// What is read of a card again and again: plain values, as inventory.h.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "agent/inventory.h"

namespace tangram::agent {

// Hardware counters of a card or an instance since the last reading, as shares in [0, 1]; Hopper
// and later. Those that the card does not tell have no value.
struct Counters {
  std::optional<double> graphics;   // of the time, any engine ran
  std::optional<double> sm;         // of SM-time, an SM had work
  std::optional<double> occupancy;  // of the warps that fit
  std::optional<double> tensor;     // of the time, the tensor pipes ran
  std::optional<double> dram;       // of the memory's bandwidth
  bool operator==(const Counters&) const = default;
};

struct InstanceReading {
  int id = 0;  // Instance::id
  std::optional<Memory> memory;
  std::optional<Counters> counters;
};

struct Reading {
  Card card;  // what is known of it, with what changes read anew
  std::optional<Counters> counters;
  std::vector<InstanceReading> instances;  // as in the card
  // The card is cut in another way than was known: read it whole.
  bool recut = false;
};

// The SMs' use by one process in one of the driver's sampling periods.
struct ProcessSample {
  std::int64_t pid = 0;
  std::uint64_t microseconds = 0;  // when the period ended
  int sm_percent = 0;
  bool operator==(const ProcessSample&) const = default;
};

struct ProcessSamples {
  bool supported = true;               // false: the card does not tell (one with MIG on)
  int refused = 0;                     // of these, how many made no sense
  std::vector<ProcessSample> samples;  // since the last ones
};

enum class EventKind { kXid, kMigChange };

struct Event {
  int card = 0;  // Card::index
  EventKind kind = EventKind::kXid;
  std::uint64_t xid = 0;
  std::optional<int> instance;
  bool operator==(const Event&) const = default;
};

struct Events {
  bool watched = true;  // false: the driver has none to tell; nothing was waited for
  std::vector<Event> events;
};

}  // namespace tangram::agent

// What the node agent sees of a node's GPUs: plain values in Tangram's words and units.
//
// A field without a value is one that the card does not have, or that could not be read; the
// latter is said in `problems`. Nothing is guessed.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/units.h"
#include "gpu/gpu.h"

namespace tangram::agent {

// What was not readable: of the machine, or of one card.
struct Problem {
  std::string what;  // "temperature"
  std::string why;   // "nvmlDeviceGetTemperature: the library does not have it"
  bool operator==(const Problem&) const = default;
};

struct Memory {
  base::MiB total;
  base::MiB used;                     // by processes
  std::optional<base::MiB> reserved;  // by the driver; none: the driver counts it as used
  bool operator==(const Memory&) const = default;
};

struct ComputeInstance {
  int id = 0;
  int profile_id = 0;
  std::string uuid;  // of the MIG device; empty: unknown
  bool operator==(const ComputeInstance&) const = default;
};

struct Instance {
  int id = 0;
  int profile_id = 0;
  gpu::Placement placement;
  std::vector<ComputeInstance> compute;  // by id
  bool operator==(const Instance&) const = default;
};

struct Profile {
  int id = 0;        // NVML's, as gpu::MigProfile::id
  std::string name;  // "1g.10gb"
  int compute_slices = 0;
  int multiprocessors = 0;
  base::MiB memory;
  int most_instances = 0;
  std::optional<int> free;  // how many more can be made now; none with MIG off
  // Where one may be, whatever is there now, by start; none: the driver did not tell.
  std::optional<std::vector<gpu::Placement>> placements;
  bool operator==(const Profile&) const = default;
};

struct Mig {
  bool enabled = false;
  bool pending = false;             // after the next reset
  std::vector<Profile> profiles;    // by id
  std::vector<Instance> instances;  // by start, then id
  bool operator==(const Mig&) const = default;
};

enum class ProcessKind { kCompute, kGraphics, kMps };

struct Process {
  std::int64_t pid = 0;  // in the host's namespace
  ProcessKind kind = ProcessKind::kCompute;
  std::optional<base::MiB> memory;
  std::optional<int> instance;
  std::optional<int> compute_instance;
  bool operator==(const Process&) const = default;
};

// Of the card, as NVML samples it; a card with MIG on has none.
struct Use {
  int gpu_percent = 0;     // of the time, a kernel ran
  int memory_percent = 0;  // of the time, memory was read or written
  bool operator==(const Use&) const = default;
};

enum class Slowdown { kPowerCap, kHardware, kThermalSoftware, kThermalHardware, kPowerBrake };

struct EccErrors {  // uncorrected
  std::int64_t since_driver_load = 0;
  std::int64_t ever = 0;
  bool operator==(const EccErrors&) const = default;
};

struct RemappedRows {  // Ampere and later
  std::int64_t corrected = 0;
  std::int64_t uncorrected = 0;
  bool pending = false;  // a reset would remap more
  bool failed = false;   // ever: the card is to be replaced
  bool operator==(const RemappedRows&) const = default;
};

struct RetiredPages {  // before Ampere
  std::int64_t single_bit = 0;
  std::int64_t double_bit = 0;
  bool operator==(const RetiredPages&) const = default;
};

struct Health {
  std::optional<int> celsius;
  std::optional<int> slowdown_celsius;  // where the hardware slows down
  std::optional<std::int64_t> milliwatts;
  std::optional<std::int64_t> limit_milliwatts;
  std::optional<std::vector<Slowdown>> slowdowns;  // what holds the clocks down now
  std::optional<EccErrors> ecc;
  std::optional<RemappedRows> rows;
  std::optional<RetiredPages> pages;
  bool operator==(const Health&) const = default;
};

// How many of a card's NVLinks are up, and what is at their other end.
struct NvLinks {
  int up = 0;
  int to_switch = 0;
  std::vector<std::string> peers;  // PCI bus ids of other ends, one a link, sorted
  bool operator==(const NvLinks&) const = default;
};

enum class CardState {
  kOk,
  kLost,        // fell off the bus: NVML knows its number, and nothing more
  kUnreadable,  // NVML answered with another error, or not at all
};

struct Card {
  int index = 0;  // NVML's; changes with the cards that are there
  CardState state = CardState::kOk;
  std::string uuid;
  std::string name;              // "NVIDIA H100 80GB HBM3"
  std::string pci_bus_id;        // "0000:19:00.0", as in /sys
  std::optional<int> minor;      // of /dev/nvidia0
  std::optional<int> numa_node;  // nearest memory
  std::optional<Memory> memory;
  std::optional<Use> use;
  Health health;
  std::optional<Mig> mig;  // none: the card has no MIG
  std::optional<NvLinks> nvlinks;
  std::vector<Process> processes;  // by pid, kind, instance
  std::vector<Problem> problems;
  bool operator==(const Card&) const = default;
};

// What two cards have in common on the way between them, nearest first.
enum class Path { kBoard, kSwitch, kSwitches, kHostBridge, kNode, kSystem };

struct Link {
  int a = 0;  // Card::index, a < b
  int b = 0;
  std::optional<Path> path;
  int nvlinks = 0;                 // direct ones
  std::optional<bool> nvlink_p2p;  // by NVLink, also through switches
  bool operator==(const Link&) const = default;
};

struct Driver {
  std::string version;          // "570.133.20"; empty: unknown
  std::string library_version;  // NVML's
  std::string cuda_version;     // "12.8"; the newest that the driver runs
  int cards = 0;
  std::vector<Problem> problems;
  bool operator==(const Driver&) const = default;
};

struct Links {
  std::vector<Link> links;  // by a, then b
  std::vector<Problem> problems;
  bool operator==(const Links&) const = default;
};

struct Inventory {
  base::Time taken_at{};
  Driver driver;
  std::vector<Card> cards;  // by index
  Links links;
};

}  // namespace tangram::agent

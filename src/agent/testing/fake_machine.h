// TEST CODE. The machine that the fake NVML plays.
//
// Its description is what `tangram agent --once -o json` prints, so that a real machine, once
// recorded, can be played. What is left out is filled from the tables of gpu/; null is what the
// card does not have; "faults" says what goes wrong. README.md has the whole form.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "agent/inventory.h"
#include "agent/reading.h"
#include "base/result.h"

namespace tangram::agent::testing {

// Something that goes wrong in calls of one function.
struct Fault {
  std::string call;      // "nvmlDeviceGetName"; "*": any
  int card = -1;         // only there; -1: anywhere
  int after = 0;         // so many calls go well before
  int times = -1;        // then so many go wrong; -1: all
  int milliseconds = 0;  // how long it takes; -1: for ever
  int answer = 0;        // nvmlReturn_t; 0: what it would say anyway
  // Of calls that change a card.
  bool lies = false;   // success, and nothing is done
  bool late = false;   // it is done, and then goes wrong
  bool loses = false;  // the card falls off the bus
};

// What a process uses of the SMs, in percent, in one sampling period after another, and from the
// first again. Over 100 is what drivers say that lie.
struct PlayedUse {
  int card = 0;
  std::int64_t pid = 0;
  std::vector<int> sm;
};

struct PlayedCounters {
  int card = 0;
  int instance = -1;  // -1: the card
  Counters shares;
};

struct PlayedEvent {
  Event event;
  int after_ms = 0;  // of the start of the library
};

// What becomes of a card where its MIG mode is set.
enum class ModeChange {
  kAtOnce,  // Hopper and later; Ampere where the driver resets it
  kReset,   // after a reset, which nobody does here
};

// Limits of cgroups' memory: what those whose folder has that text use.
struct PlayedMemoryLimits {
  std::map<std::string, base::MiB> used;
};

struct FakeMachine {
  Inventory inventory;
  std::map<int, PlayedMemoryLimits> memory_limits;  // by card; those that have them
  std::map<int, ModeChange> mode_changes;           // by card
  std::vector<Fault> faults;
  int period_ms = 1000;  // of the samples of processes
  std::vector<PlayedUse> uses;
  std::vector<PlayedCounters> counters;
  std::vector<PlayedEvent> events;
};

// kInvalid, with the reason, for what is no description, or holds instances that no such card can
// hold together.
base::Result<FakeMachine> ParseMachine(std::string_view json);

// Whether one more instance of `profile` may begin at `start`, beside those that are there: the
// placement is one of the profile's, memory slices do not overlap, the profile's count is not used
// up, and media engines ("+me", "+me.all") are there once.
bool MayPlace(const Mig& mig, const Profile& profile, int start);
// How many more instances of `profile` there is room for.
int RoomFor(const Mig& mig, const Profile& profile);

// What was made and destroyed since the description was written: as a text that is put beside it,
// so that it outlives the process as it does on a card.
std::string ChangesOf(const FakeMachine& machine);
base::Result<void> TakeChanges(std::string_view text, FakeMachine& machine);

// The compute instance over all of an instance.
ComputeInstance WholeInstance(const Card& card, int instance, int slices);

// NVML's number of a profile (NVML_GPU_INSTANCE_PROFILE_*), by which its id is asked for.
unsigned NumberOf(const Profile& profile);
inline constexpr unsigned kProfileNumbers = 0x12;
// Of compute instances: their slices by number; 0: not played.
inline constexpr int kComputeSlices[] = {1, 2, 3, 4, 7, 0, 0, 0, 0};

}  // namespace tangram::agent::testing

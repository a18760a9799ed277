// The port through which the agent reads a node's GPUs, and changes them where it may.
//
// Implementations: NvmlReader (nvml_reader.h) over the real library, NvmlGuard (nvml_guard.h)
// around another one, which outlives calls that hang.
#pragma once

#include <optional>
#include <string>

#include "agent/inventory.h"
#include "agent/layout.h"
#include "agent/reading.h"
#include "base/clock.h"
#include "base/result.h"

namespace tangram::agent {

// The processes of a cgroup, and what they take of a card.
struct CgroupOnCard {
  std::string uuid;    // of the card
  std::string cgroup;  // its folder
};
struct CgroupMemory {
  std::optional<base::MiB> most;  // absent: no limit is set
  base::MiB used;
};

// Errors: kUnavailable: there is no library, no driver, or it does not answer; try again later.
// kNotFound: no such card. kHardware: NVML refused; the message names the call and its answer.
class Nvml {
 public:
  virtual ~Nvml() = default;

  virtual base::Result<Driver> ReadDriver() = 0;
  // A card that was lost, or of which some fields could not be read, is an answer, not an error.
  virtual base::Result<Card> ReadCard(int index) = 0;
  // Between every two of `cards`.
  virtual base::Result<Links> ReadLinks(const std::vector<Card>& cards) = 0;

  // What changes, of a card that was read whole before; some ten calls a card, not some hundred.
  virtual base::Result<Reading> ReadAgain(const Card& known) = 0;
  // Since the last call for that card; the first one gets none.
  virtual base::Result<ProcessSamples> ReadProcessSamples(int index) = 0;
  // What happens to these cards; waits for it, at most so long.
  virtual base::Result<Events> AwaitEvents(const std::vector<int>& cards,
                                           base::Milliseconds most) = 0;

  // Does one step; the inner result is NVML's answer. Success is what NVML says, and is to be read
  // back. kDenied: this one reads only.
  virtual base::Result<CutResult<void>> Do(const MigStep& step) {
    return base::Fail(base::ErrorCode::kDenied,
                      "could not " + step.text + ": this agent reads, and changes nothing");
  }

  // kNotFound: the driver has no such limits.
  virtual base::Result<CgroupMemory> ReadMemoryLimit(const CgroupOnCard& at) {
    return base::Fail(base::ErrorCode::kNotFound, "nobody reads the limits of " + at.cgroup);
  }
  // Success is what NVML says, and is to be read back. kDenied: this one reads only.
  virtual base::Result<void> SetMemoryLimit(const CgroupOnCard& at, base::MiB most) {
    static_cast<void>(most);
    return base::Fail(base::ErrorCode::kDenied,
                      "could not limit " + at.cgroup + ": this agent reads, and changes nothing");
  }

  // How many calls were given up since they did not come back.
  virtual int HungCalls() const { return 0; }
};

// Everything, card by card: one that cannot be read is in the inventory and says why. An error only
// where the driver itself cannot be read.
base::Result<Inventory> ReadInventory(Nvml& nvml, base::Time taken_at);

}  // namespace tangram::agent

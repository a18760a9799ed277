// The port through which the agent reads a node's GPUs.
//
// Implementations: NvmlReader (nvml_reader.h) over the real library, NvmlGuard (nvml_guard.h)
// around another one, which outlives calls that hang.
#pragma once

#include "agent/inventory.h"
#include "agent/layout.h"
#include "agent/reading.h"
#include "base/clock.h"
#include "base/result.h"

namespace tangram::agent {

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

  // How many calls were given up since they did not come back.
  virtual int HungCalls() const { return 0; }
};

// Everything, card by card: one that cannot be read is in the inventory and says why. An error only
// where the driver itself cannot be read.
base::Result<Inventory> ReadInventory(Nvml& nvml, base::Time taken_at);

}  // namespace tangram::agent

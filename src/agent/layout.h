// How a card is to be cut, and the steps that get it there from what it is. Pure.
//
// Instances that stay are never touched, and nothing that is in use is ever destroyed: a layout
// that would need it is refused, with whose it is.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "agent/inventory.h"
#include "base/result.h"

namespace tangram::agent {

struct WishedInstance {
  std::string profile;  // NVIDIA's spelling: "1g.10gb+me"
  int start = 0;        // its first memory slice
  auto operator<=>(const WishedInstance&) const = default;
};

struct CardLayout {
  std::string uuid;  // of the card; its index may change
  bool mig = false;
  std::vector<WishedInstance> instances;  // each with one compute instance over all of it
  bool operator==(const CardLayout&) const = default;
};

// Why a layout was not made. Names stand in objects' status.
enum class CutReason {
  kInvalid,        // no such card has such a layout
  kInUse,          // what has to go is in use
  kResetRequired,  // MIG mode waits for a reset of the card
  kLost,           // the card fell off the bus, or is not there
  kUnreadable,     // what is on it is not known
  kDenied,         // the driver does not let us
  kRefused,        // the driver refused for another reason
  kNothingMade,    // the driver said success, and nothing changed
  kNoAnswer,       // a call did not come back
};
std::string_view NameOf(CutReason reason);

struct CutError {
  CutReason reason = CutReason::kInvalid;
  std::string message;  // names the card, what was found and what to do
};
template <class T>
using CutResult = tl::expected<T, CutError>;

enum class StepKind {
  kEnableMig,
  kDisableMig,
  kDestroy,   // an instance, with its compute instances
  kCreate,    // a GPU instance
  kComplete,  // its compute instance
};

struct MigStep {
  StepKind kind = StepKind::kCreate;
  std::string uuid;  // of the card
  int instance = 0;  // Instance::id: of kDestroy and kComplete
  int profile_id = 0;
  int compute_slices = 0;
  gpu::Placement placement;
  std::string text;  // "make 1g.10gb at 3 on GPU 2 (GPU-…)": for people
  bool operator==(const MigStep&) const = default;
};

// Who holds an instance of a card, or the card (kWholeCard), though no process of theirs may run.
inline constexpr int kWholeCard = -1;
using Holders = std::map<int, std::string>;

// From the card, as it was read just now, to the layout: front to back; empty: that is what it is.
CutResult<std::vector<MigStep>> StepsTo(const Card& card, const CardLayout& wished,
                                        const Holders& holders);

// Whether the card, read after the step, shows what the step makes.
bool Shows(const Card& card, const MigStep& step);

// How the card is cut now; kUnreadable where that is not known.
CutResult<CardLayout> LayoutOf(const Card& card);

// NVML's numbers of compute instances' profiles: how many slices each has.
int ComputeSlicesOf(int compute_profile_id);

}  // namespace tangram::agent

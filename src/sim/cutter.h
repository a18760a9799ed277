// When cards are cut while a simulation runs, and for whom.
//
// docs/simulate.md says what each way stands for. One thread; borrows the scenario and the cards.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "plan/forecast/forecast.h"
#include "sim/mig_cards.h"
#include "sim/waiting_queue.h"

namespace tangram::sim {

enum class Cutting {
  kFixed,   // cards stay as they are at the start
  kWipe,    // whole nodes: their pods are stopped, and every card gets the same instances
  kBeside,  // for pods that wait: beside held instances, or on cards that nobody holds
  kAhead,   // likewise, and for pods that are expected, by what was asked in the same hours before
};
std::string_view NameOf(Cutting cutting);
std::optional<Cutting> CuttingNamed(std::string_view name);
std::vector<std::string_view> CuttingNames();

// How often it is looked whether nodes are to be wiped, or instances made ahead.
inline constexpr Milliseconds kLookEach = std::chrono::minutes(10);

class Cutter {
 public:
  Cutter(const Scenario& scenario, Cutting cutting, MigCards& cards);

  bool looks() const { return cutting_ == Cutting::kWipe || cutting_ == Cutting::kAhead; }
  // Remembers what is held and waited for, for what will be expected.
  void Note(Milliseconds now, const WaitingQueue& queue);
  // What begins for pods that wait.
  std::vector<MigCards::Making> ForWaiting(const WaitingQueue& queue);
  std::vector<MigCards::Making> RestoreFor(std::uint32_t ask, const WaitingQueue& queue);
  // What begins for pods that are expected.
  std::vector<MigCards::Making> Ahead(Milliseconds now);
  // A node to wipe for pods that wait, and for which profile. It is asked for again once its pods
  // are stopped and it is redone, or until there is none.
  struct Wipe {
    std::size_t node = 0;
    std::string profile{};
  };
  std::optional<Wipe> NextWipe(const WaitingQueue& queue) const;

 private:
  // Pods that wait for an instance, by ask, the most urgent first.
  std::vector<MigCards::Wanted> Waiting(const WaitingQueue& queue) const;

  const Scenario& scenario_;
  const Cutting cutting_;
  MigCards& cards_;
  std::map<std::string, std::uint32_t> asks_;             // one for each profile
  std::map<std::string, plan::DemandHistory> histories_;  // by profile
};

}  // namespace tangram::sim

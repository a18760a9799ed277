// Counts what a simulation does: sums over time, waits, and the points of the curve.
#pragma once

#include <span>
#include <utility>
#include <vector>

#include "plan/place/fragmentation.h"
#include "sim/fleet.h"
#include "sim/placing.h"
#include "sim/simulation.h"

namespace tangram::sim {

class Tally {
 public:
  // Borrows the scenario.
  Tally(const Scenario& scenario, std::vector<plan::TypicalShape> typical);

  // Time passes with so much on and held.
  void Pass(Milliseconds span, base::MilliGpu capacity);
  void Arrive(std::uint32_t job);
  void Fail(std::uint32_t job);
  // `waited` in all; it runs, or still waits at the end.
  void Wait(std::uint32_t job, Milliseconds waited);
  void Start(std::uint32_t job, base::MilliGpu gpus);
  void End(std::uint32_t job, base::MilliGpu gpus);
  void Disturb(std::uint32_t job, base::MilliGpu gpus);
  void CountPlaced(std::uint32_t job);
  void Lose(base::MilliGpu gpus, Milliseconds work);
  void AddPoint(Milliseconds at, const Fleet& fleet, const Placing& placing);

  SimulationResult& result() { return result_; }
  // Sums up.
  SimulationResult Finish() &&;

 private:
  // Both: of all, and of its workload.
  template <class Change>
  void Count(std::uint32_t job, const Change& change);
  base::PartsPerMillion Fragmented(const Fleet& fleet, const Placing& placing) const;
  int MembersOf(std::uint32_t job) const { return scenario_.asks[scenario_.jobs[job].ask].members; }

  const Scenario& scenario_;
  std::vector<plan::TypicalShape> typical_;
  SimulationResult result_;
  base::MilliGpu allocated_;
  MilliGpuTime lost_;
  Milliseconds wanted_for_{};    // time in which a pod ran or waited
  std::int64_t served_for_ = 0;  // over that time: parts per million of them that ran, in ms
  using Waits = std::vector<std::pair<Milliseconds, int>>;  // and pods that waited it
  std::vector<Waits> waits_;                                // by workload
};

}  // namespace tangram::sim

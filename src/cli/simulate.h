// What the parts of `tangram simulate` share.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/result.h"
#include "cli/command.h"
#include "sim/simulation.h"

namespace tangram::cli {

struct SimulateOptions {
  std::string nodes;
  std::string pods;
  std::string typical_from;
  std::string load;
  SourceOptions source;  // of --snapshot; and prices
  bool timed = false;
  bool what_if = false;
  std::int64_t speed = 1;
  std::string length;  // a span; empty: as the input says
  std::string boot = "5m";
  std::string idle_after;  // a span; empty: nodes stay
  std::string policy = "tangram";
  std::string cutting = "beside";
  std::string order = "given";
  std::uint64_t seed = 1;
  std::string output = "table";
  ColorOption color;
};

struct SimulatedTime {
  sim::SimulationResult result;
  double wall_seconds = 0;
};

// A run in time: of a load, a trace with times, or a snapshot.
base::Result<ExitCode> SimulateTime(const SimulateOptions& options,
                                    const std::vector<std::string>& policies,
                                    const Context& context);

// What the cluster of --snapshot would have cost under the planner.
base::Result<ExitCode> ShowWhatIf(const SimulateOptions& options, const Context& context);

// How runs are shown. `input` says what was simulated, `notes` what was left out.
struct SimulatedRuns {
  std::string input;
  std::vector<std::string> notes;
  std::vector<SimulatedTime> runs;
};
std::string TimeAsTable(const SimulatedRuns& simulated, report::ColorMode color);
std::string TimeAsJson(const SimulatedRuns& simulated);
std::string TimeAsCsv(const SimulatedRuns& simulated);
std::string TimeAsHtml(const SimulatedRuns& simulated);

}  // namespace tangram::cli

// tangram simulate: what a placement policy makes of a list of requests.
#include "cli/simulate.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <memory>
#include <nlohmann/json.hpp>
#include <ostream>

#include "base/clock.h"
#include "base/nearest.h"
#include "base/text.h"
#include "cli/command.h"
#include "report/table.h"
#include "report/words.h"
#include "sim/placing.h"
#include "sim/replay.h"

namespace tangram::cli {
namespace {

struct Simulated {
  sim::ReplayResult result;
  double wall_seconds = 0;
};

struct Simulation {
  std::vector<Simulated> runs;
  base::PartsPerMillion bound;  // of all GPUs (sim::BoundOf)
};

base::Result<void> OneReadsStandardInput(const SimulateOptions& options) {
  const int reading = (options.nodes == "-") + (options.pods == "-") +
                      (options.typical_from == "-") + (options.source.prices == "-") +
                      (options.load == "-");
  if (reading <= 1) return {};
  return base::Fail(
      base::ErrorCode::kInvalid,
      "only one of --nodes, --pods, --typical-from, --load and --prices can be standard "
      "input; name files for the others");
}

// The trace with the tasks of `pods`, on nodes that were read already.
base::Result<sim::OpenbTrace> ReadTrace(const SimulateOptions& options, std::string_view nodes_csv,
                                        const std::string& pods, const Context& context) {
  const auto pods_csv = ReadText(pods, context.streams.in);
  if (!pods_csv) return tl::unexpected(pods_csv.error());
  return sim::ReadOpenb({nodes_csv, *pods_csv, options.nodes, pods});
}

// Those named, as in "fgd,tangram"; by "all" every one.
base::Result<std::vector<std::string>> PoliciesOf(const SimulateOptions& options) {
  const auto known = sim::PolicyNames();
  const std::vector<std::string> names(known.begin(), known.end());
  if (options.policy == "all") return names;
  std::vector<std::string> policies;
  for (const std::string_view part : base::Split(options.policy, ',')) {
    const std::string policy(base::Trim(part));
    if (std::find(names.begin(), names.end(), policy) == names.end()) {
      const auto near = base::Nearest(policy, names, {.most = 4, .count = 1});
      const std::string hint = near.empty() ? fmt::format("the policies are {}", base::OneOf(names))
                                            : fmt::format("did you mean {}?", near.front());
      return base::Fail(base::ErrorCode::kInvalid,
                        fmt::format("--policy: there is no policy \"{}\"; {}", policy, hint));
    }
    if (std::find(policies.begin(), policies.end(), policy) == policies.end()) {
      policies.push_back(policy);
    }
  }
  return policies;
}

base::Result<std::vector<Simulated>> RunAll(const sim::OpenbTrace& trace, sim::ReplayOptions replay,
                                            const std::vector<std::string>& policies) {
  std::vector<Simulated> runs;
  for (const std::string& policy : policies) {
    replay.policy = policy;
    const auto start = base::MonotonicNow();
    auto result = sim::ReplayTrace(trace, replay);
    if (!result) return tl::unexpected(result.error());
    const std::chrono::duration<double> wall = base::MonotonicNow() - start;
    runs.push_back({std::move(*result), wall.count()});
  }
  return runs;
}

base::Result<Simulation> Run(const SimulateOptions& options,
                             const std::vector<std::string>& policies, const Context& context) {
  const auto nodes_csv = ReadText(options.nodes, context.streams.in);
  if (!nodes_csv) return tl::unexpected(nodes_csv.error());
  auto trace = ReadTrace(options, *nodes_csv, options.pods, context);
  if (!trace) return tl::unexpected(trace.error());
  sim::ReplayOptions replay{.seed = options.seed};
  if (!options.typical_from.empty()) {
    auto typical = ReadTrace(options, *nodes_csv, options.typical_from, context);
    if (!typical) return tl::unexpected(typical.error());
    replay.typical_from = std::move(typical->tasks);
  }
  if (options.order == "shuffle") {
    trace->tasks = sim::Shuffled(std::move(trace->tasks), options.seed);
  }
  auto runs = RunAll(*trace, std::move(replay), policies);
  if (!runs) return tl::unexpected(runs.error());
  const auto bound = sim::BoundOf(*trace);
  if (!bound) return tl::unexpected(bound.error());
  return Simulation{*std::move(runs), *bound};
}

double Share(base::PartsPerMillion share) { return static_cast<double>(share.value()) / 1e6; }

nlohmann::ordered_json ToJson(const Simulated& run, base::PartsPerMillion bound) {
  const sim::ReplayResult& result = run.result;
  auto curve = nlohmann::ordered_json::array();
  for (const sim::ReplayPoint& point : result.curve) {
    curve.push_back({{"arrived", Share(point.arrived)},
                     {"allocated", Share(point.allocated)},
                     {"fragmentation", Share(point.fragmented)}});
  }
  nlohmann::ordered_json json = {{"kind", "Replay"},
                                 {"policy", result.policy},
                                 {"placed", result.placed},
                                 {"failed", result.failed},
                                 {"gpuCapacityMilli", result.capacity.value()},
                                 {"gpuAllocatedMilli", result.allocated.value()},
                                 {"allocationBound", Share(bound)},
                                 {"fragmentation", Share(result.fragmented)},
                                 {"firstRejectAt", nullptr},
                                 {"wallSeconds", run.wall_seconds},
                                 {"curve", std::move(curve)}};
  if (result.first_reject) json["firstRejectAt"] = Share(*result.first_reject);
  return json;
}

// The curves, one under the other.
std::string ToCsv(const Simulation& simulation) {
  std::string csv = "policy,arrived,allocated,fragmentation\n";
  for (const Simulated& run : simulation.runs) {
    for (const sim::ReplayPoint& point : run.result.curve) {
      csv += fmt::format("{},{:.6f},{:.6f},{:.6f}\n", run.result.policy, Share(point.arrived),
                         Share(point.allocated), Share(point.fragmented));
    }
  }
  return csv;
}

std::string ToTable(const Simulation& simulation) {
  using Align = report::Column::Align;
  std::vector<std::vector<report::Cell>> rows;
  for (const Simulated& run : simulation.runs) {
    const sim::ReplayResult& result = run.result;
    const auto allocated = base::Ratio(result.allocated.value(), result.capacity.value());
    rows.push_back(
        {{result.policy},
         {report::Thousands(result.placed)},
         {report::Thousands(result.failed)},
         {fmt::format("{:.1f}", static_cast<double>(result.allocated.value()) / 1e3)},
         {fmt::format("{:.2f} %", Share(allocated) * 100)},
         {result.first_reject ? fmt::format("{:.1f} %", Share(*result.first_reject) * 100)
                              : "never"},
         {fmt::format("{:.2f}", run.wall_seconds)}});
  }
  const std::string table = report::RenderTable({{"POLICY"},
                                                 {"PLACED", Align::kRight},
                                                 {"FAILED", Align::kRight},
                                                 {"GPUS HELD", Align::kRight},
                                                 {"OF ALL", Align::kRight},
                                                 {"FIRST REJECT AT", Align::kRight},
                                                 {"SECONDS", Align::kRight}},
                                                rows, report::ColorMode::kPlain);
  return table + fmt::format("No policy is expected to hold more than {:.2f} %.\n",
                             Share(simulation.bound) * 100);
}

// One object for one policy, else a list.
std::string ToJson(const Simulation& simulation) {
  auto list = nlohmann::ordered_json::array();
  for (const Simulated& run : simulation.runs) list.push_back(ToJson(run, simulation.bound));
  return (list.size() == 1 ? list.front() : list).dump() + "\n";
}

base::Result<ExitCode> Replay(const SimulateOptions& options,
                              const std::vector<std::string>& policies, const Context& context) {
  const auto simulation = Run(options, policies, context);
  if (!simulation) return tl::unexpected(simulation.error());
  if (options.output == "table") {
    context.streams.out << ToTable(*simulation);
  } else {
    context.streams.out << (options.output == "csv" ? ToCsv(*simulation) : ToJson(*simulation));
  }
  return kDone;
}

base::Result<void> CheckInputs(const SimulateOptions& options) {
  const auto invalid = [](std::string message) {
    return base::Fail(base::ErrorCode::kInvalid, std::move(message));
  };
  const bool csv = !options.nodes.empty() || !options.pods.empty();
  const bool other = !options.load.empty() || !options.source.snapshot.empty();
  const bool table = options.output == "table" || options.output == "json";
  if (options.what_if && (csv || !options.load.empty() || options.source.snapshot.empty())) {
    return invalid("--what-if looks at one snapshot with usage: write --what-if --snapshot FILE");
  }
  if (options.what_if && !table) {
    return invalid("--what-if has no curves; write -o table or json");
  }
  if (csv == other) {
    return invalid(
        "name one input: --nodes and --pods (with --timed for a run in time), or --load, "
        "--snapshot "
        "or both");
  }
  if (csv && !options.timed && options.output == "html") {
    return invalid("-o html is for runs in time; write --timed or --load");
  }
  if (csv && (options.nodes.empty() || options.pods.empty())) {
    return invalid("--nodes and --pods belong together; name both files");
  }
  if (!options.timed && csv && (!options.idle_after.empty() || !options.length.empty())) {
    return invalid("--idle-after and --length are for runs in time; write --timed too");
  }
  return OneReadsStandardInput(options);
}

base::Result<ExitCode> Simulate(const SimulateOptions& options, const Context& context) {
  const auto policies = PoliciesOf(options);
  if (!policies) return tl::unexpected(policies.error());
  if (const auto fine = CheckInputs(options); !fine) return tl::unexpected(fine.error());
  if (options.what_if) return ShowWhatIf(options, context);
  const bool in_time = options.timed || options.nodes.empty();
  return in_time ? SimulateTime(options, *policies, context) : Replay(options, *policies, context);
}

}  // namespace

void AddSimulate(CLI::App& app, const Context& context, Action& action) {
  auto options = std::make_shared<SimulateOptions>();
  CLI::App* command = app.add_subcommand(
      "simulate",
      "Replay requests on nodes by a placement policy, or run a load through time, and compare "
      "policies");
  command->add_option("--nodes", options->nodes, "Nodes as CSV in the openb form, in rank order");
  command->add_option("--pods", options->pods, "Requests as CSV in the openb form, as they arrive");
  command->add_option("--load", options->load,
                      "Nodes and workloads as YAML (docs/simulate.md), run through time");
  command->add_flag("--timed", options->timed,
                    "Run --pods through time: they come and end as they did in the trace");
  command->add_flag("--what-if", options->what_if,
                    "What the cluster of --snapshot would have cost under tangram plan, over the "
                    "time that its usage was measured");
  command->add_option("--snapshot", options->source.snapshot,
                      "A snapshot: its nodes and pods at the start of a run in time; - is standard "
                      "input");
  command
      ->add_option("--speed", options->speed,
                   "With --timed: arrivals come so many times as fast; runs last as long")
      ->check(CLI::Range(1, 1'000'000))
      ->capture_default_str();
  command->add_option("--length", options->length, "Of a run in time, as 24h");
  command->add_option("--boot", options->boot, "With --idle-after: until a node can be used")
      ->capture_default_str();
  command->add_option(
      "--idle-after", options->idle_after,
      "With --timed or --snapshot: empty nodes are given back after this, as 10m, and "
      "asked for again when pods wait; absent: they stay");
  command->add_option("--prices", options->source.prices,
                      "A CSV of prices; its rows win (docs/prices.md)");
  command->add_option(
      "--typical-from", options->typical_from,
      "Requests that stand for what is asked, for tangram and fgd; absent: those of --pods");
  const std::string names =
      fmt::format("One or more of {}, with commas; or all", fmt::join(sim::PolicyNames(), ", "));
  command->add_option("--policy", options->policy, names)->capture_default_str();
  const std::string ways = fmt::format("In time: one or more of {}, with commas (docs/simulate.md)",
                                       fmt::join(sim::CuttingNames(), ", "));
  command->add_option("--cutting", options->cutting, ways)->capture_default_str();
  command->add_option("--order", options->order, "given or shuffle")
      ->check(CLI::IsMember({"given", "shuffle"}))
      ->capture_default_str();
  command->add_option("--seed", options->seed, "Of the shuffle and of the policy random")
      ->capture_default_str();
  command
      ->add_option("-o,--output", options->output,
                   "table, json, csv (the curves), or html (a page, of runs in time)")
      ->check(CLI::IsMember({"table", "json", "csv", "html"}))
      ->capture_default_str();
  options->color.AddTo(*command);
  command->callback([options, &context, &action] {
    action = [options, &context] { return Simulate(*options, context); };
  });
}

}  // namespace tangram::cli

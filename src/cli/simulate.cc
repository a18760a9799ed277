// tangram simulate: what a placement policy makes of a list of requests.
#include <fmt/format.h>

#include <chrono>
#include <memory>
#include <nlohmann/json.hpp>
#include <ostream>

#include "base/clock.h"
#include "cli/command.h"
#include "report/table.h"
#include "report/words.h"
#include "sim/replay.h"

namespace tangram::cli {
namespace {

struct SimulateOptions {
  std::string nodes;
  std::string pods;
  std::string typical_from;
  std::string policy = "fgd";
  std::string order = "given";
  std::uint64_t seed = 1;
  std::string output = "table";
};

struct Simulated {
  sim::ReplayResult result;
  double wall_seconds = 0;
};

base::Result<void> OneReadsStandardInput(const SimulateOptions& options) {
  const int reading =
      (options.nodes == "-") + (options.pods == "-") + (options.typical_from == "-");
  if (reading <= 1) return {};
  return base::Fail(base::ErrorCode::kInvalid,
                    "only one of --nodes, --pods and --typical-from can be standard input; name "
                    "files for the others");
}

// The trace with the tasks of `pods`, on nodes that were read already.
base::Result<sim::OpenbTrace> ReadTrace(const SimulateOptions& options, std::string_view nodes_csv,
                                        const std::string& pods, const Context& context) {
  const auto pods_csv = ReadText(pods, context.streams.in);
  if (!pods_csv) return tl::unexpected(pods_csv.error());
  return sim::ReadOpenb({nodes_csv, *pods_csv, options.nodes, pods});
}

// One policy or, by "all", every one.
std::vector<std::string> PoliciesOf(const SimulateOptions& options) {
  if (options.policy != "all") return {options.policy};
  const auto names = sim::PolicyNames();
  return {names.begin(), names.end()};
}

base::Result<std::vector<Simulated>> RunAll(const SimulateOptions& options,
                                            const Context& context) {
  if (const auto fine = OneReadsStandardInput(options); !fine) return tl::unexpected(fine.error());
  const auto nodes_csv = ReadText(options.nodes, context.streams.in);
  if (!nodes_csv) return tl::unexpected(nodes_csv.error());
  auto trace = ReadTrace(options, *nodes_csv, options.pods, context);
  if (!trace) return tl::unexpected(trace.error());
  sim::ReplayOptions replay;
  if (!options.typical_from.empty()) {
    auto typical = ReadTrace(options, *nodes_csv, options.typical_from, context);
    if (!typical) return tl::unexpected(typical.error());
    replay.typical_from = std::move(typical->tasks);
  }
  if (options.order == "shuffle") {
    trace->tasks = sim::Shuffled(std::move(trace->tasks), options.seed);
  }
  std::vector<Simulated> runs;
  for (const std::string& policy : PoliciesOf(options)) {
    replay.policy = policy;
    const auto start = base::MonotonicNow();
    auto result = sim::ReplayTrace(*trace, replay);
    if (!result) return tl::unexpected(result.error());
    const std::chrono::duration<double> wall = base::MonotonicNow() - start;
    runs.push_back({std::move(*result), wall.count()});
  }
  return runs;
}

double Share(base::PartsPerMillion share) { return static_cast<double>(share.value()) / 1e6; }

nlohmann::ordered_json ToJson(const Simulated& run) {
  const sim::ReplayResult& result = run.result;
  auto curve = nlohmann::ordered_json::array();
  for (const sim::ReplayPoint& point : result.curve) {
    curve.push_back({{"arrived", Share(point.arrived)},
                     {"allocated", Share(point.allocated)},
                     {"fragmentation", Share(point.fragmented)}});
  }
  nlohmann::ordered_json json = {{"policy", result.policy},
                                 {"placed", result.placed},
                                 {"failed", result.failed},
                                 {"gpuCapacityMilli", result.capacity.value()},
                                 {"gpuAllocatedMilli", result.allocated.value()},
                                 {"fragmentation", Share(result.fragmented)},
                                 {"firstRejectAt", nullptr},
                                 {"wallSeconds", run.wall_seconds},
                                 {"curve", std::move(curve)}};
  if (result.first_reject) json["firstRejectAt"] = Share(*result.first_reject);
  return json;
}

std::string ToTable(const std::vector<Simulated>& runs) {
  using Align = report::Column::Align;
  std::vector<std::vector<report::Cell>> rows;
  for (const Simulated& run : runs) {
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
  return report::RenderTable({{"POLICY"},
                              {"PLACED", Align::kRight},
                              {"FAILED", Align::kRight},
                              {"GPUS HELD", Align::kRight},
                              {"OF ALL", Align::kRight},
                              {"FIRST REJECT AT", Align::kRight},
                              {"SECONDS", Align::kRight}},
                             rows, report::ColorMode::kPlain);
}

// One object for one policy, a list for all of them.
base::Result<ExitCode> Simulate(const SimulateOptions& options, const Context& context) {
  const auto runs = RunAll(options, context);
  if (!runs) return tl::unexpected(runs.error());
  if (options.output == "table") {
    context.streams.out << ToTable(*runs);
    return kDone;
  }
  auto list = nlohmann::ordered_json::array();
  for (const Simulated& run : *runs) list.push_back(ToJson(run));
  context.streams.out << (options.policy == "all" ? list : list.front()).dump() << "\n";
  return kDone;
}

}  // namespace

void AddSimulate(CLI::App& app, const Context& context, Action& action) {
  auto options = std::make_shared<SimulateOptions>();
  CLI::App* command = app.add_subcommand(
      "simulate", "Replay requests on nodes by a placement policy, and compare policies");
  command->add_option("--nodes", options->nodes, "Nodes as CSV in the openb form, in rank order")
      ->required();
  command->add_option("--pods", options->pods, "Requests as CSV in the openb form, as they arrive")
      ->required();
  command->add_option("--typical-from", options->typical_from,
                      "Requests whose shapes count as typical for fgd; absent: those of --pods");
  std::string names = "all";
  for (const std::string_view name : sim::PolicyNames()) names.append(", ").append(name);
  command->add_option("--policy", options->policy, names)->capture_default_str();
  command->add_option("--order", options->order, "given or shuffle")
      ->check(CLI::IsMember({"given", "shuffle"}))
      ->capture_default_str();
  command->add_option("--seed", options->seed, "Of the shuffle")->capture_default_str();
  command->add_option("-o,--output", options->output, "table or json")
      ->check(CLI::IsMember({"table", "json"}))
      ->capture_default_str();
  command->callback([options, &context, &action] {
    action = [options, &context] { return Simulate(*options, context); };
  });
}

}  // namespace tangram::cli

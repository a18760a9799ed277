// tangram simulate, in time.
#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <ostream>
#include <utility>

#include "base/clock.h"
#include "base/text.h"
#include "base/time_text.h"
#include "cli/progress.h"
#include "cli/simulate.h"
#include "cluster/price.h"
#include "report/words.h"
#include "sim/load.h"
#include "sim/snapshot_scenario.h"
#include "sim/timed_trace.h"

namespace tangram::cli {
namespace {

struct Input {
  std::string what;
  std::vector<std::string> notes;
  sim::Scenario scenario;
};

base::Result<std::optional<base::Milliseconds>> SpanOption(const std::string& name,
                                                           const std::string& text) {
  if (text.empty()) return std::nullopt;
  const auto span = base::ParseSpan(text);
  if (!span) return base::Wrap(span.error(), name);
  return *span;
}

base::Result<std::optional<base::Milliseconds>> IdleAfter(const SimulateOptions& options) {
  auto idle_after = SpanOption("--idle-after", options.idle_after);
  if (idle_after && *idle_after && **idle_after < std::chrono::seconds(1)) {
    return base::Fail(base::ErrorCode::kInvalid,
                      fmt::format("--idle-after: found {}; write at least 1s", options.idle_after));
  }
  return idle_after;
}

base::Result<Input> FromTrace(const SimulateOptions& options, const Context& context) {
  const auto nodes_csv = ReadText(options.nodes, context.streams.in);
  if (!nodes_csv) return tl::unexpected(nodes_csv.error());
  const auto pods_csv = ReadText(options.pods, context.streams.in);
  if (!pods_csv) return tl::unexpected(pods_csv.error());
  const auto trace = sim::ReadOpenb({*nodes_csv, *pods_csv, options.nodes, options.pods});
  if (!trace) return tl::unexpected(trace.error());
  const auto overrides = ReadPrices(options.source.prices, context);
  if (!overrides) return tl::unexpected(overrides.error());
  const cluster::PriceBook book(cluster::BundledPrices(), *overrides);
  sim::TimedTraceOptions timed{.prices = &book, .speed = options.speed};
  const auto boot = SpanOption("--boot", options.boot);
  if (!boot) return tl::unexpected(boot.error());
  timed.boot = boot->value_or(base::Milliseconds(0));
  const auto idle_after = IdleAfter(options);
  if (!idle_after) return tl::unexpected(idle_after.error());
  timed.idle_after = *idle_after;
  const auto length = SpanOption("--length", options.length);
  if (!length) return tl::unexpected(length.error());
  timed.length = *length;
  auto made = sim::ScenarioOf(*trace, timed);
  if (!made) return tl::unexpected(made.error());
  Input input{options.pods, {}, std::move(made->scenario)};
  if (made->left_out > 0) {
    input.notes.push_back(fmt::format(
        "{} tasks were never scheduled in the trace: how long they run is not known, and they are "
        "left out.",
        report::Thousands(made->left_out)));
  }
  return input;
}

base::Result<sim::Load> LoadOf(const SimulateOptions& options, const Context& context) {
  sim::Load load{.length = std::chrono::hours(24), .cut = std::chrono::seconds(30)};
  if (!options.load.empty()) {
    const auto text = ReadText(options.load, context.streams.in);
    if (!text) return tl::unexpected(text.error());
    auto read = sim::ReadLoad(*text, options.load == "-" ? "standard input" : options.load);
    if (!read) return read;
    load = *std::move(read);
  }
  const auto length = SpanOption("--length", options.length);
  if (!length) return tl::unexpected(length.error());
  load.length = length->value_or(load.length);
  return load;
}

void NoteLeftOut(const sim::SnapshotLeftOut& left_out, std::vector<std::string>& notes) {
  const auto note = [&](std::int64_t count, std::string_view what) {
    if (count > 0) notes.push_back(fmt::format("{} {}", report::Thousands(count), what));
  };
  note(left_out.nodes,
       "nodes with GPUs are not ready, cordoned, or have more than 16 GPUs: they are left out.");
  note(left_out.cards, "cards have a layout that cannot stand as reported: nobody holds them.");
  note(
      left_out.pods,
      "pods ask for GPUs by claims or in several forms, or hold more than their node has: they are "
      "left out.");
}

// The nodes and pods of the snapshot, if there is one, as they are at the start.
base::Result<void> AddSnapshotTo(sim::ScenarioBuilder& builder, const SimulateOptions& options,
                                 const Context& context, Input& input) {
  if (options.source.snapshot.empty()) return {};
  const auto snapshot = LoadSnapshot(options.source, context);
  if (!snapshot) return tl::unexpected(snapshot.error());
  const auto boot = SpanOption("--boot", options.boot);
  if (!boot) return tl::unexpected(boot.error());
  const auto idle_after = IdleAfter(options);
  if (!idle_after) return tl::unexpected(idle_after.error());
  const auto left_out =
      sim::AddSnapshot(*snapshot, {boot->value_or(base::Milliseconds(0)), *idle_after}, builder);
  if (!left_out) return tl::unexpected(left_out.error());
  NoteLeftOut(*left_out, input.notes);
  input.what = snapshot->cluster.empty() ? "the cluster" : snapshot->cluster;
  return {};
}

base::Result<Input> FromLoad(const SimulateOptions& options, const Context& context) {
  const auto load = LoadOf(options, context);
  if (!load) return tl::unexpected(load.error());
  Input input;
  sim::ScenarioBuilder builder;
  if (const auto added = sim::AddNodes(*load, builder); !added) {
    return base::Wrap(added.error(), options.load);
  }
  if (const auto added = AddSnapshotTo(builder, options, context, input); !added) {
    return tl::unexpected(added.error());
  }
  sim::AddJobs(*load, options.seed, builder);
  if (!options.load.empty()) {
    input.what += (input.what.empty() ? "" : " and ");
    input.what += options.load == "-" ? "standard input" : options.load;
  }
  input.scenario = std::move(builder).Finish(load->length, load->cut);
  return input;
}

// Nodes whose hours cost what nobody knows.
void NoteUnpriced(Input& input) {
  std::int64_t unpriced = 0;
  for (const sim::FleetNode& node : input.scenario.nodes) {
    unpriced += input.scenario.groups[node.group].rate ? 0 : 1;
  }
  if (unpriced == 0) return;
  input.notes.push_back(fmt::format(
      "{} of {} nodes have no known price: dollars are of the others, and cannot be compared "
      "where policies use other nodes; --prices FILE adds prices.",
      report::Thousands(unpriced),
      report::Thousands(static_cast<std::int64_t>(input.scenario.nodes.size()))));
}

// Every policy with every way of cutting cards.
base::Result<std::vector<std::pair<std::string, sim::Cutting>>> RunsOf(
    const SimulateOptions& options, const std::vector<std::string>& policies) {
  std::vector<std::pair<std::string, sim::Cutting>> runs;
  for (const std::string& policy : policies) {
    for (const std::string_view part : base::Split(options.cutting, ',')) {
      const auto cutting = sim::CuttingNamed(base::Trim(part));
      if (!cutting) {
        return base::Fail(base::ErrorCode::kInvalid,
                          fmt::format("--cutting: there is no way \"{}\" to cut cards; write {}",
                                      base::Trim(part), fmt::join(sim::CuttingNames(), ", ")));
      }
      runs.emplace_back(policy, *cutting);
    }
  }
  return runs;
}

}  // namespace

base::Result<ExitCode> SimulateTime(const SimulateOptions& options,
                                    const std::vector<std::string>& policies,
                                    const Context& context) {
  auto input = options.nodes.empty() ? FromLoad(options, context) : FromTrace(options, context);
  if (!input) return tl::unexpected(input.error());
  const auto runs = RunsOf(options, policies);
  if (!runs) return tl::unexpected(runs.error());
  NoteUnpriced(*input);
  SimulatedRuns simulated{input->what, input->notes, {}};
  {
    ProgressLine progress(context.streams);
    for (const auto& [policy, cutting] : *runs) {
      const auto start = base::MonotonicNow();
      auto result = sim::Simulate(
          input->scenario, {.policy = policy, .cutting = cutting, .seed = options.seed},
          [&](base::PartsPerMillion done) {
            progress.Show(fmt::format("simulating {}: {} %", policy, done.value() / 10'000));
          });
      if (!result) return tl::unexpected(result.error());
      const std::chrono::duration<double> wall = base::MonotonicNow() - start;
      simulated.runs.push_back({*std::move(result), wall.count()});
    }
  }
  if (options.output == "json") {
    context.streams.out << TimeAsJson(simulated);
  } else if (options.output == "html") {
    context.streams.out << TimeAsHtml(simulated);
  } else if (options.output == "csv") {
    context.streams.out << TimeAsCsv(simulated);
  } else {
    context.streams.out << TimeAsTable(simulated, options.color.Mode(context.streams));
  }
  return kDone;
}

}  // namespace tangram::cli

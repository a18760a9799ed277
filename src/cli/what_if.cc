// tangram simulate --what-if: what a cluster would have cost under the planner.
#include "plan/what_if.h"

#include <fmt/format.h>

#include <cmath>
#include <nlohmann/json.hpp>
#include <ostream>

#include "base/text.h"
#include "base/time_text.h"
#include "cli/simulate.h"
#include "report/words.h"

namespace tangram::cli {
namespace {

using Json = nlohmann::ordered_json;
using report::Cell;
using report::Column;

constexpr std::array<std::string_view, plan::kWhatIfSteps> kNames = {"GiveBack", "StopIdle",
                                                                     "Consolidate", "Resize"};
constexpr std::array<std::string_view, plan::kWhatIfSteps> kTitles = {
    "Give back empty nodes", "and stop what does nothing", "and move pods together",
    "and give small jobs slices, not cards"};

constexpr std::string_view kAssumes =
    "This assumes that the cluster looked all the time as it does in the snapshot: the same pods "
    "on "
    "the same nodes, each node from its creation on. What a step gives back would not have been "
    "paid for. Nodes are not added, nothing is moved to spot, and what a change itself costs is "
    "not "
    "counted.";

double Dollars(base::MicroUsd amount) { return static_cast<double>(amount.value()) / 1e6; }

std::string Text(base::MicroUsd amount) {
  return "$" + report::Thousands(std::llround(Dollars(amount)));
}

std::string Share(base::MicroUsd part, base::MicroUsd whole) {
  return report::Percent(base::Ratio(part.value() / 1000, whole.value() / 1000));
}

// The same for 730 hours.
base::MicroUsd AMonth(base::MicroUsd amount, const plan::WhatIf& what) {
  const double hours = std::chrono::duration<double, std::ratio<3600>>(what.to - what.from).count();
  if (hours <= 0) return base::MicroUsd(0);
  return base::MicroUsd(std::llround(static_cast<double>(amount.value()) *
                                     static_cast<double>(base::kHoursPerMonth) / hours));
}

std::string LeakTable(const plan::WhatIf& what, report::ColorMode color) {
  using Align = Column::Align;
  std::vector<std::vector<Cell>> rows;
  const auto add = [&](std::string_view title, base::MicroUsd amount) {
    rows.push_back({{std::string(title)}, {Text(amount)}, {Share(amount, what.spent)}});
  };
  for (std::size_t leak = 0; leak < plan::kLeaks; ++leak) {
    add(report::Title(static_cast<plan::Leak>(leak)), what.leaked[leak]);
  }
  add("Useful", what.useful);
  add("Not measured", what.unmeasured);
  return RenderTable({{"WHERE IT WENT"}, {"DOLLARS", Align::kRight}, {"SHARE", Align::kRight}},
                     rows, color);
}

std::string StepTable(const plan::WhatIf& what, report::ColorMode color) {
  using Align = Column::Align;
  std::vector<std::vector<Cell>> rows;
  for (const plan::WhatIfOutcome& step : what.steps) {
    rows.push_back({{std::string(kTitles.at(static_cast<std::size_t>(step.step)))},
                    {Text(step.saved)},
                    {Share(step.saved, what.spent)},
                    {report::Thousands(step.given_back)},
                    {report::Thousands(step.stopped)},
                    {report::Thousands(step.disturbed)}});
  }
  return RenderTable({{"HAD TANGRAM BEEN ALLOWED TO"},
                      {"SAVED", Align::kRight},
                      {"OF ALL", Align::kRight},
                      {"NODES BACK", Align::kRight},
                      {"STOPPED", Align::kRight},
                      {"RESTARTED", Align::kRight}},
                     rows, color);
}

std::string AsTable(const cluster::Snapshot& snapshot, const plan::WhatIf& what,
                    report::ColorMode color) {
  const base::MicroUsd saved = what.best().saved;
  std::string text = fmt::format(
      "\n  {} · {} to {}\n\n  {} was spent on nodes with GPUs; {} of it need not have been ({}).\n"
      "  A month like this: {} of {}.\n\n",
      report::Printable(base::Shorten(snapshot.cluster, 40)), base::FormatTime(what.from),
      base::FormatTime(what.to), Text(what.spent), Text(saved), Share(saved, what.spent),
      Text(AMonth(saved, what)), Text(AMonth(what.spent, what)));
  text += LeakTable(what, color) + "\n" + StepTable(what, color) + "\n";
  if (what.unpriced_nodes > 0) {
    text += fmt::format(
        "  {} nodes with GPUs have no known price and are in no sum; {} of them "
        "would be given back.\n",
        what.unpriced_nodes, what.best().unpriced);
  }
  for (const std::string& line : base::WrapText(kAssumes, 96)) text += "  " + line + "\n";
  return text;
}

std::string AsJson(const plan::WhatIf& what) {
  Json leaks = Json::object();
  for (std::size_t leak = 0; leak < plan::kLeaks; ++leak) {
    leaks[std::string(report::Name(static_cast<plan::Leak>(leak)))] = Dollars(what.leaked[leak]);
  }
  Json steps = Json::array();
  for (const plan::WhatIfOutcome& step : what.steps) {
    steps.push_back({{"step", kNames.at(static_cast<std::size_t>(step.step))},
                     {"savedDollars", Dollars(step.saved)},
                     {"nodesGivenBack", step.given_back},
                     {"nodesWithoutPrice", step.unpriced},
                     {"podsStopped", step.stopped},
                     {"podsRestarted", step.disturbed}});
  }
  const Json json = {{"kind", "WhatIf"},
                     {"from", base::FormatTime(what.from)},
                     {"to", base::FormatTime(what.to)},
                     {"spentDollars", Dollars(what.spent)},
                     {"savedDollars", Dollars(what.best().saved)},
                     {"leakedDollars", std::move(leaks)},
                     {"usefulDollars", Dollars(what.useful)},
                     {"unmeasuredDollars", Dollars(what.unmeasured)},
                     {"nodesWithoutPrice", what.unpriced_nodes},
                     {"steps", std::move(steps)},
                     {"assumes", kAssumes}};
  return json.dump() + "\n";
}

}  // namespace

base::Result<ExitCode> ShowWhatIf(const SimulateOptions& options, const Context& context) {
  const auto snapshot = LoadSnapshot(options.source, context);
  if (!snapshot) return tl::unexpected(snapshot.error());
  const auto what = plan::WouldHaveSaved(*snapshot);
  if (!what) return tl::unexpected(what.error());
  context.streams.out << (options.output == "json"
                              ? AsJson(*what)
                              : AsTable(*snapshot, *what, options.color.Mode(context.streams)));
  return kDone;
}

}  // namespace tangram::cli

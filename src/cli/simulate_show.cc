// Runs in time as text, JSON and CSV.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <nlohmann/json.hpp>
#include <optional>

#include "base/text.h"
#include "base/time_text.h"
#include "cli/simulate.h"
#include "report/html.h"
#include "report/words.h"

namespace tangram::cli {
namespace {

using Json = nlohmann::ordered_json;
using report::Cell;
using report::Column;
using sim::SimulationPoint;
using sim::SimulationResult;

double Seconds(base::Milliseconds time) { return static_cast<double>(time.count()) / 1e3; }
double Hours(base::Milliseconds time) { return static_cast<double>(time.count()) / 3.6e6; }
double GpuHours(sim::MilliGpuTime time) {
  return static_cast<double>(time.value()) / static_cast<double>(sim::kGpuHour);
}
double Dollars(base::MicroUsd amount) { return static_cast<double>(amount.value()) / 1e6; }
double Share(base::PartsPerMillion share) { return static_cast<double>(share.value()) / 1e6; }

// Means over time, in thousandths of a GPU.
std::int64_t MeanMilli(sim::MilliGpuTime sum, base::Milliseconds length) {
  return length.count() > 0 ? sum.value() / length.count() : 0;
}

bool IsPriced(const SimulationResult& result) {
  return std::any_of(result.groups.begin(), result.groups.end(),
                     [](const sim::GroupResult& group) { return group.cost.has_value(); });
}

std::optional<double> PerUsefulHour(const SimulationResult& result) {
  if (!IsPriced(result) || result.useful.value() <= 0) return std::nullopt;
  return Dollars(result.spent) / GpuHours(result.useful);
}

double Used(const SimulationResult& result) {
  if (result.capacity.value() == 0) return 0;
  return static_cast<double>(result.allocated.value()) /
         static_cast<double>(result.capacity.value());
}

// ---- JSON ----

Json ToJson(const sim::WaitTimes& wait) {
  return {{"mean", Seconds(wait.mean)},
          {"p50", Seconds(wait.p50)},
          {"p95", Seconds(wait.p95)},
          {"p99", Seconds(wait.p99)},
          {"max", Seconds(wait.most)}};
}

void AddPods(const sim::PodCounts& pods, Json& json) {
  json["arrived"] = pods.arrived;
  json["waiting"] = pods.waiting;
  json["running"] = pods.running;
  json["done"] = pods.done;
  json["failed"] = pods.failed;
}

Json ToJson(const SimulationPoint& point) {
  Json json = {{"seconds", Seconds(point.at)},
               {"nodes", point.nodes},
               {"gpuCapacityMilli", point.capacity.value()},
               {"gpuAllocatedMilli", point.allocated.value()},
               {"fragmentation", Share(point.fragmented)},
               {"dollars", Dollars(point.spent)}};
  AddPods(point.pods, json);
  return json;
}

Json WorkloadsToJson(const SimulationResult& result) {
  Json list = Json::array();
  for (const sim::WorkloadResult& workload : result.workloads) {
    Json json = {{"name", workload.name}};
    AddPods(workload.pods, json);
    json["disturbed"] = workload.disturbed;
    json["waitSeconds"] = ToJson(workload.wait);
    list.push_back(std::move(json));
  }
  return list;
}

Json GroupsToJson(const SimulationResult& result) {
  Json list = Json::array();
  for (const sim::GroupResult& group : result.groups) {
    Json json = {{"name", group.name}, {"nodeHours", Hours(group.paid)}, {"dollars", nullptr}};
    if (group.cost) json["dollars"] = Dollars(*group.cost);
    list.push_back(std::move(json));
  }
  return list;
}

Json ToJson(const SimulatedTime& run) {
  const SimulationResult& result = run.result;
  Json curve = Json::array();
  for (const SimulationPoint& point : result.points) curve.push_back(ToJson(point));
  Json json = {{"kind", "Run"},
               {"policy", result.policy},
               {"cutting", sim::NameOf(result.cutting)},
               {"lengthSeconds", Seconds(result.length)},
               {"placed", result.placed}};
  AddPods(result.pods, json);
  json["disturbed"] = result.disturbed;
  json["interruptions"] = result.interruptions;
  json["boots"] = result.boots;
  json["cuts"] = result.cuts;
  json["recuts"] = result.recuts;
  json["served"] = Share(result.served);
  json["servedLeast"] = Share(result.served_least);
  json["waitSeconds"] = ToJson(result.wait);
  json["gpuCapacityMilli"] = MeanMilli(result.capacity, result.length);
  json["gpuAllocatedMilli"] = MeanMilli(result.allocated, result.length);
  json["fragmentation"] = Share(result.fragmented);
  json["gpuHours"] = {{"on", GpuHours(result.capacity)},
                      {"allocated", GpuHours(result.allocated)},
                      {"useful", GpuHours(result.useful)}};
  json["dollars"] = IsPriced(result) ? Json(Dollars(result.spent)) : Json(nullptr);
  const auto per_hour = PerUsefulHour(result);
  json["dollarsPerUsefulGpuHour"] = per_hour ? Json(*per_hour) : Json(nullptr);
  json["nodeGroups"] = GroupsToJson(result);
  json["workloads"] = WorkloadsToJson(result);
  json["wallSeconds"] = run.wall_seconds;
  json["curve"] = std::move(curve);
  return json;
}

Json RunsToJson(const SimulatedRuns& simulated) {
  Json list = Json::array();
  for (const SimulatedTime& run : simulated.runs) list.push_back(ToJson(run));
  return list;
}

// Names may hold bytes that are no UTF-8.
std::string Text(const Json& json) {
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

// ---- text ----

// "3 s", "4.2 min", "1.5 h", "2.0 d".
std::string Wait(base::Milliseconds wait) {
  const double seconds = Seconds(wait);
  if (seconds == 0) return "0";
  if (seconds < 99.5) return fmt::format("{:.{}f} s", seconds, seconds < 9.95 ? 1 : 0);
  if (seconds < 5970) return fmt::format("{:.1f} min", seconds / 60);
  if (seconds < 172'800) return fmt::format("{:.1f} h", seconds / 3600);
  return fmt::format("{:.1f} d", seconds / 86'400);
}

std::string Whole(double amount) { return report::Thousands(std::llround(amount)); }

std::string ToDollars(base::MicroUsd amount) { return "$" + Whole(Dollars(amount)); }

std::string Percent(double share) { return fmt::format("{:.1f} %", 100 * share); }

bool SaysHowCardsAreCut(const SimulatedRuns& simulated) {
  return std::any_of(simulated.runs.begin(), simulated.runs.end(), [](const SimulatedTime& run) {
    return run.result.cutting != sim::Cutting::kBeside;
  });
}

// "tangram", or "tangram, ahead".
std::string NameOf(const SimulatedRuns& simulated, const SimulationResult& result) {
  if (!SaysHowCardsAreCut(simulated)) return result.policy;
  return fmt::format("{}, {}", result.policy, sim::NameOf(result.cutting));
}

// Empty where nobody asked for it.
std::string CuttingTable(const SimulatedRuns& simulated, report::ColorMode color) {
  if (!SaysHowCardsAreCut(simulated)) return "";
  using Align = Column::Align;
  std::vector<std::vector<Cell>> rows;
  for (const auto& [result, wall] : simulated.runs) {
    const double days = GpuHours(result.capacity) / 24;
    rows.push_back(
        {{NameOf(simulated, result)},
         {Percent(Share(result.served))},
         {Percent(Share(result.served_least))},
         {report::Thousands(result.recuts)},
         {days > 0 ? fmt::format("{:.2f}", static_cast<double>(result.recuts) / days) : "–"}});
  }
  return RenderTable({{"CUTTING"},
                      {"SERVED", Align::kRight},
                      {"LEAST", Align::kRight},
                      {"RECUTS", Align::kRight},
                      {"PER GPU-DAY", Align::kRight}},
                     rows, color) +
         "\n";
}

std::string PolicyTable(const SimulatedRuns& simulated, report::ColorMode color) {
  using Align = Column::Align;
  std::vector<std::vector<Cell>> rows;
  for (const auto& [result, wall] : simulated.runs) {
    const auto per_hour = PerUsefulHour(result);
    rows.push_back({{NameOf(simulated, result)},
                    {Percent(Used(result))},
                    {Percent(Share(result.fragmented))},
                    {Wait(result.wait.mean)},
                    {Wait(result.wait.p50)},
                    {Wait(result.wait.p95)},
                    {Wait(result.wait.p99)},
                    {report::Thousands(result.pods.waiting)},
                    {report::Thousands(result.disturbed)},
                    {IsPriced(result) ? ToDollars(result.spent) : "–"},
                    {per_hour ? fmt::format("${:.2f}", *per_hour) : "–"}});
  }
  return RenderTable({{"POLICY"},
                      {"USED", Align::kRight},
                      {"SPLIT", Align::kRight},
                      {"WAIT", Align::kRight},
                      {"P50", Align::kRight},
                      {"P95", Align::kRight},
                      {"P99", Align::kRight},
                      {"WAITING", Align::kRight},
                      {"DISTURBED", Align::kRight},
                      {"COST", Align::kRight},
                      {"PER GPU-H", Align::kRight}},
                     rows, color);
}

std::string WorkloadTable(const SimulationResult& result, report::ColorMode color) {
  using Align = Column::Align;
  constexpr std::size_t kMostOfName = 24;
  std::vector<std::vector<Cell>> rows;
  for (const sim::WorkloadResult& workload : result.workloads) {
    rows.push_back({{workload.name},
                    {report::Thousands(workload.pods.arrived)},
                    {report::Thousands(workload.pods.done)},
                    {report::Thousands(workload.pods.running)},
                    {report::Thousands(workload.pods.waiting)},
                    {report::Thousands(workload.pods.failed)},
                    {report::Thousands(workload.disturbed)},
                    {Wait(workload.wait.mean)},
                    {Wait(workload.wait.p95)}});
  }
  return RenderTable({{"WORKLOAD", Align::kLeft, kMostOfName},
                      {"PODS", Align::kRight},
                      {"DONE", Align::kRight},
                      {"RUNNING", Align::kRight},
                      {"WAITING", Align::kRight},
                      {"FAILED", Align::kRight},
                      {"DISTURBED", Align::kRight},
                      {"WAIT", Align::kRight},
                      {"P95", Align::kRight}},
                     rows, color);
}

std::string GroupTable(const SimulationResult& result, report::ColorMode color) {
  using Align = Column::Align;
  std::vector<std::vector<Cell>> rows;
  for (const sim::GroupResult& group : result.groups) {
    rows.push_back({{group.name},
                    {Whole(Hours(group.paid))},
                    {group.cost ? ToDollars(*group.cost) : "unknown"}});
  }
  constexpr std::size_t kMostOfName = 32;
  return RenderTable({{"NODES", Align::kLeft, kMostOfName},
                      {"NODE-HOURS", Align::kRight},
                      {"COST", Align::kRight}},
                     rows, color);
}

// What was held, of the most that was on, as bars of eight steps.
std::string Bars(const SimulationResult& result) {
  constexpr std::array<std::string_view, 9> kSteps = {" ", "▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"};
  constexpr std::size_t kWidth = 72;
  std::int64_t most = 0;
  for (const SimulationPoint& point : result.points) most = std::max(most, point.capacity.value());
  std::string bars;
  for (std::size_t i = 0; i < kWidth && !result.points.empty() && most > 0; ++i) {
    const std::size_t at = i * (result.points.size() - 1) / (kWidth - 1);
    const std::int64_t held = result.points[at].allocated.value();
    bars += kSteps.at(static_cast<std::size_t>((held * 8 + most - 1) / most));
  }
  return bars;
}

std::string Curves(const SimulatedRuns& simulated) {
  std::string text = "GPUs held over time, of the most that were on:\n";
  std::size_t width = 14;
  for (const auto& [result, wall] : simulated.runs) {
    width = std::max(width, NameOf(simulated, result).size());
  }
  for (const auto& [result, wall] : simulated.runs) {
    text += fmt::format("  {:<{}} {}\n", NameOf(simulated, result), width, Bars(result));
  }
  return text;
}

}  // namespace

std::string TimeAsJson(const SimulatedRuns& simulated) {
  const Json list = RunsToJson(simulated);
  return Text(list.size() == 1 ? list.front() : list) + "\n";
}

std::string TimeAsHtml(const SimulatedRuns& simulated) {
  const Json page = {{"format", "tangram-simulation"},
                     {"version", 1},
                     {"input", simulated.input},
                     {"notes", simulated.notes},
                     {"runs", RunsToJson(simulated)}};
  return report::RenderSimulationHtml(Text(page));
}

std::string TimeAsCsv(const SimulatedRuns& simulated) {
  std::string csv =
      "policy,cutting,seconds,nodes,gpuCapacityMilli,gpuAllocatedMilli,fragmentation,arrived,"
      "waiting,running,done,failed,dollars\n";
  for (const auto& [result, wall] : simulated.runs) {
    for (const SimulationPoint& point : result.points) {
      csv += fmt::format("{},{},{:.3f},{},{},{},{:.6f},{},{},{},{},{},{:.6f}\n", result.policy,
                         sim::NameOf(result.cutting), Seconds(point.at), point.nodes,
                         point.capacity.value(), point.allocated.value(), Share(point.fragmented),
                         point.pods.arrived, point.pods.waiting, point.pods.running,
                         point.pods.done, point.pods.failed, Dollars(point.spent));
    }
  }
  return csv;
}

std::string TimeAsTable(const SimulatedRuns& simulated, report::ColorMode color) {
  const SimulationResult& first = simulated.runs.front().result;
  std::string text = fmt::format(
      "{}: {} of virtual time, {} pods.\n\n", report::Printable(base::Shorten(simulated.input, 60)),
      base::FormatSpan(first.length), report::Thousands(first.pods.arrived));
  text += PolicyTable(simulated, color) + "\n" + CuttingTable(simulated, color) + Curves(simulated);
  if (simulated.runs.size() == 1) {
    text += "\n" + WorkloadTable(first, color) + "\n" + GroupTable(first, color);
    text += fmt::format("\n{} boots, {} spot interruptions, {} cards cut.\n",
                        report::Thousands(first.boots), report::Thousands(first.interruptions),
                        report::Thousands(first.cuts));
  }
  text +=
      "\nUSED: GPU-hours held, of those that were on. SPLIT: of the free GPU, what a typical "
      "request\n"
      "cannot use. WAIT: the mean; P50 to P99: so many pods of a hundred waited no longer. "
      "WAITING:\n"
      "at the end. PER GPU-H: dollars for each GPU-hour that was held and not lost.\n";
  if (SaysHowCardsAreCut(simulated)) {
    text +=
        "SERVED: of the pods that wanted to run, those that did, over time; LEAST: when it was "
        "worst.\nRECUTS: changes of a card's instances.\n";
  }
  for (const std::string& note : simulated.notes) {
    for (const std::string& line : base::WrapText(note, 98)) text += line + "\n";
  }
  return text;
}

}  // namespace tangram::cli

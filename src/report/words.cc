#include "report/words.h"

#include <fmt/format.h>

#include <array>
#include <cstdlib>

namespace tangram::report {
namespace {

// The entry of an enum that counts from 0.
template <class Enum, std::size_t N>
std::string_view Pick(const std::array<std::string_view, N>& names, Enum value) {
  return names.at(static_cast<std::size_t>(value));
}

}  // namespace

std::string_view Name(plan::Leak leak) {
  static constexpr std::array<std::string_view, 4> kNames = {"Idle", "Oversized", "Unshared",
                                                             "OnDemand"};
  return Pick(kNames, leak);
}

std::string_view Name(plan::FindingKind kind) {
  static constexpr std::array<std::string_view, 9> kNames = {
      "EmptyNode",         "FreeCard",     "IdlePod",      "FreeSlices",  "OversizedCard",
      "OversizedInstance", "FreeReplicas", "UnsharedCard", "OnDemandNode"};
  return Pick(kNames, kind);
}

std::string_view Name(plan::Technique technique) {
  static constexpr std::array<std::string_view, 8> kNames = {
      "ScaleToZero", "Consolidate", "Relayout", "Mig", "TimeSlicing", "Mps", "Dra", "Spot"};
  return Pick(kNames, technique);
}

std::string_view Name(plan::Level level) {
  static constexpr std::array<std::string_view, 3> kNames = {"Low", "Medium", "High"};
  return Pick(kNames, level);
}

std::string_view Name(plan::LeftAlone reason) {
  static constexpr std::array<std::string_view, 12> kNames = {
      "Busy",     "NoSmallerFit", "ManyGpus", "Young",        "NotReady",     "Pinned",
      "ThinData", "NoUsage",      "Moved",    "SharedSeries", "UnknownModel", "NoPlacement"};
  return Pick(kNames, reason);
}

std::string_view Name(plan::StepKind step) {
  static constexpr std::array<std::string_view, 6> kNames = {"Instrument", "ScaleToZero", "Share",
                                                             "Partition",  "Spot",        "Dra"};
  return Pick(kNames, step);
}

std::string_view Name(plan::SeatState state) {
  static constexpr std::array<std::string_view, 6> kNames = {"Free",     "Idle",   "Oversized",
                                                             "Unshared", "Useful", "Unmeasured"};
  return Pick(kNames, state);
}

std::string_view Name(cluster::LayoutSource layout) {
  static constexpr std::array<std::string_view, 3> kNames = {"None", "Observed", "Inferred"};
  return Pick(kNames, layout);
}

std::string_view Name(cluster::Sharing sharing) {
  static constexpr std::array<std::string_view, 3> kNames = {"None", "TimeSlicing", "Mps"};
  return Pick(kNames, sharing);
}

std::string_view Name(cluster::CapacityType capacity) {
  static constexpr std::array<std::string_view, 4> kNames = {"Unknown", "OnDemand", "Spot",
                                                             "Reserved"};
  return Pick(kNames, capacity);
}

std::string_view MetricName(cluster::ActivityMetric metric) {
  static constexpr std::array<std::string_view, 3> kNames = {"", "DCGM_FI_PROF_GR_ENGINE_ACTIVE",
                                                             "DCGM_FI_DEV_GPU_UTIL"};
  return Pick(kNames, metric);
}

std::string_view Title(plan::Leak leak) {
  static constexpr std::array<std::string_view, 4> kTitles = {
      "Idle GPUs and nodes", "Whole cards for small jobs", "One workload per card",
      "On-demand where spot would do"};
  return Pick(kTitles, leak);
}

std::string_view Short(plan::Technique technique) {
  static constexpr std::array<std::string_view, 8> kShort = {
      "scale to zero", "consolidate", "re-cut", "MIG", "time-slicing", "MPS", "DRA claim", "spot"};
  return Pick(kShort, technique);
}

std::string_view Why(plan::LeftAlone reason) {
  static constexpr std::array<std::string_view, 12> kWhy = {
      "measured, and used well",
      "light, but nothing smaller holds its memory or its activity",
      "the pod holds several GPUs: instances have no peer-to-peer",
      "younger than the idle time: it may still be starting",
      "not running or not ready: it may be loading",
      "its owner pinned it (do-not-disrupt, safe-to-evict=false)",
      "too little of its time has samples to judge it",
      "no DCGM series name it: nothing says how much it is used",
      "it changed cards within the window: its series name more than it holds",
      "shared cards in use: DCGM names one pod a card, so no pod is judged alone",
      "no facts about this GPU model, so nothing is advised",
      "the snapshot does not say which pods hold which GPUs"};
  return Pick(kWhy, reason);
}

std::string_view Title(plan::StepKind step) {
  static constexpr std::array<std::string_view, 6> kTitles = {
      "Instrument", "Scale to zero", "Share", "Partition", "Spot", "DRA"};
  return Pick(kTitles, step);
}

std::string_view Why(plan::StepKind step) {
  static constexpr std::array<std::string_view, 6> kWhy = {
      "measure what is held but not seen, before anything is changed",
      "give back empty nodes and stop what does nothing",
      "put light workloads on one card, by time-slicing or MPS",
      "cut cards so that small jobs hold slices, not cards",
      "move what survives an interruption to spot",
      "ask for devices by what they are, so that slices follow demand"};
  return Pick(kWhy, step);
}

std::string Thousands(std::int64_t number) {
  std::string digits = std::to_string(std::llabs(number));
  for (auto at = static_cast<std::ptrdiff_t>(digits.size()) - 3; at > 0; at -= 3) {
    digits.insert(static_cast<std::size_t>(at), ",");
  }
  return (number < 0 ? "-" : "") + digits;
}

std::string Dollars(base::MicroUsdPerHour rate) {
  const std::int64_t micro = base::PerMonth(rate).value();
  const std::int64_t cents = (micro + 5'000) / 10'000;
  if (micro != 0 && cents < 1'000) return fmt::format("${}.{:02}", cents / 100, cents % 100);
  return "$" + Thousands((micro + 500'000) / 1'000'000);
}

std::string DollarsPerHour(base::MicroUsdPerHour rate) {
  const std::int64_t cents = (rate.value() + 5'000) / 10'000;
  return fmt::format("${}.{:02}", Thousands(cents / 100), cents % 100);
}

std::string Gpus(base::MilliGpu gpus) {
  const std::int64_t tenths = (gpus.value() + 50) / 100;
  if (gpus.value() > 0 && tenths == 0) return "<0.1";
  const std::string whole = Thousands(tenths / 10);
  return tenths % 10 == 0 ? whole : fmt::format("{}.{}", whole, tenths % 10);
}

std::string Percent(base::PartsPerMillion share) {
  if (share.value() == 0) return "0 %";
  if (share.value() < 500) return "<0.1 %";
  const double percent = static_cast<double>(share.value()) / 1e4;
  return percent < 9.95 ? fmt::format("{:.1f} %", percent) : fmt::format("{:.0f} %", percent);
}

}  // namespace tangram::report

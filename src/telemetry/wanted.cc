#include "telemetry/wanted.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <optional>
#include <tuple>

#include "telemetry/dcgm_promql.h"

namespace tangram::telemetry {
namespace {

constexpr std::chrono::hours kHour{1};

std::optional<std::int64_t> CountIn(double value) {
  constexpr double kMost = 1e9;
  if (!std::isfinite(value) || value < 0 || value > kMost) return std::nullopt;
  return std::llround(value);
}

}  // namespace

// The value at the end of an hour is the most of the hour. A millisecond shorter than an hour,
// since Prometheus 2 counts a sample at the left end too.
base::Result<std::vector<WantedHours>> ReadWanted(const Prometheus& prometheus,
                                                  const WantedOptions& options) {
  const std::string query =
      fmt::format("max by ({}, {}) (max_over_time({}[3599999ms]))", kPoolLabel, kProfileLabel,
                  Selector(kWantedInstances, options.matchers).Text());
  const base::Time last = std::chrono::floor<std::chrono::hours>(options.now) + kHour;
  const auto answer = prometheus.QueryRange(
      query, {.from = last - std::chrono::weeks(options.weeks), .to = last, .step = kHour});
  if (!answer) return tl::unexpected(answer.error());
  std::vector<WantedHours> all;
  for (const Series& series : answer->series) {
    WantedHours wanted{.pool = std::string(series.labels.Get(kPoolLabel)),
                       .profile = std::string(series.labels.Get(kProfileLabel)),
                       .hours = {}};
    for (const Sample& sample : series.samples) {
      const auto peak = CountIn(sample.value);
      if (peak) wanted.hours.push_back({sample.at - kHour, *peak});
    }
    if (!wanted.pool.empty() && !wanted.profile.empty()) all.push_back(std::move(wanted));
  }
  std::sort(all.begin(), all.end(), [](const WantedHours& a, const WantedHours& b) {
    return std::tie(a.pool, a.profile) < std::tie(b.pool, b.profile);
  });
  return all;
}

}  // namespace tangram::telemetry

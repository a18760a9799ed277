// Raw samples for tests: what an exporter wrote, before anything aggregates it.
#pragma once

#include <fmt/format.h>

#include <chrono>
#include <cmath>
#include <functional>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "telemetry/promql_answer.h"

namespace tangram::telemetry::fake {

struct RawSeries {
  std::string metric;
  std::vector<std::pair<std::string, std::string>> labels;
  std::vector<Sample> samples;  // ascending
};

// Samples at `first`, first + every, ... before `end`; `value` of the sample's number from 0.
struct Cadence {
  base::Time first;
  base::Time end;
  std::chrono::milliseconds every{30'000};
};
inline std::vector<Sample> Samples(const Cadence& cadence,
                                   const std::function<double(int)>& value) {
  std::vector<Sample> samples;
  int number = 0;
  for (base::Time at = cadence.first; at < cadence.end; at += cadence.every) {
    samples.push_back({at, value(number++)});
  }
  return samples;
}

inline std::string ValueText(double value) {
  if (std::isnan(value)) return "NaN";
  if (std::isinf(value)) return value > 0 ? "+Inf" : "-Inf";
  return fmt::format("{}", value);
}

// The OpenMetrics text that `promtool tsdb create-blocks-from openmetrics` reads.
inline std::string OpenMetrics(const std::vector<RawSeries>& all) {
  std::map<std::string, std::string> families;
  for (const RawSeries& series : all) {
    std::string labels;
    for (const auto& [name, value] : series.labels) {
      labels += fmt::format("{}{}=\"{}\"", labels.empty() ? "" : ",", name, value);
    }
    std::string& text = families[series.metric];
    for (const Sample& sample : series.samples) {
      text += fmt::format("{}{{{}}} {} {:.3f}\n", series.metric, labels, ValueText(sample.value),
                          static_cast<double>(sample.at.time_since_epoch().count()) / 1000);
    }
  }
  std::string out;
  for (const auto& [metric, text] : families)
    out += fmt::format("# TYPE {} gauge\n{}", metric, text);
  return out + "# EOF\n";
}

}  // namespace tangram::telemetry::fake

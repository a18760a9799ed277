// What must be known of a Prometheus before its counts mean anything: learned from its data.
#pragma once

#include <chrono>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "telemetry/dcgm_cutter.h"
#include "telemetry/dcgm_part.h"

namespace tangram::telemetry {

// Whether a range holds its left end, asked with a query that needs no data.
base::Result<LeftEnd> LearnLeftEnd(Asker& asker, base::Time time);

struct Cadence {
  std::map<std::string, std::chrono::milliseconds> by_job;  // between two samples of a series
  std::chrono::milliseconds smallest{0};  // of all jobs: two samples of one series never fall in it
  // The step of a subquery that meets each sample once; `smallest`, or less where scrapes jitter
  // around its borders.
  std::chrono::milliseconds step{0};
  std::vector<std::string> warnings;

  std::chrono::milliseconds Of(std::string_view job) const;
};

// The interval of an exact number of samples in a span, moved to the usual interval nearby.
std::chrono::milliseconds IntervalFrom(std::chrono::milliseconds span, double samples);

// Learns from the newest part of `window` where `metric` has data; nothing where it has none.
struct CadenceQuestion {
  std::string metric;
  std::vector<std::pair<std::string, std::string>> matchers;
  LeftEnd left_end = LeftEnd::kOpen;
  std::chrono::milliseconds fallback{30'000};  // where there are too few samples
};
base::Result<std::optional<Cadence>> LearnCadence(Asker& asker, Cutter& cutter, const Part& window,
                                                  const CadenceQuestion& question);

}  // namespace tangram::telemetry

// A test double: a Prometheus of one process that evaluates the PromQL that Tangram sends, straight
// over raw samples. It knows only that part of the language, and refuses the rest.
#pragma once

#include <chrono>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "telemetry/dcgm_promql.h"
#include "telemetry/prometheus.h"
#include "telemetry/testing/raw_series.h"

namespace tangram::telemetry::fake {

class FakePrometheus {
 public:
  explicit FakePrometheus(std::vector<RawSeries> series, LeftEnd left_end = LeftEnd::kClosed);

  // Queries whose longest range is above the limit fail, in one of two ways.
  enum class Refusal { kTooManySamples, kTimeout };
  void Refuse(Refusal how, std::chrono::milliseconds longest);

  Fetch AsFetch();
  const std::vector<std::string>& queries() const { return queries_; }

 private:
  net::Response Answer(const std::string& path_and_query, bool& timed_out);
  std::string Query(const std::map<std::string, std::string>& form, int& status, bool& timed_out);
  std::string Values(const std::map<std::string, std::string>& form) const;

  std::vector<RawSeries> series_;
  LeftEnd left_end_;
  Refusal refusal_ = Refusal::kTooManySamples;
  std::chrono::milliseconds longest_{std::chrono::hours(24 * 365)};
  std::vector<std::string> queries_;
};

// One query over raw samples; an empty optional where the text is outside the known part.
using FakeVector = std::map<Labels, double>;
struct FakeQuery {
  const std::vector<RawSeries>& series;
  LeftEnd left_end = LeftEnd::kClosed;
};
struct FakeAnswer {
  FakeVector vector;
  std::string error;                           // not empty: refused, and why
  std::chrono::milliseconds longest_range{0};  // that the query holds
};
FakeAnswer Evaluate(const FakeQuery& on, const std::string& promql, base::Time time);

}  // namespace tangram::telemetry::fake

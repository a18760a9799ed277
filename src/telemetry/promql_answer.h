// What Prometheus' HTTP API answers, as values.
//
// Source: prometheus.io/docs, "HTTP API" (v1). Thanos, Mimir and VictoriaMetrics answer alike.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/result.h"

namespace tangram::telemetry {

// The labels of one series, by name, without __name__. A label that is not there reads as "", as
// in PromQL.
class Labels {
 public:
  Labels() = default;
  explicit Labels(std::vector<std::pair<std::string, std::string>> pairs);

  std::string_view Get(std::string_view name) const;
  const std::vector<std::pair<std::string, std::string>>& pairs() const { return pairs_; }

  friend auto operator<=>(const Labels&, const Labels&) = default;

 private:
  std::vector<std::pair<std::string, std::string>> pairs_;
};

struct Sample {
  base::Time at;
  double value = 0;  // may be NaN or infinite, as the series had it
};

struct Series {
  Labels labels;
  std::vector<Sample> samples;  // one for an instant vector and a scalar; ascending for a matrix
};

enum class AnswerKind { kVector, kMatrix, kScalar };

struct QueryAnswer {
  AnswerKind kind = AnswerKind::kVector;
  std::vector<Series> series;        // a scalar is one series without labels
  std::vector<std::string> notices;  // the server's warnings and infos, in its words
};

// What the server says about itself.
struct BuildInfo {
  enum class Kind { kPrometheus, kThanos, kMimir, kVictoriaMetrics, kOther };
  Kind kind = Kind::kOther;
  std::string version;
};

// Each reads a whole body of status "success". Truncated, hostile or unexpected JSON is kInvalid. A
// body of status "error" is kInvalid where the query is wrong, and kUnavailable where the server
// gave up on its size or time: a smaller window may then succeed.
base::Result<QueryAnswer> ParseQueryAnswer(std::string_view body);
base::Result<std::vector<std::string>> ParseLabelValues(std::string_view body);
base::Result<BuildInfo> ParseBuildInfo(std::string_view body);

// The error in a body of any kind that came with an HTTP status other than 2xx.
base::Error ErrorOf(int http_status, std::string_view body);

}  // namespace tangram::telemetry

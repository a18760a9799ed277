// A real Prometheus (Debian's package) on loopback, with data of our own.
#pragma once

#include <sys/types.h>

#include <memory>
#include <string>
#include <vector>

#include "telemetry/prometheus.h"
#include "telemetry/testing/raw_series.h"

namespace tangram::telemetry::fake {

class RealPrometheus {
 public:
  static bool IsInstalled();

  // Written by promtool; it scrapes nothing. `options` of prometheus itself. Returns once it
  // answers; nullptr where it does not, and the test has failed.
  static std::unique_ptr<RealPrometheus> Start(const std::vector<RawSeries>& series,
                                               const std::vector<std::string>& options);
  // Ends it.
  ~RealPrometheus();
  RealPrometheus(const RealPrometheus&) = delete;
  RealPrometheus& operator=(const RealPrometheus&) = delete;

  Prometheus Open() const;

 private:
  RealPrometheus() = default;
  bool Write(const std::vector<RawSeries>& series);
  bool Answers() const;

  std::string folder_;
  std::string url_;
  pid_t server_ = -1;
};

}  // namespace tangram::telemetry::fake

// What our controllers said was wanted of MIG instances, hour by hour: their own metric, kept by
// the Prometheus that scrapes them.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "telemetry/prometheus.h"

namespace tangram::telemetry {

// A gauge of each GpuPool and profile: the instances that pods hold and wait for. The leader has
// it; `pool` alone is a name that scrape configurations like to give to every series.
inline constexpr const char* kWantedInstances = "tangram_pool_instances_wanted";
inline constexpr const char* kPoolLabel = "gpu_pool";
inline constexpr const char* kProfileLabel = "profile";

struct WantedHours {
  std::string pool;
  std::string profile;
  struct Hour {
    base::Time from;        // when it began
    std::int64_t peak = 0;  // the most that a sample in it said
  };
  std::vector<Hour> hours;  // ascending; those without a sample are left out
};

struct WantedOptions {
  base::Time now;
  int weeks = 1;  // before it
  // Label equals value, on every series: one cluster of many in a Thanos, say.
  std::vector<std::pair<std::string, std::string>> matchers{};
};

// By pool and profile; the hour that `now` is in is the last. One query, aggregated by the server.
// Nothing where no such series is there; samples that are no count are left out.
base::Result<std::vector<WantedHours>> ReadWanted(const Prometheus& prometheus,
                                                  const WantedOptions& options);

}  // namespace tangram::telemetry

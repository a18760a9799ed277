// What GPUs really did, and what was wanted of them before, read again from Prometheus every so
// often.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <string>

#include "adapter/find_prometheus.h"
#include "base/clock.h"
#include "cluster/snapshot.h"
#include "kube/client.h"
#include "plan/pool_status.h"

namespace tangram::adapter {

struct LiveUsageOptions {
  UsageSource source = NoUsage{};
  std::chrono::milliseconds window{std::chrono::hours(24 * 14)};  // up to when it is read
  std::chrono::milliseconds every{std::chrono::minutes(15)};
};

// On a thread of its own. What GPUs did counts until it could not be read again for an hour, or for
// three times `every` where that is longer; what was wanted before stays so.
class LiveUsage {
 public:
  struct Handler {
    std::function<bool()> wanted{};                              // whether to read now; any thread
    std::function<void(const plan::Measured& known)> on_read{};  // anew; on its thread
    std::function<void(const std::string& line)> log{};
  };
  // Borrowed: both must outlive it. `clock` is the wall's: what was measured is asked for by it.
  LiveUsage(kube::Client& client, const base::Clock& clock, LiveUsageOptions options,
            Handler handler);
  // Waits for the request at hand.
  ~LiveUsage();
  LiveUsage(const LiveUsage&) = delete;
  LiveUsage& operator=(const LiveUsage&) = delete;

  // Nothing where nothing is to be read.
  void Start();
  // The snapshot with what was measured (join_usage.h, read_demand.h), or with gaps that say why
  // there is nothing; as it is where nothing is to be read. Any thread.
  cluster::Snapshot AsMeasured(const cluster::Snapshot& snapshot) const;

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace tangram::adapter

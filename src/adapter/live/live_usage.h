// What GPUs really did, read again from Prometheus every so often.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <string>

#include "adapter/find_prometheus.h"
#include "base/clock.h"
#include "cluster/snapshot.h"
#include "kube/client.h"

namespace tangram::adapter {

struct LiveUsageOptions {
  UsageSource source = NoUsage{};
  std::chrono::milliseconds window{std::chrono::hours(24 * 14)};  // up to when it is read
  std::chrono::milliseconds every{std::chrono::minutes(15)};
};

// On a thread of its own. What was read last counts until it could not be read again for an hour,
// or for three times `every` where that is longer.
class LiveUsage {
 public:
  struct Handler {
    std::function<bool()> wanted{};                // whether to read now; any thread
    std::function<void(bool measured)> on_read{};  // what is known changed; on its thread
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
  // The snapshot with what was measured (join_usage.h), or with a gap that says why there is
  // nothing; as it is where nothing is to be read. Any thread.
  cluster::Snapshot AsMeasured(const cluster::Snapshot& snapshot) const;

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace tangram::adapter

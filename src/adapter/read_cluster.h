// The cluster as the API server tells it, as a snapshot without usage and prices.
#pragma once

#include <functional>
#include <string>

#include "base/clock.h"
#include "base/result.h"
#include "cluster/snapshot.h"
#include "kube/client.h"

namespace tangram::adapter {

struct Progress {
  std::string doing;      // "pods", "usage"
  std::size_t count = 0;  // objects read so far; for usage, parts per million of the window
};

struct ReadOptions {
  // Runs on the threads that read, one call at a time; may be empty.
  std::function<void(const Progress&)> progress;
  int page_size = 500;
};

// Lists everything at the same time, each list on a thread of its own that ends before this
// returns. What may not be listed, or an object that cannot be read, is a gap with its remedy; a
// kind whose CustomResourceDefinition is not installed is none. Fails where neither nodes nor pods
// could be listed: kDenied where the server says so, else with its reason.
base::Result<cluster::Snapshot> ReadCluster(kube::Client& client, const base::Clock& clock,
                                            const ReadOptions& options);

}  // namespace tangram::adapter

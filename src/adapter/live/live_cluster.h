// The cluster, followed: every kind that the model needs, listed and watched.
#pragma once

#include <functional>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "adapter/live/mailbox.h"
#include "kube/client.h"

namespace tangram::adapter {

struct LiveStatus {
  bool synced = false;  // every kind that is served was read once
  struct Kind {
    std::string name{};  // "pods"
    bool synced = false;
    std::string error{};  // empty: the watch goes well
  };
  std::vector<Kind> kinds{};
};

// Runs on the client's thread and posts what changed. A node is posted with the GPUs that its
// labels, slices and claims say; changes that change nothing for the model (heartbeats) are not
// posted.
class LiveCluster {
 public:
  struct Options {
    // Sets the price of a node that was read; runs on the client's thread. May be empty.
    std::function<void(cluster::Node&)> price{};
    // Whose pods are never written to: they hold their room, and nothing is done to them.
    std::set<std::string> excluded_namespaces{};
  };
  // Borrowed: both must outlive it.
  LiveCluster(kube::Client& client, Mailbox& mailbox, Options options);
  ~LiveCluster();
  LiveCluster(const LiveCluster&) = delete;
  LiveCluster& operator=(const LiveCluster&) = delete;

  void Start();
  LiveStatus Read() const;

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace tangram::adapter

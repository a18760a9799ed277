// `tangram agent` as it runs on every node: samples, and serves what it found.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "agent/gpu_node_api.h"
#include "agent/kubelet_pod_resources.h"
#include "agent/nvml_guard.h"
#include "agent/nvml_reader.h"
#include "agent/proc_owners.h"
#include "agent/sampler.h"
#include "base/result.h"
#include "net/serve.h"

namespace tangram::agent {

struct DaemonOptions {
  std::string library = kNvmlLibrary;
  NvmlGuard::Limits limits{.call = base::Milliseconds(20'000),
                           .first_pause = base::Milliseconds(0),  // the sampler has its own
                           .most_given_up = 16};
  SamplerOptions sampler{};
  std::string kubelet_socket = kPodResourcesSocket;  // empty: the kubelet is not asked
  base::Milliseconds kubelet_timeout{2'000};
  OwnerPaths paths{};
  std::optional<net::Listen> metrics{};  // /metrics
  std::optional<net::Listen> health{};   // /healthz, /readyz
  std::string version{};
  // Where the node's GPUs are written to as a GpuNode; null: nowhere.
  std::unique_ptr<GpuNodeApi> gpu_node{};
  std::string node{};  // its name
  bool cuts = false;   // and cards are cut as that object asks
  // Where the host's cgroups are, if pods on shared cards are held to their part of the memory.
  std::optional<std::string> cgroup_root{};
  std::function<void(const std::string& line)> log{};  // any thread; one line an event
};

// Made, run once, and gone.
class Daemon {
 public:
  // Opens what listens. kInvalid, kUnavailable with what to do.
  static base::Result<std::unique_ptr<Daemon>> Open(DaemonOptions options);
  ~Daemon();

  // Until `stop` is set. Blocks. A node without GPUs is no error: it is looked at again.
  void Run(const std::atomic<bool>& stop);

  // As they were opened; 0 where there is none.
  std::uint16_t metrics_port() const;
  std::uint16_t health_port() const;

 private:
  class Impl;
  explicit Daemon(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace tangram::agent

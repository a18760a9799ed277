// The whole control plane of one process: `tangram controller`.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <string>

#include "adapter/live/kube_actuator.h"
#include "adapter/live/live_usage.h"
#include "adapter/live/views.h"
#include "adapter/live/webhook.h"
#include "base/result.h"
#include "cluster/node.h"
#include "control/controller.h"
#include "kube/client.h"
#include "kube/config.h"
#include "kube/lease.h"
#include "net/serve.h"

namespace tangram::adapter {

using net::Listen;

struct ControlPlaneOptions {
  kube::ConfigSources cluster{};
  // The identity is ours to choose. Absent: no election, for one replica on a laptop.
  std::optional<kube::LeaseOptions> election{};
  std::optional<Listen> metrics{};  // /metrics
  std::optional<Listen> health{};   // /healthz, /readyz
  std::optional<WebhookOptions> webhook{};
  // Whose pods are never touched: kube-system should be among them.
  std::set<std::string> excluded_namespaces = {"kube-system"};
  bool nodes_may_come = false;  // of kinds that are not there: plan/classes/abilities.h
  int qps = 200;                // requests a second to the API server, in the long run
  control::ControllerOptions controller{};
  MigLayoutsIn mig_layouts{};  // without one, people cut the cards of MigManager pools
  bool agents_cut = false;     // else people cut the cards of Agent pools
  SharingConfigsIn sharing{};  // without one, people change how devices are shared
  LiveUsageOptions usage{};    // for plans and what people ask
  plan::PlanPolicy policy{};   // of what no GpuPool selects
  std::function<void(cluster::Node&)> price{};  // of nodes, for orders by cost
  AnswerView answer{};                          // what people ask; empty: nothing is answered
  std::function<void(const std::string& line)> log{};  // any thread; one line an event
  // kube::ClientOptions::on_write, for tests that end the process there (fault_point.h).
  std::function<void(kube::WriteMoment, const kube::Asked&)> on_write{};
};

// Made, run once, and gone. Everything it starts ends before Run returns.
class ControlPlane {
 public:
  // Loads the configuration and opens what listens. kInvalid, kDenied, kUnavailable with what to
  // do.
  static base::Result<std::unique_ptr<ControlPlane>> Open(ControlPlaneOptions options);
  ~ControlPlane();

  // Until `stop` is set; then ends the round at hand and gives the Lease up. Blocks.
  base::Result<void> Run(const std::atomic<bool>& stop);

  // Of the servers, as they were opened; 0 where there is none.
  std::uint16_t metrics_port() const;
  std::uint16_t health_port() const;
  std::uint16_t webhook_port() const;

 private:
  class Impl;
  explicit ControlPlane(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace tangram::adapter

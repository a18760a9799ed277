// Services that may be a Prometheus.
#pragma once

#include <simdjson.h>

#include <cstdint>
#include <string>
#include <vector>

#include "base/result.h"
#include "cluster/node.h"

namespace tangram::adapter {

struct ServicePort {
  std::string ns;
  std::string service;
  std::string port;    // its name or number
  std::string scheme;  // "https"; empty: http
  std::string prefix;  // of the path inside the service: "/select/0/prometheus"
};

// What of a Service tells whether it may be one.
struct ServiceFacts {
  std::string ns;
  std::string name;
  cluster::Labels labels;
  struct Port {
    std::string name;
    std::int64_t number = 0;
  };
  std::vector<Port> ports;
};
base::Result<ServiceFacts> DecodeService(simdjson::ondemand::object object);

// The services that may answer PromQL, the likeliest first: by the labels and names that
// kube-prometheus-stack, prometheus-operator, the Prometheus chart, Thanos, VictoriaMetrics and
// Mimir give them, and by their ports. At most one port of a service.
std::vector<ServicePort> PrometheusCandidates(const std::vector<ServiceFacts>& services);

}  // namespace tangram::adapter

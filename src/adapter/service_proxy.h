// HTTP to a Service of the cluster through the API server's proxy, with our own credentials: no
// port is forwarded and nothing is installed.
#pragma once

#include <chrono>
#include <string>

#include "adapter/services.h"
#include "kube/client.h"
#include "net/http.h"
#include "telemetry/prometheus.h"

namespace tangram::adapter {

// "/api/v1/namespaces/NS/services/[https:]NAME:PORT/proxy" and the prefix.
std::string ProxyPath(const ServicePort& port);

// GETs below the prefix; needs `get services/proxy`. An answer of any status is a Response, so that
// a query's own error is told from the proxy's. A body past 256 MiB is an error. Borrowed: the
// client must outlive what is returned.
telemetry::Fetch FetchThrough(kube::Client& client, const ServicePort& port);

}  // namespace tangram::adapter

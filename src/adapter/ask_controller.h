// A question to the controller of a live cluster (docs/views.md).
#pragma once

#include <chrono>

#include "adapter/view_request.h"
#include "base/result.h"
#include "kube/config.h"

namespace tangram::adapter {

// Blocks until it is answered. kNotFound: the cluster has no ViewRequests. kLater: nobody answered
// within `patience`. kDenied, kUnavailable: as the API server says.
base::Result<ViewAnswer> AskController(const kube::ConfigSources& cluster, ViewQuestion question,
                                       std::chrono::milliseconds patience);

}  // namespace tangram::adapter

// A question to the controller of a live cluster (docs/views.md).
#pragma once

#include <chrono>
#include <memory>
#include <string>

#include "adapter/view_request.h"
#include "base/result.h"
#include "kube/client.h"
#include "kube/config.h"

namespace tangram::adapter {

// A way to the controller by the API server, for one question after the other.
class ControllerLink {
 public:
  // Connects to nothing yet.
  static base::Result<ControllerLink> Open(const kube::ConfigSources& cluster);

  // Blocks until it is answered. `question.cluster` is filled in. kNotFound: the cluster has no
  // ViewRequests. kLater: nobody answered within `patience`. kDenied, kUnavailable: as the API
  // server says.
  base::Result<ViewAnswer> Ask(ViewQuestion question, std::chrono::milliseconds patience);

 private:
  ControllerLink(std::unique_ptr<kube::Client> client, std::string cluster);

  std::unique_ptr<kube::Client> client_;
  std::string cluster_;
};

}  // namespace tangram::adapter

// The port to the API server: one request at a time, and the object as it is followed.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "base/result.h"
#include "kube/call.h"
#include "kube/client.h"

namespace tangram::agent {

class GpuNodeApi {
 public:
  virtual ~GpuNodeApi() = default;
  virtual void Start(kube::Call call) = 0;
  // The body of the answer, once it is there.
  virtual std::optional<base::Result<std::string>> Take() = 0;
  // The object as JSON, where it changed since the last time that was asked; empty: it is not
  // there. Nothing where it is not followed, or not known yet.
  virtual std::optional<std::string> Changed() = 0;
  // The Node of that name, as JSON. Blocks, for some seconds at most.
  virtual base::Result<std::string> ReadNode() = 0;
  // Why it cannot be followed; empty: it can.
  virtual std::string Trouble() = 0;
};

// Over a client, which it owns. Follows the object named `node` where `follow` says so.
enum class Follow { kNo, kYes };
std::unique_ptr<GpuNodeApi> OverClient(std::unique_ptr<kube::Client> client, std::string node,
                                       Follow follow);

}  // namespace tangram::agent

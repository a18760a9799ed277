// The GpuPlans of a live cluster, for a person who reads and approves them.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "kube/config.h"
#include "plan/proposal.h"

namespace tangram::kube {
class Client;
}

namespace tangram::adapter {

// Every call blocks.
class GpuPlans {
 public:
  static base::Result<GpuPlans> Open(const kube::ConfigSources& cluster);
  ~GpuPlans();
  GpuPlans(GpuPlans&&) noexcept;
  GpuPlans& operator=(GpuPlans&&) noexcept;

  // By name. kNotFound: the cluster has no such kind; one that cannot be read fails the list.
  base::Result<std::vector<plan::Proposal>> List();
  base::Result<plan::Proposal> Get(const std::string& name);
  // The object as the API server has it, as JSON.
  base::Result<std::string> Text(const std::string& name);
  // As it was read: kConflict where it changed since. kDenied: it takes the verb `approve`.
  base::Result<void> Approve(const plan::Proposal& plan);

 private:
  explicit GpuPlans(std::unique_ptr<kube::Client> client);
  std::unique_ptr<kube::Client> client_;
};

}  // namespace tangram::adapter

// Whose a process is: its cgroup by /proc, and the names by the links to containers' logs.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "agent/owners.h"

namespace tangram::agent {

struct OwnerPaths {
  std::string proc = "/proc";
  // The kubelet makes a link here for each container, POD_NAMESPACE_CONTAINER-ID.log, to
  // /var/log/pods/NAMESPACE_POD_UID/CONTAINER/0.log. Its names tell what PodResources does not,
  // with no right at the API server, and without the logs, which need not be there.
  std::string container_links = "/var/log/containers";
};

// Not thread-safe. Reads the links again only where a container is not known, once a Refresh.
class ProcOwners final : public Owners {
 public:
  explicit ProcOwners(OwnerPaths paths);

  void Refresh() override { looked_ = false; }
  Owner Of(std::int64_t pid) override;
  // Of pods of that name that have a container: one that is there, and those before it whose links
  // are left.
  std::vector<std::string> UidsOf(const PodRef& pod);

 private:
  Owner NameOf(const std::string& pod_uid, const std::string& container_id);
  const PodRef* Find(const std::string& pod_uid, const std::string& container_id) const;
  void ReadLinks();

  OwnerPaths paths_;
  bool looked_ = false;
  std::map<std::string, PodRef> containers_;  // by id
  std::map<std::string, PodRef> pods_;        // by uid; no container
};

}  // namespace tangram::agent

// Where a gang that wants its pods near each other may go.
#pragma once

#include <map>
#include <vector>

#include "plan/pass/gang.h"
#include "plan/pass/world.h"
#include "plan/place/topology.h"

namespace tangram::plan {

// Of the nodes that the world has when it is made; refers to it.
class GangDomains {
 public:
  explicit GangDomains(const World& world);
  // In groups as DomainsFor gives them, without domains that leave behind pods of the gang that run
  // already; in a group what has least free first.
  std::vector<std::vector<Domain>> For(const Gang& gang);

 private:
  bool HoldsMates(const Domain& domain, const cluster::Pod& pod);
  const std::vector<std::size_t>& MatesOf(const cluster::Pod& pod);
  std::int64_t FreeIn(const Domain& domain, const cluster::Pod& pod) const;

  const World& world_;
  std::vector<const cluster::Node*> nodes_;
  std::map<GangKey, std::vector<std::size_t>> mates_;  // nodes of pods that run
};

}  // namespace tangram::plan

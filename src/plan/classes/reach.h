// Which nodes a pod may use, once it tolerates GPU taints as admission makes it.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "cluster/pod.h"
#include "plan/classes/index.h"

namespace tangram::plan::classes {

// Borrows all that it is given.
class Reach {
 public:
  Reach(const Index& index, const cluster::Pod& pod, std::span<const std::int64_t> given);

  // Whether the pod, needing that, may use nodes of the group: now, and once they are ready.
  bool MayUse(std::size_t group, const Need& need);
  bool MightUse(std::size_t group, const Need& need);
  // Whether it may run on spot nodes: it is interruptible, or names a capacity type itself.
  bool MayBeSpot(const Need& need) const;

  struct Free {
    std::int64_t devices = 0;
    std::int64_t nodes = 0;  // that have as many as are needed
  };
  // What the pod could get of the offer now, less what was given out; nothing: no room.
  std::optional<Free> FreeOf(std::size_t offer, const Need& need);

 private:
  enum class Known : char { kNo, kYes, kUnknown };
  std::optional<Free> FreeOfNodes(const Offer& offer, std::int64_t given, const Need& need);
  const cluster::Pod& Tolerant();

  const Index& index_;
  const cluster::Pod& pod_;
  std::span<const std::int64_t> given_;
  bool by_node_;
  std::vector<Known> suits_;              // by group: selector, affinity, taints
  std::optional<cluster::Pod> tolerant_;  // the pod with the tolerations of GPU taints
};

}  // namespace tangram::plan::classes

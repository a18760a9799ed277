// Where a pod has to be kept, so that what it asks for is no less there than it needs.
//
// One resource may be a card of one model on some nodes and of another on others, or a share of
// one: nvidia.com/gpu says nothing of it. Node labels do.
#pragma once

#include <optional>
#include <vector>

#include "cluster/pod.h"
#include "cluster/selector.h"
#include "plan/classes/index.h"
#include "plan/classes/reach.h"

namespace tangram::plan::classes {

struct Where {
  std::vector<cluster::SelectorTerm> terms{};      // all of them have to hold
  std::vector<cluster::Toleration> tolerations{};  // that the pod does not have
};

// For a pod that asks for devices like `kind`: by resource, or by a claim, which says itself what
// it takes. Nothing where no label tells nodes that meet the need from others that offer the same
// resource.
std::optional<Where> WhereFor(const Index& index, const Kind& kind, const Need& need,
                              const cluster::Pod& pod, Reach& reach);

// Of nodes that may come, of which nothing is known but what feature discovery will say of them.
std::vector<cluster::SelectorTerm> TermsForNewNodes(const Need& need);
std::vector<cluster::Toleration> TolerationsForNewNodes(const cluster::Pod& pod);

}  // namespace tangram::plan::classes

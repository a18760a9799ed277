// Whether an action of a plan made earlier still makes sense, or is done already.
//
// Looked up in the cluster as it is, whoever changed it: a plan that a person carries out by hand
// is as done as one that was carried out here. Pure.
#pragma once

#include <string>
#include <vector>

#include "cluster/snapshot.h"
#include "plan/plan.h"

namespace tangram::plan {

struct ActionState {
  enum class Kind {
    kOpen,      // it can be done
    kDone,      // the cluster is as it wants it
    kObsolete,  // neither: what it was about has changed
  };
  Kind kind = Kind::kOpen;
  std::string why{};  // of kDone and kObsolete: what was found
  bool operator==(const ActionState&) const = default;
};

// By place in plan.actions. `made_at`: when the plan was made, for what can only be told by its
// age: nodes that came since.
std::vector<ActionState> StatesOf(const Plan& plan, base::Time made_at,
                                  const cluster::Snapshot& now);

}  // namespace tangram::plan

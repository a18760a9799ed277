#include "cluster/condition.h"

#include <algorithm>
#include <utility>

namespace tangram::cluster {

const Condition* ConditionOf(const std::vector<Condition>& conditions, std::string_view type) {
  const auto found = std::find_if(conditions.begin(), conditions.end(),
                                  [&](const Condition& one) { return one.type == type; });
  return found == conditions.end() ? nullptr : &*found;
}

bool Holds(const std::vector<Condition>& conditions, std::string_view type) {
  const Condition* found = ConditionOf(conditions, type);
  return found != nullptr && found->holds;
}

void Say(std::vector<Condition>& conditions, Condition condition, base::Time now) {
  const auto at =
      std::lower_bound(conditions.begin(), conditions.end(), condition.type,
                       [](const Condition& one, std::string_view type) { return one.type < type; });
  condition.since = now;
  if (at == conditions.end() || at->type != condition.type) {
    conditions.insert(at, std::move(condition));
    return;
  }
  if (at->holds == condition.holds) condition.since = at->since;
  *at = std::move(condition);
}

}  // namespace tangram::cluster

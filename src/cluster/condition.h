// What is said of an object in its status, as metav1.Condition.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"

namespace tangram::cluster {

struct Condition {
  std::string type{};  // "Ready"
  bool holds = false;
  std::string reason{};   // one word in CamelCase
  std::string message{};  // for a person
  base::Time since{};     // when `holds` last changed
  bool operator==(const Condition&) const = default;
};

// The condition of that type; nullptr: nothing is said.
const Condition* ConditionOf(const std::vector<Condition>& conditions, std::string_view type);
// Whether it is there, and holds.
bool Holds(const std::vector<Condition>& conditions, std::string_view type);

// Says it, of `now`; what stood there of that type keeps its time where it did not change. By type.
void Say(std::vector<Condition>& conditions, Condition condition, base::Time now);

}  // namespace tangram::cluster

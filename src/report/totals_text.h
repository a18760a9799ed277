// What a plan changes in all, in three lines.
#pragma once

#include <string>

#include "plan/plan.h"

namespace tangram::report {

struct TotalsText {
  std::string money;    // "$425,205 -> $305,438 a month (-28 %)"
  std::string size;     // "38 -> 25 nodes · 204 -> 138 GPUs · 33 % -> 53 % held"
  std::string waiting;  // "8 -> 2 pods wait for a GPU"
};
TotalsText TextOf(const plan::PlanTotals& before, const plan::PlanTotals& after);

}  // namespace tangram::report

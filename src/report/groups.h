// Findings that a person would call one: same workload, same fix.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "plan/leaks/leaks.h"

namespace tangram::report {

struct FindingGroup {
  const plan::Finding* example = nullptr;  // the first of them; leads into the findings
  std::string subject;                     // "chat/Deployment/llama", "node gpu-3", "12 nodes"
  std::int64_t count = 0;
  base::MilliGpu gpus;
  std::optional<base::MicroUsdPerHour> waste;   // absent: none of them has a price
  plan::Level confidence = plan::Level::kHigh;  // the lowest of them
  plan::Level risk = plan::Level::kLow;         // the highest of them
};

// Largest waste first; ties by subject. Groups by kind, model, target, and workload (or pool of
// nodes where nobody holds them).
std::vector<FindingGroup> GroupFindings(const plan::Findings& findings);

}  // namespace tangram::report

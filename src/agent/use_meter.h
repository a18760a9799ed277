// How much of a card's SMs each process used, out of the samples that the driver takes.
#pragma once

#include <cstdint>
#include <map>
#include <vector>

#include "agent/reading.h"

namespace tangram::agent {

// SM-seconds: the integral of the share over time. The driver has a sample for a process only of
// periods in which it ran, and does not say how long a period is: it is what lies between two
// samples of the card, or the least of it that was seen, where nobody ran for a while. Pure.
class UseMeter {
 public:
  // In any order, each once.
  void Add(std::vector<ProcessSample> samples);
  // By process, since the last time.
  std::map<std::int64_t, double> Take();

 private:
  std::uint64_t end_ = 0;             // of the last period; 0: none was seen
  std::uint64_t period_ = 1'000'000;  // NVML's are a sixth of a second to one second
  std::map<std::int64_t, double> seconds_;
};

}  // namespace tangram::agent

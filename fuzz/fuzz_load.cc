// A load in YAML: refused with a reason, or run with nothing lost.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "sim/load.h"
#include "sim/simulation.h"

namespace {

void Require(bool holds) {
  if (!holds) std::abort();
}

// What runs in a moment: the rest was read, and that is what hostile text can reach.
bool IsSmall(const tangram::sim::Load& load) {
  double jobs = 0;
  std::int64_t nodes = 0;
  for (const auto& group : load.groups) nodes += group.most;
  for (const auto& workload : load.workloads) {
    double times = 0;
    for (const double factor : workload.by_hour) times += factor;
    jobs += workload.per_hour * times * workload.wants.members *
            static_cast<double>(load.length.count()) / 3.6e6;
  }
  return nodes < 200 && jobs < 2000;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace tangram::sim;
  const auto load = ReadLoad({reinterpret_cast<const char*>(data), size}, "load.yaml");
  Require(load || !load.error().message.empty());
  if (!load || !IsSmall(*load)) return 0;
  const auto scenario = ScenarioOf(*load, 1);
  if (!scenario) return 0;
  const auto result = Simulate(*scenario, {.policy = "best-fit", .points = 4});
  if (!result) return 0;
  const PodCounts& pods = result->pods;
  Require(pods.arrived == pods.waiting + pods.running + pods.done + pods.failed);
  Require(result->useful <= result->allocated && result->allocated <= result->capacity);
  return 0;
}

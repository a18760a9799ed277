// Events a second of the simulator: jobs come, run and leave on a cluster that is nearly full.
#include <benchmark/benchmark.h>

#include <string>

#include "sim/load.h"
#include "sim/simulation.h"

namespace tangram::sim {
namespace {

// 500 nodes with 8 GPUs; on average 97 % of them are asked for. Six shapes.
std::string LoadOf(int hours) {
  const auto workload = [](const std::string& name, double per_hour, const std::string& asks) {
    return "  - {name: " + name + ", perHour: " + std::to_string(per_hour) +
           ", duration: {exponential: 30m}, asks: {" + asks + ", cpu: 4, memoryGiB: 16}}\n";
  };
  return "length: " + std::to_string(hours) +
         "h\nnodes:\n  - {name: n, gpuModel: A100-40GB, gpus: 8, cpu: 128, memoryGiB: 1000, "
         "count: 500}\nworkloads:\n" +
         workload("a", 3000, "gpus: 1") + workload("b", 3000, "share: 0.5") +
         workload("c", 2000, "share: 0.25") + workload("d", 500, "gpus: 2") +
         workload("e", 200, "gpus: 4") + workload("f", 57, "gpus: 8");
}

void Simulated(benchmark::State& state, const char* policy) {
  const auto scenario = ScenarioOf(*ReadLoad(LoadOf(12), "load"), 1);
  double used = 0;
  for (auto _ : state) {
    const auto result = Simulate(*scenario, {.policy = policy});
    used = static_cast<double>(result->allocated.value()) /
           static_cast<double>(result->capacity.value());
  }
  state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(scenario->jobs.size()));
  state.counters["used"] = used;
}
BENCHMARK_CAPTURE(Simulated, fgd, "fgd")->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(Simulated, tangram, "tangram")->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace tangram::sim

BENCHMARK_MAIN();

// What one round of placement costs on a cluster of that size: pods come, are decided, and go.
//   build/bench/control_bench
#include <benchmark/benchmark.h>

#include <string>
#include <utility>
#include <vector>

#include "big_snapshot.h"
#include "cluster/gate.h"
#include "control/controller.h"
#include "control/fake_plan_maker_testing.h"

namespace tangram::bench {
namespace {

// Takes every write, and says at once that it is done.
class Taker final : public control::Actuator {
 public:
  void Start(Id id, control::Write write) override { open.emplace_back(id, std::move(write)); }
  std::vector<std::pair<Id, control::Write>> open;
};

struct Loop {
  Loop(int nodes, int pods, int waiting) {
    cluster::Snapshot big =
        MakeBigSnapshot({.nodes = nodes, .pods = pods, .waiting = waiting, .seed = 1});
    for (cluster::Node& node : big.nodes) controller.model().Set(std::move(node));
    for (cluster::Pod& pod : big.pods) {
      if (pod.node.empty() && pod.phase == cluster::PodPhase::kPending) {
        pod.gates = {std::string(cluster::kPlacementGate)};
        arriving.push_back(std::move(pod));
      } else {
        controller.model().SetPod(std::move(pod), "1", "");
      }
    }
    controller.SetSynced(true);
    controller.SetLeading(true);
    Settle();
  }

  void Settle() {
    for (int round = 0; round < 2; ++round) {
      now += base::Milliseconds(100);
      controller.Run(now);
      now += base::Milliseconds(100);
      controller.Run(now);
      for (auto& [id, write] : std::exchange(taker.open, {})) controller.Finish(id, {}, now);
    }
  }

  Taker taker;
  control::testing::FakePlanMaker maker;
  control::Controller controller{taker, maker, {}};
  base::Time now = base::Time(base::Milliseconds(1'780'000'000'000));
  std::vector<cluster::Pod> arriving;
};

// range: nodes, pods that run, pods that come at once.
void Round(benchmark::State& state) {
  Loop loop(static_cast<int>(state.range(0)), static_cast<int>(state.range(1)),
            static_cast<int>(state.range(2)));
  std::int64_t lifted = loop.controller.counts().lifted;
  for (auto _ : state) {
    for (const cluster::Pod& pod : loop.arriving) {
      loop.controller.model().SetPod(pod, "1", "");
    }
    loop.now += base::Milliseconds(100);
    loop.controller.Run(loop.now);
    loop.now += base::Milliseconds(100);
    loop.controller.Run(loop.now);
    state.PauseTiming();
    for (auto& [id, write] : std::exchange(loop.taker.open, {})) {
      loop.controller.Finish(id, {}, loop.now);
    }
    for (const cluster::Pod& pod : loop.arriving) {
      loop.controller.model().RemovePod({pod.ns, pod.name});
    }
    loop.Settle();
    state.ResumeTiming();
  }
  lifted = loop.controller.counts().lifted - lifted;
  state.counters["lifted"] =
      benchmark::Counter(static_cast<double>(lifted), benchmark::Counter::kAvgIterations);
}
BENCHMARK(Round)
    ->ArgNames({"nodes", "pods", "come"})
    ->Args({300, 2'000, 1})
    ->Args({300, 2'000, 10})
    ->Args({300, 2'000, 2'000})
    ->Args({1'000, 10'000, 1})
    ->Args({10'000, 100'000, 1})
    ->Args({10'000, 100'000, 100})
    ->Args({10'000, 100'000, 5'000})
    ->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace tangram::bench

BENCHMARK_MAIN();

// What one round of placement costs on a cluster of that size: pods come, are decided, and go.
//   build/bench/control_bench
#include <benchmark/benchmark.h>

#include <set>
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
  Loop(int nodes, int pods, int come) {
    cluster::Snapshot big =
        MakeBigSnapshot({.nodes = nodes, .pods = pods, .waiting = 3 * come + 50, .seed = 1});
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
    KeepWhoFits(static_cast<std::size_t>(come));
    Settle();
  }

  // Of those that want to come: who waits for ever would be looked at again in each round.
  void KeepWhoFits(std::size_t most) {
    Come();
    std::set<std::string> fit;
    for (const auto& [id, write] : taker.open) {
      if (fit.size() < most) fit.insert(control::PodOf(write)->name);
    }
    Go();
    std::erase_if(arriving, [&](const cluster::Pod& pod) { return !fit.contains(pod.name); });
  }

  void Come() {
    for (const cluster::Pod& pod : arriving) controller.model().SetPod(pod, "1", "");
    for (int run = 0; run < 2; ++run) {  // the first sees what changed, the second decides
      now += base::Milliseconds(100);
      controller.Run(now);
    }
  }
  // They are lifted, and gone.
  void Go() {
    for (auto& [id, write] : std::exchange(taker.open, {})) controller.Finish(id, {}, now);
    for (const cluster::Pod& pod : arriving) controller.model().RemovePod({pod.ns, pod.name});
    Settle();
  }
  void ChangeANode() {
    cluster::Node node = controller.model().last().nodes.front();
    std::erase_if(node.labels, [](const auto& label) { return label.first == "turn"; });
    node.labels.emplace_back("turn", std::to_string(++turn));
    controller.model().Set(std::move(node));
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
  control::Controller controller{taker, maker, {.plans_every = std::chrono::hours(1)}};
  base::Time now = base::Time(base::Milliseconds(1'780'000'000'000));
  std::vector<cluster::Pod> arriving;
  int turn = 0;
};

// range: nodes, pods that run, pods that come at once. `whole`: a node changes before they come, so
// that the whole cluster is looked at.
void Round(benchmark::State& state, bool whole) {
  Loop loop(static_cast<int>(state.range(0)), static_cast<int>(state.range(1)),
            static_cast<int>(state.range(2)));
  loop.Come();
  loop.Go();
  const std::int64_t lifted = loop.controller.counts().lifted;
  const std::int64_t rounds = loop.controller.placement().whole_rounds();
  for (auto _ : state) {
    state.PauseTiming();
    if (whole) loop.ChangeANode();
    state.ResumeTiming();
    loop.Come();
    state.PauseTiming();
    loop.Go();
    state.ResumeTiming();
  }
  const auto each = [](std::int64_t count) {
    return benchmark::Counter(static_cast<double>(count), benchmark::Counter::kAvgIterations);
  };
  state.counters["lifted"] = each(loop.controller.counts().lifted - lifted);
  state.counters["whole"] = each(loop.controller.placement().whole_rounds() - rounds);
}

void Sizes(benchmark::internal::Benchmark* bench) {
  bench->ArgNames({"nodes", "pods", "come"})
      ->Args({300, 2'000, 1})
      ->Args({300, 2'000, 10})
      ->Args({300, 2'000, 2'000})
      ->Args({1'000, 10'000, 1})
      ->Args({10'000, 100'000, 1})
      ->Args({10'000, 100'000, 100})
      ->Args({10'000, 100'000, 5'000})
      ->Unit(benchmark::kMillisecond);
}
BENCHMARK_CAPTURE(Round, kept, false)->Apply(Sizes);
BENCHMARK_CAPTURE(Round, whole, true)->Apply(Sizes);

}  // namespace
}  // namespace tangram::bench

BENCHMARK_MAIN();

// Decisions a second of the placer, and how they depend on the size of the cluster.
#include <benchmark/benchmark.h>
#include <sys/resource.h>

#include <algorithm>
#include <random>

#include "plan/place/placer.h"
#include "plan/place/pricing.h"

namespace tangram::plan {
namespace {

// Three kinds of nodes, 8 GPUs each, as a cloud's instance types.
std::vector<NodeState> MakeNodes(std::size_t count) {
  std::vector<NodeState> nodes(count);
  for (std::size_t i = 0; i < count; ++i) {
    nodes[i].cpu = base::MilliCpu(std::vector{96'000, 128'000, 192'000}[i % 3]);
    nodes[i].memory = base::MiB(1'048'576);
    nodes[i].model = static_cast<std::uint8_t>(i % 3);
    nodes[i].gpus = 8;
    std::fill_n(nodes[i].free.begin(), 8, static_cast<std::int16_t>(1000));
  }
  return nodes;
}

// 60 shapes, half of them shares; a few ask for several GPUs or for one model.
std::vector<Shape> MakeRequests(std::size_t count) {
  std::mt19937 random(1);
  std::vector<Shape> shapes(60);
  for (Shape& shape : shapes) {
    shape.cpu = base::MilliCpu(1000 + 500 * static_cast<std::int64_t>(random() % 30));
    shape.memory = base::MiB(4096);
    shape.gpus = std::vector{1, 1, 1, 1, 1, 1, 1, 2, 4, 8}[random() % 10];
    const bool is_share = shape.gpus == 1 && random() % 2 == 0;
    if (is_share) shape.share = base::MilliGpu(100 + 50 * static_cast<std::int64_t>(random() % 16));
    if (random() % 5 == 0) shape.models = ModelSet{1} << (random() % 3);
  }
  std::vector<Shape> requests(count);
  for (Shape& request : requests) request = shapes[random() % shapes.size()];
  return requests;
}

std::unique_ptr<Policy> Fgd(std::span<const NodeState>, std::span<const Shape> requests) {
  return MakeFgd(FindTypicalShapes(requests));
}

// Peak memory of the program so far.
double PeakMiB() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return static_cast<double>(usage.ru_maxrss) / 1024;
}

// Fills half of the cluster's GPUs. What a policy learns of the requests beforehand does not count.
void Place(benchmark::State& state,
           std::unique_ptr<Policy> (*make)(std::span<const NodeState>, std::span<const Shape>)) {
  const auto nodes = MakeNodes(static_cast<std::size_t>(state.range(0)));
  const auto requests = MakeRequests(nodes.size() * 4);
  const auto policy = make(nodes, requests);
  std::size_t classes = 0;
  for (auto _ : state) {
    Placer placer(nodes, *policy);
    for (const Shape& request : requests) {
      benchmark::DoNotOptimize(placer.Place(placer.Intern(request)));
    }
    classes = placer.classes();
  }
  state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(requests.size()));
  state.counters["classes"] = static_cast<double>(classes);
  state.counters["peak_MiB"] = PeakMiB();
}
BENCHMARK_CAPTURE(Place, fgd, Fgd)->Arg(1'000)->Arg(100'000)->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(Place, tangram, MakeTangram)
    ->Arg(1'000)
    ->Arg(100'000)
    ->Unit(benchmark::kMillisecond);

// What tangram learns beforehand, and the bound.
void Price(benchmark::State& state) {
  const auto nodes = MakeNodes(1'000);
  const auto requests = MakeRequests(nodes.size() * 8);
  for (auto _ : state) benchmark::DoNotOptimize(PriceRequests(nodes, requests));
}
BENCHMARK(Price)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace tangram::plan

BENCHMARK_MAIN();

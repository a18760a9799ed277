// Packing MIG instances: how long a proof takes, and what simple rules would cost.
//
// Prints a table of the extra GPUs that each rule needs against the proven least, on random mixes;
// then times Pack() on random demands of 10^2 to 10^6 GPUs. One thread, fixed seeds.
#include <benchmark/benchmark.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <random>
#include <vector>

#include "plan/mig/baselines.h"
#include "plan/mig/layouts.h"
#include "plan/mig/pack.h"

namespace {

using tangram::gpu::MigProfile;
using tangram::gpu::Model;
using tangram::plan::mig::Baselines;
using tangram::plan::mig::Demand;

constexpr const char* kModels[] = {"A100-40GB", "A30-24GB", "H100-80GB", "H200-141GB",
                                   "RTX-PRO-6000-Blackwell-96GB"};
constexpr int kMixes = 100;

int MostOnOneCard(const Model& model, const MigProfile& profile) {
  const MigProfile* const alone[] = {&profile};
  return tangram::plan::mig::MaximalLayouts(model, alone).front().counts.front();
}

enum class Mix { kPlain, kAny };  // kAny: also with media extensions or graphics

// A random share of about `gpus` cards for each of some random profiles: 2 to 5 that are plain, or
// 2 to 11 of any.
std::vector<Demand> RandomMix(const Model& model, Mix kind, double gpus, std::mt19937_64& random) {
  std::vector<const MigProfile*> profiles;
  for (const MigProfile& profile : model.profiles) {
    if (kind == Mix::kAny || profile.is_plain()) profiles.push_back(&profile);
  }
  const std::size_t most_more = kind == Mix::kPlain ? 4 : 10;
  std::shuffle(profiles.begin(), profiles.end(), random);
  profiles.resize(std::min(profiles.size(), 2 + random() % most_more));
  std::uniform_real_distribution<double> uniform(0.05, 1);
  std::vector<double> shares;
  double sum = 0;
  for (std::size_t i = 0; i < profiles.size(); ++i) sum += shares.emplace_back(uniform(random));
  std::vector<Demand> mix;
  for (std::size_t i = 0; i < profiles.size(); ++i) {
    const double count = shares[i] / sum * gpus * MostOnOneCard(model, *profiles[i]);
    mix.push_back({profiles[i], std::max<std::int64_t>(1, std::llround(count))});
  }
  return mix;
}

// The instances of `mix` one by one, as requests arrive.
std::vector<Demand> Arrivals(const std::vector<Demand>& mix, std::mt19937_64& random) {
  std::vector<Demand> arrivals;
  for (const Demand& one : mix) {
    arrivals.insert(arrivals.end(), static_cast<std::size_t>(one.count), Demand{one.profile, 1});
  }
  std::shuffle(arrivals.begin(), arrivals.end(), random);
  return arrivals;
}

void PrintBaselines(double gpus) {
  std::printf(
      "\nExtra GPUs against the proven least, mean of %d random mixes of 2 to 5 plain profiles, "
      "about %.0f GPUs each\n",
      kMixes, gpus);
  std::printf("%-28s %12s %12s %12s %12s %12s\n", "model", "one a card", "first fit", "longest run",
              "decreasing", "best order");
  for (const char* name : kModels) {
    const Model& model = *tangram::gpu::ModelNamed(name);
    std::mt19937_64 random(20'261'121);
    double extra[5] = {};
    for (int i = 0; i < kMixes; ++i) {
      const auto arrivals = Arrivals(RandomMix(model, Mix::kPlain, gpus, random), random);
      const auto packing = tangram::plan::mig::Pack(model, arrivals);
      if (!packing || !packing->proven()) std::abort();
      const Baselines rules = CountBaselines(model, arrivals);
      const std::int64_t counts[] = {rules.one_profile_per_card, rules.first_fit, rules.longest_run,
                                     rules.first_fit_decreasing, rules.best_order};
      for (std::size_t rule = 0; rule < 5; ++rule) {
        const auto more = static_cast<double>(counts[rule] - packing->gpus);
        extra[rule] += 100 * more / static_cast<double>(packing->gpus) / kMixes;
      }
    }
    std::printf("%-28s %11.1f%% %11.1f%% %11.1f%% %11.1f%% %11.1f%%\n", name, extra[0], extra[1],
                extra[2], extra[3], extra[4]);
  }
  std::printf("\n");
}

// One random demand an iteration; `worst_ms` is the longest, `gpus` the mean, `unproven` how many.
void BM_Pack(benchmark::State& state, const char* name) {
  using Clock = std::chrono::steady_clock;
  const Model& model = *tangram::gpu::ModelNamed(name);
  std::mt19937_64 random(7);
  double worst = 0;
  double gpus = 0;
  double unproven = 0;
  for (auto _ : state) {
    state.PauseTiming();
    const auto mix = RandomMix(model, Mix::kAny, static_cast<double>(state.range(0)), random);
    state.ResumeTiming();
    const auto start = Clock::now();
    const auto packing = tangram::plan::mig::Pack(model, mix);
    const std::chrono::duration<double, std::milli> took = Clock::now() - start;
    if (!packing) return state.SkipWithError(packing.error().message.c_str());
    worst = std::max(worst, took.count());
    gpus += static_cast<double>(packing->gpus);
    unproven += packing->proven() ? 0 : 1;
  }
  state.counters["worst_ms"] = worst;
  state.counters["gpus"] = gpus / static_cast<double>(state.iterations());
  state.counters["unproven"] = unproven;
}

}  // namespace

int main(int argc, char** argv) {
  benchmark::Initialize(&argc, argv);
  PrintBaselines(10);
  PrintBaselines(100);
  for (const char* name : kModels) {
    benchmark::RegisterBenchmark((std::string("BM_Pack/") + name).c_str(), BM_Pack, name)
        ->RangeMultiplier(10)
        ->Range(100, 1'000'000)
        ->Iterations(1000)
        ->Unit(benchmark::kMillisecond);
  }
  benchmark::RunSpecifiedBenchmarks();
  return 0;
}

// Changing the layouts of cards in use: what it serves, and how long it takes.
//
// Fleets that have filled up and emptied for a while, so that they have holes; then more is asked
// for than the free slices hold. Prints how much of it each rule serves, and times
// RepartitionFleet(). With --nodes and --pods (an openb trace with times) also what GPUs a day of
// its shares would take as instances, by each rule. One thread, fixed seeds.
#include <benchmark/benchmark.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <fstream>
#include <iterator>
#include <random>
#include <string>
#include <vector>

#include "plan/mig/baselines.h"
#include "plan/mig/repartition.h"
#include "plan/mig/steps.h"
#include "sim/openb_trace.h"

namespace {

using tangram::gpu::MigProfile;
using tangram::gpu::Model;
using tangram::gpu::Occupied;
using tangram::plan::mig::Fleet;
using tangram::plan::mig::FleetCard;
using tangram::plan::mig::Request;
using tangram::plan::mig::StartRule;

constexpr int kFleets = 50;

enum class Moves { kNone, kAll };

std::vector<const MigProfile*> PlainOf(const Model& model) {
  std::vector<const MigProfile*> plain;
  for (const MigProfile& profile : model.profiles) {
    if (profile.is_plain() && !profile.starts.empty()) plain.push_back(&profile);
  }
  return plain;
}

using Cards = std::vector<std::vector<Occupied>>;

// On the first card where it fits.
bool Put(const Model& model, const MigProfile& profile, StartRule rule, Cards& cards) {
  for (auto& card : cards) {
    const auto start = StartBy(rule, model, card, profile);
    if (!start) continue;
    card.push_back({&profile, *start});
    return true;
  }
  return false;
}

// Filled until something finds no room, then a third leaves; five times.
Cards Churned(const Model& model, int gpus, std::mt19937_64& random) {
  const auto plain = PlainOf(model);
  Cards cards(static_cast<std::size_t>(gpus));
  for (int round = 0; round < 5; ++round) {
    for (auto& card : cards) {
      std::erase_if(card, [&](const Occupied&) { return random() % 3 == 0; });
    }
    while (Put(model, *plain[random() % plain.size()], StartRule::kLongestRun, cards)) {
    }
  }
  for (auto& card : cards) {
    std::erase_if(card, [&](const Occupied&) { return random() % 3 == 0; });
  }
  return cards;
}

int FreeSlices(const Model& model, const Cards& cards) {
  int free = 0;
  for (const auto& card : cards) {
    free += model.memory_slices;
    for (const Occupied& at : card) free -= at.profile->memory_slices;
  }
  return free;
}

// As many slices as are free, of random profiles.
std::vector<const MigProfile*> Asked(const Model& model, int slices, std::mt19937_64& random) {
  const auto plain = PlainOf(model);
  std::vector<const MigProfile*> asked;
  while (slices > 0) {
    asked.push_back(plain[random() % plain.size()]);
    slices -= asked.back()->memory_slices;
  }
  return asked;
}

Fleet FleetOf(const Model& model, const Cards& cards, const std::vector<const MigProfile*>& asked,
              Moves moves) {
  Fleet fleet;
  for (const auto& card : cards) {
    FleetCard& of = fleet.cards.emplace_back(FleetCard{.model = &model});
    for (const Occupied& at : card) {
      auto& held = of.held.emplace_back();
      held.at = at;
      if (moves == Moves::kAll) held.moves_to = Request{{.profile = at.profile}};
    }
  }
  for (const MigProfile* profile : asked) {
    fleet.wants.push_back({.request = Request{{.profile = profile}}});
  }
  return fleet;
}

double Greedily(const Model& model, Cards cards, const std::vector<const MigProfile*>& asked,
                StartRule rule) {
  const auto served = std::count_if(asked.begin(), asked.end(), [&](const MigProfile* profile) {
    return Put(model, *profile, rule, cards);
  });
  return static_cast<double>(served);
}

void PrintServed(const char* name, int gpus) {
  const Model& model = *tangram::gpu::ModelNamed(name);
  std::mt19937_64 random(20'261'121);
  double asked_for = 0;
  double served[4] = {};
  double moved = 0;
  for (int i = 0; i < kFleets; ++i) {
    const Cards cards = Churned(model, gpus, random);
    const auto asked = Asked(model, FreeSlices(model, cards), random);
    asked_for += static_cast<double>(asked.size());
    served[0] += Greedily(model, cards, asked, StartRule::kLowest);
    served[1] += Greedily(model, cards, asked, StartRule::kLongestRun);
    for (const Moves moves : {Moves::kNone, Moves::kAll}) {
      const auto best = PlanTransition(FleetOf(model, cards, asked, moves));
      served[moves == Moves::kNone ? 2 : 3] +=
          static_cast<double>(best.answer.totals.served[0].second);
      moved += static_cast<double>(best.answer.moved.size());
    }
  }
  std::printf("%-28s %5d %9.1f %9.1f%% %11.1f%% %9.1f%% %9.1f%% %9.1f\n", name, gpus,
              asked_for / kFleets, 100 * served[0] / asked_for, 100 * served[1] / asked_for,
              100 * served[2] / asked_for, 100 * served[3] / asked_for, moved / kFleets);
}

std::string ReadFile(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

// The smallest plain profile that has the share of the card's memory.
const MigProfile* ProfileFor(const Model& model, std::int64_t milli) {
  const MigProfile* best = nullptr;
  for (const MigProfile* profile : PlainOf(model)) {
    const bool holds = 1000 * profile->memory_slices >= milli * model.memory_slices;
    if (holds && (best == nullptr || profile->memory_slices <= best->memory_slices)) best = profile;
  }
  return best;
}

// Shares that run at that time, as instances.
std::vector<tangram::plan::mig::Demand> RunningAt(const tangram::sim::OpenbTrace& trace,
                                                  std::chrono::seconds now, const Model& model) {
  std::vector<tangram::plan::mig::Demand> demand;
  for (const auto& task : trace.tasks) {
    const bool share = task.gpus == 1 && task.share.value() < 1000;
    const bool runs =
        task.scheduled && *task.scheduled <= now && (!task.deleted || now < *task.deleted);
    if (share && runs) demand.push_back({ProfileFor(model, task.share.value()), 1});
  }
  return demand;
}

// The hour of the trace at which most shares run.
std::chrono::seconds BusiestHour(const tangram::sim::OpenbTrace& trace, const Model& model) {
  std::chrono::seconds last{};
  for (const auto& task : trace.tasks) last = std::max(last, task.scheduled.value_or(last));
  std::pair<std::size_t, std::chrono::seconds> busiest;
  for (std::chrono::seconds at{}; at <= last; at += std::chrono::hours(1)) {
    busiest = std::max(busiest, std::pair(RunningAt(trace, at, model).size(), at));
  }
  return busiest.second;
}

void PrintDay(const tangram::sim::OpenbTrace& trace, const char* name) {
  const Model& model = *tangram::gpu::ModelNamed(name);
  const std::chrono::seconds last = BusiestHour(trace, model);
  double gpus = 0;
  double extra[5] = {};
  for (int hour = 0; hour < 24; ++hour) {
    const auto demand = RunningAt(trace, last - std::chrono::hours(hour), model);
    const auto packing = tangram::plan::mig::Pack(model, demand);
    if (!packing || !packing->proven()) continue;
    const auto rules = CountBaselines(model, demand);
    const std::int64_t counts[] = {rules.one_profile_per_card, rules.first_fit, rules.longest_run,
                                   rules.first_fit_decreasing, rules.best_order};
    for (std::size_t rule = 0; rule < 5; ++rule) {
      extra[rule] += static_cast<double>(counts[rule] - packing->gpus);
    }
    gpus += static_cast<double>(packing->gpus);
  }
  std::printf("%-28s %9.1f %10.1f%% %10.1f%% %10.1f%% %10.1f%% %10.1f%%\n", name, gpus / 24,
              100 * extra[0] / gpus, 100 * extra[1] / gpus, 100 * extra[2] / gpus,
              100 * extra[3] / gpus, 100 * extra[4] / gpus);
}

void PrintTrace(const std::string& nodes, const std::string& pods) {
  const std::string nodes_csv = ReadFile(nodes);
  const std::string pods_csv = ReadFile(pods);
  const auto trace = tangram::sim::ReadOpenb({nodes_csv, pods_csv, nodes, pods});
  if (!trace) {
    std::fprintf(stderr, "%s\n", trace.error().message.c_str());
    std::exit(2);
  }
  std::printf(
      "\nGPUs for the shares of the trace, in the 24 hours up to its busiest, and what rules "
      "more\n");
  std::printf("%-28s %9s %11s %11s %11s %11s %11s\n", "model", "GPUs", "one a card", "first fit",
              "longest run", "decreasing", "best order");
  for (const char* name : {"A100-40GB", "A30-24GB", "H100-80GB"}) PrintDay(*trace, name);
}

void BM_Repartition(benchmark::State& state, Moves moves) {
  const Model& model = *tangram::gpu::ModelNamed("A100-40GB");
  std::mt19937_64 random(7);
  double unproven = 0;
  double served = 0;
  for (auto _ : state) {
    state.PauseTiming();
    const Cards cards = Churned(model, static_cast<int>(state.range(0)), random);
    const Fleet fleet =
        FleetOf(model, cards, Asked(model, FreeSlices(model, cards), random), moves);
    state.ResumeTiming();
    const auto answer = RepartitionFleet(fleet);
    unproven += answer.proven() ? 0 : 1;
    served += static_cast<double>(answer.totals.served[0].second);
  }
  state.counters["unproven"] = unproven;
  state.counters["served"] = served / static_cast<double>(state.iterations());
}

std::string Taken(int& argc, char** argv, const std::string& option) {
  for (int i = 1; i + 1 < argc; ++i) {
    if (argv[i] != option) continue;
    std::string value = argv[i + 1];
    std::copy(argv + i + 2, argv + argc, argv + i);
    argc -= 2;
    return value;
  }
  return "";
}

}  // namespace

int main(int argc, char** argv) {
  const std::string nodes = Taken(argc, argv, "--nodes");
  const std::string pods = Taken(argc, argv, "--pods");
  benchmark::Initialize(&argc, argv);
  std::printf("\nOf what is asked for on fleets with holes, served (mean of %d fleets)\n", kFleets);
  std::printf("%-28s %5s %9s %10s %12s %10s %10s %9s\n", "model", "GPUs", "asked", "first fit",
              "longest run", "best", "with moves", "moved");
  for (const char* name : {"A100-40GB", "A30-24GB", "H100-80GB"}) {
    for (const int gpus : {8, 64}) PrintServed(name, gpus);
  }
  if (!nodes.empty() && !pods.empty()) PrintTrace(nodes, pods);
  std::printf("\n");
  for (const auto& [name, moves] :
       {std::pair("BM_Repartition/stay", Moves::kNone), {"BM_Repartition/move", Moves::kAll}}) {
    benchmark::RegisterBenchmark(name, BM_Repartition, moves)
        ->RangeMultiplier(8)
        ->Range(8, moves == Moves::kNone ? 4096 : 512)
        ->Iterations(5)
        ->Unit(benchmark::kMillisecond);
  }
  benchmark::RunSpecifiedBenchmarks();
  return 0;
}

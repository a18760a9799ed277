// Stories in virtual time, with figures worked out by hand, and laws over random loads.
#include "sim/simulation.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <random>

#include "base/sanitized_testing.h"
#include "sim/fleet.h"
#include "sim/scenario_builder.h"

namespace tangram::sim {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;

constexpr base::MicroUsdPerHour kDollarAnHour{1'000'000};

NodeGroup Group(int gpus, const std::string& name = "node") {
  NodeGroup group;
  group.name = name;
  group.empty.cpu = base::MilliCpu(64'000);
  group.empty.memory = base::MiB(512 * 1024);
  group.empty.gpus = static_cast<std::uint8_t>(gpus);
  std::fill_n(group.empty.free.begin(), gpus, static_cast<std::int16_t>(1000));
  group.rate = kDollarAnHour;
  group.least = 1;
  return group;
}

Wants Gpus(int gpus, int milli = 1000) {
  return {.cpu = base::MilliCpu(1000), .gpus = gpus, .share = base::MilliGpu(milli)};
}

// A cluster of groups, to which jobs are added.
class Story {
 public:
  Story() { builder_.AddWorkload("work"); }

  Story& With(NodeGroup group, int on, int off = 0, const std::string& model = "A100-40GB") {
    group.model = gpu::ModelNamed(model);
    const auto number = builder_.AddGroup(std::move(group), model);
    for (int i = 0; i < on; ++i) builder_.AddNode(*number, AtStart::kOn);
    for (int i = 0; i < off; ++i) builder_.AddNode(*number, AtStart::kOff);
    return *this;
  }
  Story& Job(Milliseconds arrival, std::optional<Milliseconds> duration, const Wants& wants,
             int priority = 0, Milliseconds checkpoint = Milliseconds(0)) {
    builder_.AddJob({.ask = builder_.Intern(wants),
                     .arrival = arrival,
                     .duration = duration,
                     .priority = priority,
                     .checkpoint = checkpoint});
    return *this;
  }
  SimulationResult Run(Milliseconds length, std::uint64_t seed = 1) {
    const Scenario scenario = std::move(builder_).Finish(length, seconds(60));
    const auto result = Simulate(scenario, {.policy = "best-fit", .seed = seed, .points = 12});
    EXPECT_TRUE(result) << result.error().message;
    return result.value_or(SimulationResult{});
  }

 private:
  ScenarioBuilder builder_;
};

std::int64_t GpuMinutes(MilliGpuTime time) { return time.value() / 60'000'000; }

TEST(Simulate, OneServerTakesOneAfterTheOther) {
  // D/D/1: one every 4 minutes, each of 10: the n-th waits 6 (n - 1).
  Story story;
  story.With(Group(1), 1);
  for (int i = 0; i < 5; ++i) story.Job(minutes(4 * i), minutes(10), Gpus(1));
  const auto result = story.Run(hours(1));
  EXPECT_EQ(result.pods.done, 5);
  EXPECT_EQ(result.wait.mean, minutes(12));
  EXPECT_EQ(result.wait.p50, minutes(12));
  EXPECT_EQ(result.wait.most, minutes(24));
  EXPECT_EQ(GpuMinutes(result.allocated), 50);
  EXPECT_EQ(GpuMinutes(result.capacity), 60);
  EXPECT_EQ(result.spent, base::MicroUsd(1'000'000));
}

TEST(Simulate, PriorityGoesFirstAndTheSmallGoPastTheLarge) {
  Story story;
  story.With(Group(2), 1)
      .Job(minutes(0), minutes(10), Gpus(1))
      .Job(minutes(1), minutes(10), Gpus(2))       // waits for both cards
      .Job(minutes(2), minutes(3), Gpus(1))        // goes past it: 2 to 5
      .Job(minutes(3), minutes(20), Gpus(1), 10);  // more urgent: 5 to 25
  const auto result = story.Run(hours(1));
  EXPECT_EQ(result.pods.done, 4);
  // The large one waits from 1 to 25, the urgent one from 3 to 5.
  EXPECT_EQ(result.wait.mean * 4, minutes(24 + 2));
}

TEST(Simulate, AGangStartsWholeOrNotAtAll) {
  Story story;
  Wants pair = Gpus(1);
  pair.members = 2;
  story.With(Group(1), 2)
      .Job(minutes(0), minutes(10), Gpus(1))
      .Job(minutes(1), minutes(10), pair)     // 10 to 20
      .Job(minutes(2), minutes(3), Gpus(1));  // on the free card at once
  const auto result = story.Run(hours(1));
  EXPECT_EQ(result.pods.done, 4);
  EXPECT_EQ(result.placed, 4);
  EXPECT_EQ(result.wait.most, minutes(9));
  EXPECT_EQ(GpuMinutes(result.allocated), 10 + 20 + 3);
}

TEST(Simulate, WhatNoNodeCouldHoldFails) {
  Story story;
  Wants pair = Gpus(2);
  pair.members = 2;
  story.With(Group(2), 1).Job(minutes(0), minutes(1), Gpus(3)).Job(minutes(0), minutes(1), pair);
  const auto result = story.Run(hours(1));
  EXPECT_EQ(result.pods.failed, 3);
  EXPECT_EQ(result.placed, 0);
  EXPECT_EQ(result.wait.mean, minutes(0));
}

TEST(Simulate, ANodeIsAskedForBootsAndIsGivenBack) {
  NodeGroup group = Group(2);
  group.least = 0;
  group.boot = minutes(5);
  group.idle_after = minutes(10);
  Story story;
  story.With(group, 0, 3)
      .Job(minutes(10), minutes(20), Gpus(1))
      .Job(minutes(12), minutes(8), Gpus(1));  // fits on the node that boots already
  const auto result = story.Run(hours(2));
  EXPECT_EQ(result.boots, 1);
  EXPECT_EQ(result.wait.most, minutes(5));
  EXPECT_EQ(result.wait.p50, minutes(3));
  // Asked for at 10, ready at 15, empty at 35, given back at 45.
  EXPECT_EQ(result.groups[0].paid, minutes(35));
  EXPECT_EQ(result.spent, CostOf(kDollarAnHour, minutes(35)));
  EXPECT_EQ(GpuMinutes(result.capacity), 2 * 30);
}

TEST(Simulate, TheCheapestThatFitsIsAskedFor) {
  NodeGroup dear = Group(1, "dear");
  dear.rate = base::MicroUsdPerHour(5'000'000);
  dear.least = 0;
  NodeGroup cheap = dear;
  cheap.name = "cheap";
  cheap.rate = kDollarAnHour;
  Story story;
  story.With(dear, 0, 1).With(cheap, 0, 1).Job(minutes(0), std::nullopt, Gpus(1));
  const auto result = story.Run(hours(3));
  EXPECT_EQ(result.groups[0].paid, minutes(0));
  EXPECT_EQ(result.groups[1].paid, hours(3));
  EXPECT_EQ(result.pods.running, 1);
}

// The seed gives one interruption of the one spot node somewhere in the hour.
TEST(Simulate, AnInterruptedJobStartsAgainFromItsCheckpoint) {
  const auto run = [](Milliseconds checkpoint, bool spot_too) {
    NodeGroup spot = Group(1, "spot");
    spot.capacity = cluster::CapacityType::kSpot;
    spot.boot = minutes(2);
    spot.mean_between_interruptions = hours(3);
    Story story;
    Wants wants = Gpus(1);
    wants.spot_too = spot_too;
    story.With(spot, 1).Job(minutes(0), hours(10), wants, 0, checkpoint);
    return story.Run(hours(48));
  };
  const auto lost = run(minutes(0), true);
  const auto kept = run(minutes(30), true);
  ASSERT_GT(lost.interruptions, 0);
  EXPECT_EQ(lost.interruptions, kept.interruptions);  // whatever runs there
  EXPECT_GT(lost.disturbed, 0);
  EXPECT_EQ(kept.pods.done, 1);
  // The ten hours of work, and less than half an hour lost each time.
  EXPECT_EQ(GpuMinutes(kept.useful), 600);
  EXPECT_LT(GpuMinutes(kept.allocated), 600 + 30 * kept.disturbed);
  EXPECT_GT(GpuMinutes(lost.allocated - lost.useful), GpuMinutes(kept.allocated - kept.useful));
  // Every interruption costs a boot; it waits that long.
  EXPECT_EQ(kept.wait.most, minutes(2) * kept.disturbed);
  EXPECT_EQ(kept.groups[0].paid, hours(48));
  EXPECT_EQ(run(minutes(0), false).pods.failed, 1);  // it may not run on spot
}

TEST(Simulate, CardsAreCutWhichTakesAMinute) {
  Wants small = {.cpu = base::MilliCpu(1000), .profile = "1g.5gb"};
  Story story;
  story.With(Group(1), 1);
  for (int i = 0; i < 7; ++i) story.Job(minutes(0), minutes(30), small);
  story.Job(minutes(10), minutes(5), Gpus(1));  // waits until the card is whole again
  const auto result = story.Run(hours(2));
  EXPECT_EQ(result.pods.done, 8);
  EXPECT_EQ(result.cuts, 1);
  // Seven wait the minute of the cut; the card is free at 31, whole at 32.
  EXPECT_EQ(result.wait.p50, minutes(1));
  EXPECT_EQ(result.wait.most, minutes(22));
  // Each holds a seventh of the card: 142 thousandths.
  EXPECT_EQ(result.allocated.value(), (7 * 142 * 30 + 1000 * 5) * 60'000);
}

TEST(Simulate, AnInstanceIsMadeBesideHeldOnes) {
  Story story;
  story.With(Group(1), 1)
      .Job(minutes(0), minutes(60), {.profile = "3g.20gb"})
      .Job(minutes(5), minutes(10), {.profile = "2g.10gb"})    // beside it: 6 to 16
      .Job(minutes(20), minutes(10), {.profile = "3g.20gb"});  // takes the free one apart: 21
  const auto result = story.Run(hours(2));
  EXPECT_EQ(result.cuts, 1);
  EXPECT_EQ(result.pods.done, 3);
  EXPECT_EQ(result.wait.most, minutes(1));
}

TEST(Simulate, WhatStillWaitsCountsWithWhatItWaited) {
  Story story;
  story.With(Group(1), 1)
      .Job(minutes(0), std::nullopt, Gpus(1))
      .Job(minutes(10), minutes(5), Gpus(1));
  const auto result = story.Run(hours(1));
  EXPECT_EQ(result.pods.waiting, 1);
  EXPECT_EQ(result.wait.most, minutes(50));
}

// ---- laws ----

Scenario RandomScenario(std::mt19937& random) {
  ScenarioBuilder builder;
  builder.AddWorkload("work");
  const auto any = [&](int most) {
    return static_cast<int>(random() % static_cast<unsigned>(most));
  };
  for (int g = 0; g < 3; ++g) {
    NodeGroup group = Group(1 << any(4), "group");
    group.rate = base::MicroUsdPerHour(1 + any(9'000'000));
    group.boot = minutes(any(10));
    const int on = any(4);
    const int off = any(4);
    group.least = any(on + 1);
    if (any(2) == 0) group.idle_after = minutes(1 + any(30));
    const bool spot = any(3) == 0;
    if (spot) {
      group.capacity = cluster::CapacityType::kSpot;
      group.mean_between_interruptions = minutes(30 + any(300));
    }
    const std::string model = any(2) == 0 ? "A100-40GB" : "H100-80GB";
    group.model = gpu::ModelNamed(model);
    const auto number = builder.AddGroup(group, model);
    const bool cut = any(2) == 0;
    for (int i = 0; i < on + off; ++i) {
      const std::size_t node = builder.AddNode(*number, i < on ? AtStart::kOn : AtStart::kOff);
      for (int gpu = 0; cut && i < on && gpu < group.empty.gpus; ++gpu) {
        const auto* half = gpu::ProfileNamed(
            *group.model, std::array{"3g.20gb", "3g.40gb"}.at(model == "A100-40GB" ? 0 : 1));
        builder.AddCutCard(
            {.at = {node, static_cast<plan::GpuSet>(1U << static_cast<unsigned>(gpu))},
             .instances = {{half, 0}}});
      }
    }
  }
  std::vector<std::uint32_t> asks;
  for (int i = 0; i < 8; ++i) {
    Wants wants = Gpus(std::vector{0, 1, 1, 2, 4}[random() % 5]);
    if (wants.gpus == 1) wants.share = base::MilliGpu(100 + any(900));
    if (any(3) == 0)
      wants.gpus = 0, wants.profile = std::vector{"1g.5gb", "3g.20gb", "1g.10gb"}[random() % 3];
    wants.spot_too = any(2) == 0;
    wants.members = 1 + any(3);
    asks.push_back(builder.Intern(wants));
  }
  for (int i = 0; i < 150; ++i) {
    Job job;
    job.ask = asks[random() % asks.size()];
    job.arrival = seconds(any(36'000));
    if (any(10) > 0) job.duration = seconds(any(7200));
    job.priority = any(3);
    job.checkpoint = minutes(any(2) * 10);
    builder.AddJob(job);
  }
  return std::move(builder).Finish(hours(12), seconds(30));
}

void ExpectConserved(const PodCounts& pods) {
  EXPECT_EQ(pods.arrived, pods.waiting + pods.running + pods.done + pods.failed);
  for (const auto count : {pods.waiting, pods.running, pods.done, pods.failed}) EXPECT_GE(count, 0);
}

TEST(SimulateLaw, NothingIsLostAndSumsAddUp) {
  for (unsigned seed = 0; seed < (base::kSanitized ? 2U : 25U); ++seed) {
    std::mt19937 random(seed);
    const Scenario scenario = RandomScenario(random);
    for (const auto policy : {"tangram", "fgd", "gpu-clustering", "random"}) {
      const auto cutting = static_cast<Cutting>((seed + std::size(std::string_view(policy))) % 4);
      const SimulationOptions options{
          .policy = policy, .cutting = cutting, .seed = seed, .points = 24};
      const auto result = Simulate(scenario, options);
      ASSERT_TRUE(result);
      EXPECT_EQ(Simulate(scenario, options), result) << "same seed, another result";
      ASSERT_EQ(result->points.size(), 25U);
      for (const SimulationPoint& point : result->points) {
        ExpectConserved(point.pods);
        EXPECT_LE(point.allocated, point.capacity);
      }
      EXPECT_EQ(result->points.back().pods, result->pods);
      PodCounts sum;
      for (const WorkloadResult& workload : result->workloads) {
        ExpectConserved(workload.pods);
        sum.arrived += workload.pods.arrived;
      }
      EXPECT_EQ(sum.arrived, result->pods.arrived);
      if (cutting == Cutting::kFixed) {
        EXPECT_EQ(result->recuts, 0);
      }
      if (cutting != Cutting::kWipe && result->interruptions == 0) {
        EXPECT_EQ(result->disturbed, 0) << "only wipes stop anybody";
      }
      EXPECT_LE(result->useful, result->allocated);
      EXPECT_LE(result->allocated, result->capacity);
      base::MicroUsd spent;
      MilliGpuTime most;  // had every paid node been on at once
      for (std::size_t g = 0; g < scenario.groups.size(); ++g) {
        spent += CostOf(*scenario.groups[g].rate, result->groups[g].paid);
        most += MilliGpuTime(1000 * scenario.groups[g].empty.gpus * result->groups[g].paid.count());
      }
      EXPECT_EQ(spent, result->spent);
      EXPECT_LE(result->capacity, most);
      ASSERT_FALSE(::testing::Test::HasFailure()) << policy << " seed " << seed;
    }
  }
}

// M/M/1 at half load: the mean wait is that of one service.
TEST(SimulateLaw, AQueueWaitsAsTheFormulaSays) {
  std::mt19937_64 random(5);
  const auto draw = [&](double mean_minutes) {
    const double share = static_cast<double>(random() >> 11U) * 0x1p-53;
    return Milliseconds(static_cast<std::int64_t>(-std::log1p(-share) * mean_minutes * 60'000));
  };
  Story story;
  story.With(Group(1), 1);
  Milliseconds at{};
  constexpr int kJobs = base::kSanitized ? 4'000 : 40'000;
  for (int i = 0; i < kJobs; ++i) story.Job(at += draw(20), draw(10), Gpus(1));
  const auto result = story.Run(at);
  EXPECT_NEAR(static_cast<double>(result.wait.mean.count()) / 60'000, 10,
              base::kSanitized ? 2 : 0.7);
}

TEST(Simulate, AnUnknownPolicyAndTooLongARunAreRefused) {
  ScenarioBuilder builder;
  const auto group = builder.AddGroup(Group(8), "A100-40GB");
  for (int i = 0; i < 10'000; ++i) builder.AddNode(*group, AtStart::kOn);
  Scenario scenario = std::move(builder).Finish(hours(1), seconds(30));
  EXPECT_FALSE(Simulate(scenario, {.policy = "magic"}));
  scenario.length = hours(24 * 365);
  EXPECT_TRUE(Simulate(scenario, {.policy = "fgd", .points = 1}));
  scenario.length = hours(24 * 3660);
  const auto refused = Simulate(scenario, {.policy = "fgd"});
  ASSERT_FALSE(refused);
  EXPECT_NE(refused.error().message.find("80000 GPUs"), std::string::npos);
}

}  // namespace
}  // namespace tangram::sim

// Loads in YAML: read, drawn, refused with a reason.
#include "sim/load.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/file.h"

namespace tangram::sim {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using ::testing::HasSubstr;

const std::string kSmall = R"(length: 48h
nodes:
  - {name: a, gpuModel: a100-40gb, gpus: 8, cpu: 96, memoryGiB: 1000, count: 4, most: 10, least: 2,
     price: 21.5, spotShare: 0.5, spotPrice: 9, interruptionsPerHour: 0.5, boot: 4m}
workloads:
  - name: w
    perHour: 10
    byHour: [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2]
    duration: {fixed: 30m}
    asks: {share: 0.25, cpu: 2.5, memoryGiB: 8, gpuModels: [A100-40GB]}
    gang: 2
    priority: 7
    checkpoint: 10m
)";

TEST(ReadLoad, EveryField) {
  const auto load = ReadLoad(kSmall, "small.yaml");
  ASSERT_TRUE(load) << load.error().message;
  EXPECT_EQ(load->length, hours(48));
  EXPECT_EQ(load->cut, std::chrono::seconds(30));
  const auto scenario = ScenarioOf(*load, 1);
  ASSERT_TRUE(scenario);
  ASSERT_EQ(scenario->groups.size(), 2U);
  const NodeGroup& on_demand = scenario->groups[0];
  const NodeGroup& spot = scenario->groups[1];
  EXPECT_EQ(on_demand.name, "a");
  EXPECT_EQ(on_demand.rate, base::MicroUsdPerHour(21'500'000));
  EXPECT_EQ(on_demand.least, 1);
  EXPECT_EQ(on_demand.boot, minutes(4));
  EXPECT_EQ(on_demand.idle_after, minutes(10));
  EXPECT_EQ(spot.name, "a spot");
  EXPECT_EQ(spot.capacity, cluster::CapacityType::kSpot);
  EXPECT_EQ(spot.rate, base::MicroUsdPerHour(9'000'000));
  EXPECT_EQ(spot.mean_between_interruptions, hours(2));
  EXPECT_NE(spot.empty.model, on_demand.empty.model);
  ASSERT_EQ(scenario->nodes.size(), 10U);
  const auto on = std::count_if(scenario->nodes.begin(), scenario->nodes.end(),
                                [](const auto& node) { return node.at_start == AtStart::kOn; });
  EXPECT_EQ(on, 4);
  ASSERT_EQ(scenario->asks.size(), 1U);
  const Ask& ask = scenario->asks[0];
  EXPECT_EQ(ask.members, 2);
  EXPECT_EQ(ask.shape.cpu, base::MilliCpu(2500));
  EXPECT_EQ(ask.shape.memory, base::MiB(8192));
  EXPECT_EQ(ask.shape.share, base::MilliGpu(250));
  EXPECT_EQ(ask.shape.models, plan::ModelSet{1});  // not on spot
}

TEST(AddJobs, ComeAtTheRateOfTheHour) {
  const auto load = ReadLoad(kSmall, "small.yaml");
  const auto scenario = ScenarioOf(*load, 3);
  ASSERT_TRUE(scenario);
  // 20 an hour in 24 of the 48 hours.
  EXPECT_NEAR(static_cast<double>(scenario->jobs.size()), 480, 70);
  for (const Job& job : scenario->jobs) {
    EXPECT_GE(job.arrival % hours(24), hours(12));
    EXPECT_EQ(job.duration, minutes(30));
  }
  EXPECT_EQ(ScenarioOf(*load, 3)->jobs.size(), scenario->jobs.size());
  EXPECT_NE(ScenarioOf(*load, 4)->jobs.front().arrival, scenario->jobs.front().arrival);
}

TEST(AddJobs, LengthsFollowTheirDistribution) {
  const auto mean_minutes = [](const std::string& duration) {
    const auto load = ReadLoad(
        "{length: 1000h, nodes: [], workloads: [{name: w, perHour: 20, asks: {cpu: 1}, duration: " +
            duration + "}]}",
        "load");
    EXPECT_TRUE(load) << load.error().message;
    const auto scenario = ScenarioOf(*load, 1);
    double sum = 0;
    for (const Job& job : scenario->jobs) sum += static_cast<double>(job.duration->count()) / 6e4;
    return sum / static_cast<double>(scenario->jobs.size());
  };
  EXPECT_NEAR(mean_minutes("{exponential: 40m}"), 40, 1.2);
  EXPECT_NEAR(mean_minutes("{logNormal: 10m, sigma: 1}"), 10 * std::exp(0.5), 1);
}

TEST(ReadLoad, TheExampleIsFine) {
  const auto text = base::ReadFile(TANGRAM_SOURCE_DIR "/examples/day.yaml", 1U << 20U);
  ASSERT_TRUE(text);
  const auto load = ReadLoad(*text, "day.yaml");
  EXPECT_TRUE(load) << load.error().message;
}

struct Refusal {
  std::string from;
  std::string to;
  std::string told;
};

TEST(ReadLoad, SaysWhereAndWhatAndHow) {
  const std::vector<Refusal> refusals = {
      {"length: 48h", "length: fast", "day.yaml: line 1: length is \"fast\"; write a span"},
      {"length: 48h", "length: 0s", "length is 0s; write at least 1s"},
      {"length: 48h", "lenght: 48h", "line 1: lenght is no field of it; did you mean length?"},
      {"cpu: 96", "cpu: -1", "line 3: nodes[0].cpu is -1; write a number from 0"},
      {"gpus: 8", "gpus: 17", "nodes[0].gpus is 17; write a whole number from 0 to 16"},
      {"most: 10", "most: 3", "nodes[0].most is 3; write a whole number from 4"},
      {"boot: 4m", "idleAfter: 0s", "nodes[0].idleAfter is 0s; write at least 1s"},
      {"least: 2", "least: 5", "nodes[0].least is 5; write a whole number from 0 to 4"},
      {"spotShare: 0.5", "spotShare: 2", "spotShare is 2; write a number from 0 to 1,"},
      {"spotShare: 0.5,", "",
       "nodes[0].spotPrice stands there without spotShare; write spotShare too"},
      {"gpuModel: a100-40gb, ", "", "nodes[0].gpuModel is not there; write the model"},
      {"perHour: 10", "perHour: 2000000",
       "workloads[0].perHour is 2000000; write a number from 0 to 1000000,"},
      {"perHour: 10", "perHour: 1000000", "make about 48000000 arrivals; at most 5000000"},
      {"perHour: 10", "perHour: nan", "perHour is \"nan\"; write a number"},
      {"[0, 0,", "[0,", "workloads[0].byHour has 23 of them; write a list of 24"},
      {"{fixed: 30m}", "{fixed: 30m, sigma: 1}", "duration.sigma stands there without logNormal"},
      {"{fixed: 30m}", "{}", "workloads[0].duration names 0 distributions; write one of"},
      {"{fixed: 30m}", "[1]", "workloads[0].duration is a list; write a map"},
      {"share: 0.25", "share: 0", "workloads[0].asks.share is less than 0.001"},
      {"share: 0.25", "share: 0.25, gpus: 1", "asks has more than one of gpus, share and mig"},
      {"share: 0.25", "mig: 9g.1gb", "asks.mig is \"9g.1gb\"; write a MIG profile"},
      {"gang: 2", "gang: 0", "workloads[0].gang is 0; write a whole number from 1"},
      {"priority: 7", "priority: 7\n    priority: 8",
       "workloads[0].priority stands there twice; keep one"},
      {"checkpoint: 10m", "interruptible: maybe",
       "interruptible is \"maybe\"; write true or false"},
      {"    gang: 2", "  - 3\n  - gang: 2", "workloads[1] is 3; write a map"},
      {"length: 48h", "{", "line"},
  };
  for (const Refusal& refusal : refusals) {
    std::string text = kSmall;
    const auto at = text.find(refusal.from);
    ASSERT_NE(at, std::string::npos) << refusal.from;
    text.replace(at, refusal.from.size(), refusal.to);
    const auto load = ReadLoad(text, "day.yaml");
    ASSERT_FALSE(load) << refusal.to;
    EXPECT_THAT(load.error().message, HasSubstr(refusal.told)) << refusal.to;
  }
  EXPECT_THAT(ReadLoad(kSmall + "---\n1\n", "day.yaml").error().message,
              HasSubstr("day.yaml: line 1: it has 2 YAML documents"));
  EXPECT_THAT(ReadLoad("length: 1h\nnodes: 3", "day.yaml").error().message,
              HasSubstr("day.yaml: line 2: nodes is 3; write a list"));
  EXPECT_FALSE(ReadLoad("", "day.yaml"));
  EXPECT_FALSE(ReadLoad("3", "day.yaml"));
}

}  // namespace
}  // namespace tangram::sim

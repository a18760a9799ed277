// A trace of two nodes and four tasks, each with what the scenario makes of it.
#include "sim/timed_trace.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace tangram::sim {
namespace {

using std::chrono::minutes;
using std::chrono::seconds;
using ::testing::HasSubstr;

OpenbNode Node(const std::string& name, int gpus, const std::string& model) {
  return {.name = name,
          .cpu = base::MilliCpu(32'000),
          .memory = base::MiB(64 * 1024),
          .gpus = gpus,
          .model = model};
}

OpenbTask Task(const std::string& name, int created, std::optional<int> scheduled,
               std::optional<int> deleted) {
  OpenbTask task;
  task.name = name;
  task.cpu = base::MilliCpu(1000);
  task.gpus = 1;
  task.share = base::MilliGpu(500);
  task.created = seconds(created);
  if (scheduled) task.scheduled = seconds(*scheduled);
  if (deleted) task.deleted = seconds(*deleted);
  return task;
}

OpenbTrace Small() {
  OpenbTrace trace;
  trace.nodes = {Node("a", 2, "T4"), Node("b", 0, ""), Node("c", 2, "T4")};
  trace.tasks = {Task("ends", 60, 90, 150), Task("never-ran", 70, std::nullopt, 80),
                 Task("stays", 120, 130, std::nullopt), Task("backwards", 180, 200, 190)};
  return trace;
}

TEST(TimedTrace, TasksArriveWhenCreatedAndRunAsLongAsTheyDid) {
  const auto timed = ScenarioOf(Small(), TimedTraceOptions{.boot = minutes(3)});
  ASSERT_TRUE(timed) << timed.error().message;
  EXPECT_EQ(timed->left_out, 1);
  const Scenario& scenario = timed->scenario;
  EXPECT_EQ(scenario.length, seconds(180)) << "until the last comes";
  ASSERT_EQ(scenario.jobs.size(), 3U);
  EXPECT_EQ(scenario.jobs[0].arrival, seconds(60));
  EXPECT_EQ(scenario.jobs[0].duration, seconds(60));
  EXPECT_EQ(scenario.jobs[1].duration, std::nullopt) << "without a deletion to the end";
  EXPECT_EQ(scenario.jobs[2].duration, seconds(0)) << "deleted before it was scheduled";
  ASSERT_EQ(scenario.asks.size(), 1U);
  EXPECT_EQ(scenario.asks[0].shape.share, base::MilliGpu(500));
}

TEST(TimedTrace, EqualNodesAreOneGroup) {
  const auto timed =
      ScenarioOf(Small(), TimedTraceOptions{.boot = minutes(3), .idle_after = minutes(9)});
  ASSERT_TRUE(timed) << timed.error().message;
  const Scenario& scenario = timed->scenario;
  ASSERT_EQ(scenario.groups.size(), 2U);
  EXPECT_EQ(scenario.groups[0].name, "2 x T4, 32 cores");
  EXPECT_EQ(scenario.groups[0].boot, minutes(3));
  EXPECT_EQ(scenario.groups[0].idle_after, minutes(9));
  EXPECT_EQ(scenario.groups[0].rate, std::nullopt) << "no price book, no price";
  EXPECT_EQ(scenario.groups[1].name, "without GPUs");
  ASSERT_EQ(scenario.nodes.size(), 3U);
  EXPECT_EQ(scenario.nodes[0].group, scenario.nodes[2].group);
  EXPECT_EQ(scenario.nodes[1].group, 1U);
}

TEST(TimedTrace, SpeedIsOfArrivalsAlone) {
  const auto timed = ScenarioOf(Small(), TimedTraceOptions{.speed = 4, .length = minutes(10)});
  ASSERT_TRUE(timed) << timed.error().message;
  EXPECT_EQ(timed->scenario.jobs[0].arrival, seconds(15));
  EXPECT_EQ(timed->scenario.jobs[0].duration, seconds(60));
  EXPECT_EQ(timed->scenario.length, minutes(10));
}

TEST(TimedTrace, RefusesWhatItCannotRun) {
  OpenbTrace untimed = Small();
  untimed.tasks[2].created.reset();
  EXPECT_THAT(ScenarioOf(untimed, TimedTraceOptions{}).error().message,
              HasSubstr("task stays: it has no creation_time"));
  OpenbTrace large = Small();
  large.nodes[2].gpus = plan::kMostGpusPerNode + 1;
  EXPECT_THAT(ScenarioOf(large, TimedTraceOptions{}).error().message,
              HasSubstr("node c: found 17 GPUs; a run takes nodes of at most 16"));
}

}  // namespace
}  // namespace tangram::sim

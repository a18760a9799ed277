// What is read again and again, over the fake library.
#include "agent/nvml_follower.h"

#include <gmock/gmock.h>

#include <thread>

#include "agent/nvml_reader.h"
#include "agent/testing/run_fake.h"

namespace tangram::agent {
namespace {

using base::MiB;
using base::Milliseconds;
using nlohmann::json;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class NvmlFollowerTest : public testing::WithFake {
 protected:
  Card Known(int index) { return reader_.ReadCard(index).value(); }
  static void Wait(int milliseconds) { std::this_thread::sleep_for(Milliseconds(milliseconds)); }

  CallWatch watch_;
  NvmlReader reader_{TANGRAM_FAKE_NVML_LIBRARY, watch_};
};

TEST_F(NvmlFollowerTest, ReadsAgainWhatWasReadWhole) {
  Play(Recorded("h100.json"));
  for (int index = 0; index < 3; ++index) {
    const Card known = Known(index);
    const auto again = reader_.ReadAgain(known);
    ASSERT_TRUE(again) << again.error().message;
    EXPECT_EQ(again->card, known);
    EXPECT_FALSE(again->recut);
  }
  const auto lost = reader_.ReadAgain(Known(3));
  ASSERT_TRUE(lost);
  EXPECT_EQ(lost->card.state, CardState::kLost);
  Card none;
  none.index = 9;
  EXPECT_EQ(reader_.ReadAgain(none).error().code, base::ErrorCode::kNotFound);
}

TEST_F(NvmlFollowerTest, InstancesHaveTheirMemoryAndTheirCounters) {
  Play({{"cards",
         {{{"name", "NVIDIA H100 80GB HBM3"},
           {"mig",
            {{"enabled", true},
             {"instances",
              {{{"profile", "3g.40gb"}, {"start", 0}, {"counters", {{"sm", 0.25}}}},
               {{"profile", "1g.10gb"}, {"start", 4}}}}}},
           {"processes", {{{"pid", 7}, {"memoryMiB", 500}, {"instance", 1}}}}}}}});
  const Card known = Known(0);
  ASSERT_TRUE(reader_.ReadAgain(known));
  Wait(120);
  const auto again = reader_.ReadAgain(known);
  ASSERT_TRUE(again);
  ASSERT_EQ(again->instances.size(), 2U);
  EXPECT_EQ(again->instances[0].memory->used, MiB(500));
  EXPECT_GT(again->instances[0].memory->total, MiB(39'000));
  ASSERT_TRUE(again->instances[0].counters);
  EXPECT_EQ(again->instances[0].counters->sm, 0.25);
  EXPECT_EQ(again->instances[0].counters->dram, std::nullopt);
  EXPECT_EQ(again->instances[1].memory->used, MiB(0));
  EXPECT_EQ(again->instances[1].counters, std::nullopt);
  EXPECT_EQ(again->counters, std::nullopt);
}

TEST_F(NvmlFollowerTest, AnInstanceThatNobodyKnowsIsSaid) {
  const json cut = {{"enabled", true}, {"instances", {{{"profile", "3g.40gb"}, {"start", 0}}}}};
  Play({{"cards", {{{"name", "NVIDIA H100 80GB HBM3"}, {"mig", cut}}}}});
  Card known = Known(0);
  known.mig->enabled = false;
  EXPECT_TRUE(reader_.ReadAgain(known)->recut);
  known = Known(0);
  known.mig->instances[0].compute[0].uuid = "MIG-gone";
  EXPECT_TRUE(reader_.ReadAgain(known)->recut);
}

TEST_F(NvmlFollowerTest, SamplesOfProcessesComeOnce) {
  Play({{"samplePeriodMilliseconds", 20},
        {"cards",
         {{{"name", "NVIDIA L4"},
           {"processes",
            {{{"pid", 1}, {"smPercent", 30}},
             {{"pid", 2}, {"smPercent", 5000}},
             {{"pid", 3}, {"smPercent", 0}}}}}}}});
  EXPECT_THAT(reader_.ReadProcessSamples(0)->samples, IsEmpty());  // what was before
  std::vector<ProcessSample> all;
  int refused = 0;
  for (int i = 0; i < 5; ++i) {
    Wait(50);
    const auto read = reader_.ReadProcessSamples(0);
    ASSERT_TRUE(read);
    EXPECT_TRUE(read->supported);
    refused += read->refused;
    all.insert(all.end(), read->samples.begin(), read->samples.end());
  }
  ASSERT_GE(all.size(), 10U);
  EXPECT_GE(refused, 10);
  for (std::size_t i = 0; i < all.size(); ++i) {
    EXPECT_EQ(all[i].pid, 1);
    EXPECT_EQ(all[i].sm_percent, 30);
    EXPECT_EQ(all[i].microseconds, all[0].microseconds + i * 20'000);
  }
}

TEST_F(NvmlFollowerTest, ACutCardHasNoSamplesOfProcesses) {
  Play({{"cards", {{{"name", "NVIDIA H100 80GB HBM3"}, {"mig", {{"enabled", true}}}}}}});
  EXPECT_FALSE(reader_.ReadProcessSamples(0)->supported);
}

TEST_F(NvmlFollowerTest, EventsAreToldOnceAndWaitNoLonger) {
  Play({{"cards", {{{"name", "NVIDIA L4"}}, {{"name", "NVIDIA H100 80GB HBM3"}}}},
        {"events",
         {{{"card", 1}, {"xid", 79}, {"instance", 3}, {"afterMilliseconds", 50}},
          {{"card", 1}, {"afterMilliseconds", 50}},
          {{"card", 0}, {"xid", 13}}}}});
  const auto first = reader_.AwaitEvents({0, 1}, Milliseconds(0));
  ASSERT_TRUE(first);
  EXPECT_TRUE(first->watched);
  EXPECT_THAT(first->events, ElementsAre(Event{0, EventKind::kXid, 13, {}}));
  Wait(60);
  const auto second = reader_.AwaitEvents({0, 1}, Milliseconds(5'000));
  EXPECT_THAT(second->events, ElementsAre(Event{1, EventKind::kXid, 79, 3},
                                          Event{1, EventKind::kMigChange, 0, {}}));
  EXPECT_THAT(reader_.AwaitEvents({0, 1}, Milliseconds(10))->events, IsEmpty());
}

TEST_F(NvmlFollowerTest, ADriverWithoutAnyOfItSaysSo) {
  Play({{"cards", {{{"name", "NVIDIA A100-SXM4-40GB"}}}}});
  NvmlReader early(TANGRAM_FAKE_NVML_R450, watch_);
  const auto events = early.AwaitEvents({0}, Milliseconds(10));
  ASSERT_TRUE(events);
  EXPECT_FALSE(events->watched);
  const auto again = early.ReadAgain(early.ReadCard(0).value());
  ASSERT_TRUE(again);
  EXPECT_EQ(again->counters, std::nullopt);
}

TEST_F(NvmlFollowerTest, OutlivesAReload) {
  Play({{"cards", {{{"name", "NVIDIA L4"}, {"counters", {{"sm", 0.5}}}}}},
        {"events", {{{"card", 0}, {"xid", 1}}}},
        {"faults",
         {{{"call", "nvmlDeviceGetTemperature"}, {"after", 1}, {"times", 1}, {"answer", 1}}}}});
  const Card known = Known(0);
  EXPECT_THAT(reader_.AwaitEvents({0}, Milliseconds(0))->events.size(), 1);
  const auto again = reader_.ReadAgain(known);  // uninitialised half-way: from the beginning
  ASSERT_TRUE(again) << again.error().message;
  EXPECT_EQ(again->card, known);
  EXPECT_THAT(reader_.AwaitEvents({0}, Milliseconds(0))->events.size(), 1);  // a new set
}

}  // namespace
}  // namespace tangram::agent

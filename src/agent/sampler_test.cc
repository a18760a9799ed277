// Hours of an agent in virtual time: what it does about drivers, cards and kubelets that fail.
#include "agent/sampler.h"

#include <gmock/gmock.h>

#include <functional>
#include <set>

namespace tangram::agent {
namespace {

using namespace std::chrono_literals;
using base::ErrorCode;
using base::Fail;
using base::MiB;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class FakeNvml final : public Nvml {
 public:
  explicit FakeNvml(base::ManualClock& clock) : clock_(clock) {}

  base::Result<Driver> ReadDriver() override {
    ++driver_reads;
    if (!no_driver.empty()) return Fail(ErrorCode::kUnavailable, no_driver);
    Driver driver;
    driver.version = "570";
    driver.cards = static_cast<int>(cards.size());
    return driver;
  }
  base::Result<Card> ReadCard(int index) override {
    ++whole_reads;
    return Take(index);
  }
  base::Result<Links> ReadLinks(const std::vector<Card>&) override { return Links{}; }
  base::Result<Reading> ReadAgain(const Card& known) override {
    auto card = Take(known.index);
    if (!card) return tl::unexpected(card.error());
    Reading reading;
    reading.recut = card->mig != known.mig;
    reading.card = std::move(*card);
    return reading;
  }
  base::Result<ProcessSamples> ReadProcessSamples(int index) override {
    ProcessSamples read;
    const auto now = static_cast<std::uint64_t>(clock_.Now().time_since_epoch().count()) * 1000;
    for (const auto& [pid, percent] : use) {
      if (index == 0) read.samples.push_back({pid, now, percent});
    }
    return read;
  }
  base::Result<Events> AwaitEvents(const std::vector<int>& watched,
                                   base::Milliseconds most) override {
    last_watched = watched;
    clock_.Advance(most);
    return Events{true, std::exchange(events, {})};
  }
  int HungCalls() const override { return hung; }

  std::string no_driver;
  std::vector<Card> cards;
  std::set<int> hangs;
  std::map<std::int64_t, int> use;  // of card 0
  std::vector<Event> events;
  std::vector<int> last_watched;
  int driver_reads = 0;
  int whole_reads = 0;
  int hung = 0;

 private:
  base::Result<Card> Take(int index) {
    if (static_cast<std::size_t>(index) >= cards.size()) {
      return Fail(ErrorCode::kNotFound, "there is no such card");
    }
    if (hangs.contains(index)) {
      ++hung;
      clock_.Advance(20s);
      return Fail(ErrorCode::kUnavailable, "nvmlDeviceGetName did not answer");
    }
    return cards[static_cast<std::size_t>(index)];
  }
  base::ManualClock& clock_;
};

class FakeKubelet final : public PodResources {
 public:
  base::Result<PodDevices> List() override {
    if (!error.empty()) return Fail(ErrorCode::kUnavailable, error);
    return devices;
  }
  base::Result<std::vector<PluginDevices>> Offered() override {
    return std::vector<PluginDevices>();
  }
  PodDevices devices;
  std::string error;
};

class FakeOwners final : public Owners {
 public:
  void Refresh() override {}
  Owner Of(std::int64_t pid) override {
    const auto found = owners.find(pid);
    return found == owners.end() ? Owner{} : found->second;
  }
  std::map<std::int64_t, Owner> owners;
};

class SamplerTest : public ::testing::Test {
 protected:
  SamplerTest() {
    for (int i = 0; i < 3; ++i) {
      Card& card = nvml_.cards.emplace_back();
      card.index = i;
      card.uuid = "GPU-" + std::to_string(i);
      card.minor = i;
    }
  }
  void Run(base::Milliseconds span) {
    const base::Time until = clock_.Now() + span;
    while (clock_.Now() < until) {
      const auto wait = sampler_.Round();
      ASSERT_LE(wait, 1s);
      clock_.Advance(std::max<base::Milliseconds>(wait, 1ms));
    }
  }
  const NodeState& State() const { return sampler_.state(); }
  bool IsUp(std::size_t card) const {
    return State().cards[card].reading.card.state == CardState::kOk &&
           !State().cards[card].given_up;
  }
  static Owner InPod(const std::string& name) { return {OwnerKind::kPod, {"ns", name, "main"}}; }
  void Hold(const std::string& pod, const std::string& id) {
    kubelet_.devices.plugin.push_back({{"ns", pod, "main"}, "nvidia.com/gpu", {id}});
  }

  base::ManualClock clock_{base::Time(1'700'000'000s)};
  FakeNvml nvml_{clock_};
  FakeKubelet kubelet_;
  FakeOwners owners_;
  std::vector<std::string> log_;
  Sampler sampler_{{.nvml = nvml_,
                    .owners = owners_,
                    .kubelet = &kubelet_,
                    .clock = clock_,
                    .log = [this](const std::string& line) { log_.push_back(line); }},
                   {}};
};

TEST_F(SamplerTest, SamplesEachTenSecondsAndReadsLittle) {
  Run(10min);
  EXPECT_NEAR(static_cast<double>(State().samples), 60, 2);
  EXPECT_EQ(State().failed, 0U);
  EXPECT_LE(nvml_.whole_reads, 3 * 3);  // each five minutes
  EXPECT_THAT(log_, ElementsAre("3 GPUs, driver 570"));
}

TEST_F(SamplerTest, WithoutADriverItSaysSoOnceAndTriesSlowly) {
  nvml_.no_driver = "there is no NVIDIA library here";
  Run(1h);
  EXPECT_EQ(State().idle, "there is no NVIDIA library here");
  EXPECT_THAT(log_, ElementsAre("idle: there is no NVIDIA library here"));
  EXPECT_GE(nvml_.driver_reads, 10);
  EXPECT_LE(nvml_.driver_reads, 20);
  nvml_.no_driver = "";
  Run(5min);
  EXPECT_EQ(State().idle, "");
  EXPECT_EQ(State().cards.size(), 3U);
}

TEST_F(SamplerTest, ANodeWithoutGpusIdles) {
  nvml_.cards.clear();
  Run(1min);
  EXPECT_THAT(State().idle, HasSubstr("sees no GPU"));
}

TEST_F(SamplerTest, ADriverThatGoesIsWaitedFor) {
  Run(30s);
  nvml_.no_driver = "the NVIDIA driver is not loaded";
  const auto cards = std::exchange(nvml_.cards, {});
  Run(30s);
  EXPECT_EQ(State().idle, "the NVIDIA driver is not loaded");
  EXPECT_THAT(State().cards, IsEmpty());
  nvml_.no_driver = "";
  nvml_.cards = cards;
  Run(30s);
  EXPECT_EQ(State().idle, "");
  EXPECT_TRUE(IsUp(0) && IsUp(1) && IsUp(2));
}

TEST_F(SamplerTest, ACardThatHangsHidesNoOtherAndIsLeftAlone) {
  Run(1min);
  nvml_.hangs = {1};
  Run(24h);
  EXPECT_EQ(nvml_.hung, 3);
  EXPECT_TRUE(IsUp(0));
  EXPECT_FALSE(IsUp(1));
  EXPECT_TRUE(IsUp(2));
  EXPECT_THAT(nvml_.last_watched, ElementsAre(0, 2));
  EXPECT_GT(State().samples, 8000U);
}

TEST_F(SamplerTest, ACardThatHungOnceComesBack) {
  Run(1min);
  nvml_.hangs = {1};
  Run(1min);
  nvml_.hangs = {};
  Run(30s);
  EXPECT_FALSE(IsUp(1));
  Run(10min);
  EXPECT_TRUE(IsUp(1));
  EXPECT_THAT(log_, Contains("GPU 1 GPU-1 is read again"));
}

TEST_F(SamplerTest, ACardThatIsLostKeepsItsName) {
  Run(30s);
  nvml_.cards[2] = {};
  nvml_.cards[2].index = 2;
  nvml_.cards[2].state = CardState::kLost;
  nvml_.cards[2].problems = {{"card", "GPU is lost (15)"}};
  Run(30s);
  EXPECT_FALSE(IsUp(2));
  EXPECT_TRUE(IsUp(0));
  EXPECT_THAT(log_, Contains("GPU 2 GPU-2 cannot be read: GPU is lost (15)"));
  EXPECT_EQ(State().cards[2].reading.card.uuid, "GPU-2");
}

TEST_F(SamplerTest, XidsAreCountedAndACutIsReadAtOnce) {
  Run(30s);
  nvml_.events = {
      {0, EventKind::kXid, 79, {}}, {0, EventKind::kXid, 79, {}}, {2, EventKind::kXid, 13, 1}};
  Run(1s);
  EXPECT_EQ(State().xids.at({"GPU-0", 0, 79}), 2U);
  EXPECT_EQ(State().xids.at({"GPU-2", 2, 13}), 1U);
  EXPECT_THAT(log_, Contains("GPU 2 GPU-2 instance 1: XID 13"));
  const int before = nvml_.whole_reads;
  nvml_.events = {{1, EventKind::kMigChange, 0, {}}};
  Run(3s);
  EXPECT_EQ(nvml_.whole_reads, before + 3);
}

TEST_F(SamplerTest, FourProcessesOfASharedCardArePutToTheirPods) {
  nvml_.use = {{1, 40}, {2, 25}, {3, 10}, {4, 5}};
  for (int i = 1; i <= 4; ++i) {
    const std::string pod = "pod-" + std::to_string(i);
    owners_.owners[i] = InPod(pod);
    Hold(pod, "GPU-0::" + std::to_string(i));
    Process process;
    process.pid = i;
    process.memory = MiB(100 * i);
    nvml_.cards[0].processes.push_back(process);
  }
  Run(35s);
  for (const auto& [pid, percent] : nvml_.use) {
    const PodNow& pod = State().pods.at({{0, {}}, {"ns", "pod-" + std::to_string(pid), "main"}});
    EXPECT_EQ(pod.use.devices, 1);
    EXPECT_EQ(pod.use.processes, 1);
    EXPECT_EQ(pod.use.memory, MiB(100 * pid));
    ASSERT_TRUE(pod.sm_ratio);
    EXPECT_NEAR(*pod.sm_ratio, percent / 100.0, 0.02);
    EXPECT_NEAR(*pod.sm_seconds, percent / 100.0 * 30, 0.02 * 30);
  }
}

TEST_F(SamplerTest, AProcessThatEndsWithinAWindowIsStillItsPods) {
  Run(21s);
  nvml_.use = {{9, 50}};
  owners_.owners[9] = InPod("short");
  Run(3s);
  nvml_.use = {};
  owners_.owners = {};
  Run(10s);
  EXPECT_NEAR(State().pods.at({{0, {}}, {"ns", "short", "main"}}).sm_ratio.value_or(0), 0.15, 0.05);
}

TEST_F(SamplerTest, WhatAKubeletSaidLastHoldsForAWhile) {
  Hold("a", "GPU-1");
  Hold("b", "GPU-elsewhere");
  Run(15s);
  EXPECT_EQ(State().pods.size(), 1U);
  EXPECT_EQ(State().kubelet.unknown_devices, 1);
  kubelet_.error = "nobody answers there";
  Run(1min);
  EXPECT_EQ(State().pods.size(), 1U);
  EXPECT_EQ(State().kubelet.error, "nobody answers there");
  Run(5min);
  EXPECT_THAT(State().pods, IsEmpty());
  kubelet_.error = "";
  Run(15s);
  EXPECT_EQ(State().pods.size(), 1U);
  EXPECT_EQ(log_.size(), 3U) << ::testing::PrintToString(log_);
}

}  // namespace
}  // namespace tangram::agent

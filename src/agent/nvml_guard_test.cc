// Calls that hang, played by an Nvml that waits until it is let go.
#include "agent/nvml_guard.h"

#include <gmock/gmock.h>

#include <stdexcept>

#include "agent/nvml_reader.h"
#include "agent/testing/run_fake.h"
#include "base/mutex.h"

namespace tangram::agent {
namespace {

using base::Milliseconds;
using ::testing::HasSubstr;

// What the test and the threads that it made share.
struct Script {
  base::Mutex mutex;
  base::CondVar changed;
  int hangs GUARDED_BY(mutex) = 0;  // how many of the calls to come hang
  bool let_go GUARDED_BY(mutex) = false;
  int made GUARDED_BY(mutex) = 0;
  int ended GUARDED_BY(mutex) = 0;
  int late GUARDED_BY(mutex) = 0;  // calls that began after their thread was given up

  void AwaitEnded(int wanted) {
    const base::MutexLock lock(mutex);
    while (ended < wanted) changed.Wait(mutex);
  }
};

class ScriptedNvml final : public Nvml {
 public:
  ScriptedNvml(std::shared_ptr<Script> script, CallWatch& watch)
      : script_(std::move(script)), watch_(watch) {
    const base::MutexLock lock(script_->mutex);
    ++script_->made;
  }
  ~ScriptedNvml() override {
    const base::MutexLock lock(script_->mutex);
    ++script_->ended;
    script_->changed.NotifyAll();
  }
  base::Result<Driver> ReadDriver() override {
    Call("nvmlDeviceGetCount_v2");
    Call("nvmlSystemGetDriverVersion");
    return Driver{.version = "1", .library_version = "", .cuda_version = "", .problems = {}};
  }
  base::Result<Card> ReadCard(int) override { throw std::runtime_error("no memory"); }
  base::Result<Links> ReadLinks(const std::vector<Card>&) override { return Links{}; }
  base::Result<Reading> ReadAgain(const Card&) override { return Reading{}; }
  base::Result<ProcessSamples> ReadProcessSamples(int) override { return ProcessSamples{}; }
  base::Result<Events> AwaitEvents(const std::vector<int>&, Milliseconds) override {
    return Events{};
  }

 private:
  void Call(const char* name) {
    const bool begun = watch_.Begin(name);
    {
      const base::MutexLock lock(script_->mutex);
      if (!begun) ++script_->late;
      if (!begun || script_->hangs == 0) return watch_.End();
      --script_->hangs;
      while (!script_->let_go) script_->changed.Wait(script_->mutex);
    }
    watch_.End();
  }

  std::shared_ptr<Script> script_;
  CallWatch& watch_;
};

class NvmlGuardTest : public ::testing::Test {
 protected:
  ~NvmlGuardTest() override {
    const base::MutexLock lock(script_->mutex);
    script_->let_go = true;
    script_->changed.NotifyAll();
  }
  NvmlGuard::Make Make() {
    return [script = script_](CallWatch& watch) {
      return std::make_unique<ScriptedNvml>(script, watch);
    };
  }
  void Hang(int calls) {
    const base::MutexLock lock(script_->mutex);
    script_->hangs = calls;
  }
  int Made() {
    const base::MutexLock lock(script_->mutex);
    return script_->made;
  }

  static constexpr Milliseconds kCall{500};  // a busy machine stalls a thread for a while
  std::shared_ptr<Script> script_ = std::make_shared<Script>();
  base::ManualClock clock_;
};

TEST_F(NvmlGuardTest, ReadsOnOneThread) {
  NvmlGuard guard(Make(), {.call = kCall}, clock_);
  for (int i = 0; i < 10; ++i) EXPECT_EQ(guard.ReadDriver()->version, "1");
  EXPECT_TRUE(guard.ReadLinks({}));
  EXPECT_EQ(Made(), 1);
}

TEST_F(NvmlGuardTest, AThreadThatHangsIsGivenUpAndSaid) {
  NvmlGuard guard(Make(), {.call = kCall}, clock_);
  Hang(1);
  const auto hung = guard.ReadDriver();
  ASSERT_FALSE(hung);
  EXPECT_EQ(hung.error().code, base::ErrorCode::kUnavailable);
  EXPECT_EQ(hung.error().message,
            "nvmlDeviceGetCount_v2 did not answer within 500 ms; its thread was given up (1 of 3)");
  EXPECT_EQ(guard.ReadDriver()->version, "1");
  EXPECT_EQ(Made(), 2);
}

TEST_F(NvmlGuardTest, AThreadThatComesBackLateCallsNoMore) {
  NvmlGuard guard(Make(), {.call = kCall}, clock_);
  Hang(1);
  EXPECT_FALSE(guard.ReadDriver());
  {
    const base::MutexLock lock(script_->mutex);
    script_->let_go = true;
    script_->changed.NotifyAll();
  }
  script_->AwaitEnded(1);
  const base::MutexLock lock(script_->mutex);
  EXPECT_EQ(script_->late, 1);  // nvmlSystemGetDriverVersion
}

TEST_F(NvmlGuardTest, PausesDouble) {
  NvmlGuard guard(Make(), {.call = kCall, .first_pause = Milliseconds(1000), .most_given_up = 9},
                  clock_);
  for (const int pause : {1000, 2000, 4000}) {
    Hang(1);
    EXPECT_FALSE(guard.ReadDriver());
    const int made = Made();
    clock_.Advance(Milliseconds(pause - 1));
    const auto left_alone = guard.ReadDriver();
    ASSERT_FALSE(left_alone);
    EXPECT_THAT(left_alone.error().message, HasSubstr("left alone for a while"));
    EXPECT_EQ(Made(), made);
    clock_.Advance(Milliseconds(1));
    EXPECT_TRUE(guard.ReadDriver());
  }
}

TEST_F(NvmlGuardTest, StopsAfterSoManyThreads) {
  NvmlGuard guard(Make(), {.call = kCall, .most_given_up = 2}, clock_);
  Hang(9);
  EXPECT_FALSE(guard.ReadDriver());
  EXPECT_FALSE(guard.ReadDriver());
  const auto stopped = guard.ReadDriver();
  ASSERT_FALSE(stopped);
  EXPECT_THAT(stopped.error().message, HasSubstr("is not asked any more: nvmlDeviceGetCount_v2"));
  EXPECT_THAT(stopped.error().message, HasSubstr("(2 of 2)"));
  EXPECT_EQ(Made(), 2);
}

TEST_F(NvmlGuardTest, WhatIsThrownFailsOneRead) {
  NvmlGuard guard(Make(), {.call = kCall}, clock_);
  const auto thrown = guard.ReadCard(0);
  ASSERT_FALSE(thrown);
  EXPECT_THAT(thrown.error().message, HasSubstr("no memory"));
  EXPECT_TRUE(guard.ReadDriver());
  EXPECT_EQ(Made(), 1);
}

class GuardedReaderTest : public testing::WithFake {};

// The whole way: one card of three hangs in the library, and two are read.
TEST_F(GuardedReaderTest, ACardThatHangsHidesNoOther) {
  const nlohmann::json card = {{"name", "NVIDIA L4"}};
  Play({{"cards", {card, card, card}},
        {"faults", {{{"call", "nvmlDeviceGetTemperature"}, {"card", 1}, {"milliseconds", -1}}}}});
  const base::ManualClock clock;
  NvmlGuard guard(
      [](CallWatch& watch) {
        return std::make_unique<NvmlReader>(TANGRAM_FAKE_NVML_LIBRARY, watch);
      },
      {.call = Milliseconds(1000)}, clock);
  const auto read = ReadInventory(guard, base::Time{});
  ASSERT_TRUE(read) << read.error().message;
  ASSERT_EQ(read->cards.size(), 3U);
  EXPECT_EQ(read->cards[0].state, CardState::kOk);
  EXPECT_EQ(read->cards[1].state, CardState::kUnreadable);
  EXPECT_EQ(read->cards[2].state, CardState::kOk);
  EXPECT_THAT(read->cards[1].problems[0].why,
              HasSubstr("nvmlDeviceGetTemperature of card 1 did not answer within 1000 ms"));
  EXPECT_EQ(read->links.links.size(), 1U);
}

TEST_F(GuardedReaderTest, ASlowCardIsNotGivenUp) {
  Play({{"cards", {{{"name", "NVIDIA L4"}}}}, {"faults", {{{"call", "*"}, {"milliseconds", 3}}}}});
  const base::ManualClock clock;
  NvmlGuard guard(
      [](CallWatch& watch) {
        return std::make_unique<NvmlReader>(TANGRAM_FAKE_NVML_LIBRARY, watch);
      },
      {.call = Milliseconds(400)}, clock);  // less than all of its calls take
  const auto read = ReadInventory(guard, base::Time{});
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_EQ(read->cards[0].state, CardState::kOk);
}

}  // namespace
}  // namespace tangram::agent

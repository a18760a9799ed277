// Cutting over the fake library: what it makes, and that every fault at every step, with or without
// a kill in between, ends at the layout that was wished or at the one that was there.
#include "agent/cut.h"

#include <gmock/gmock.h>

#include <stdexcept>

#include "agent/nvml_guard.h"
#include "agent/nvml_reader.h"
#include "agent/testing/fake_machine.h"
#include "agent/testing/run_fake.h"
#include "base/file.h"

namespace tangram::agent {
namespace {

using nlohmann::json;
using ::testing::HasSubstr;

const std::string kCard = "GPU-00000000-0000-4000-8000-000000000000";

struct Killed : std::runtime_error {
  Killed() : std::runtime_error("killed") {}
};

// Ends with the process, as it were: before or after the n-th step.
class Mortal final : public Nvml {
 public:
  Mortal(Nvml& nvml, int step, bool after) : nvml_(nvml), step_(step), after_(after) {}
  base::Result<Driver> ReadDriver() override { return nvml_.ReadDriver(); }
  base::Result<Card> ReadCard(int index) override { return nvml_.ReadCard(index); }
  base::Result<Links> ReadLinks(const std::vector<Card>& cards) override {
    return nvml_.ReadLinks(cards);
  }
  base::Result<Reading> ReadAgain(const Card& card) override { return nvml_.ReadAgain(card); }
  base::Result<ProcessSamples> ReadProcessSamples(int index) override {
    return nvml_.ReadProcessSamples(index);
  }
  base::Result<Events> AwaitEvents(const std::vector<int>& cards,
                                   base::Milliseconds most) override {
    return nvml_.AwaitEvents(cards, most);
  }
  base::Result<CutResult<void>> Do(const MigStep& step) override {
    const bool now = done_++ == step_;
    if (now && !after_) throw Killed();
    auto done = nvml_.Do(step);
    if (now) throw Killed();
    return done;
  }
  int done() const { return done_; }

 private:
  Nvml& nvml_;
  int step_;
  bool after_;
  int done_ = 0;
};

class CutTest : public testing::WithFake {
 protected:
  // Whatever it is asked for has the time that it takes, but where the test waits for it to hang.
  std::unique_ptr<NvmlGuard> Open(base::Milliseconds limit = base::Milliseconds(20'000)) {
    return std::make_unique<NvmlGuard>(
        [](CallWatch& watch) {
          return std::make_unique<NvmlReader>(TANGRAM_FAKE_NVML_LIBRARY, watch,
                                              NvmlRights{.cut = true});
        },
        NvmlGuard::Limits{.call = limit, .most_given_up = 1000}, clock_);
  }
  // The card as it is, whatever the library would say of it.
  static Card Truth() {
    const std::string path = std::getenv("TANGRAM_FAKE_NVML");
    const auto text = base::ReadFile(path, 1U << 20);
    auto machine = testing::ParseMachine(text.value_or(""));
    const auto changes = base::ReadFile(path + ".changes", 1U << 20);
    if (changes) {
      EXPECT_TRUE(testing::TakeChanges(*changes, *machine));
    }
    return machine->inventory.cards[0];
  }
  static std::vector<CardLayout> Layout(const std::vector<WishedInstance>& instances,
                                        bool mig = true) {
    return {{kCard, mig, instances}};
  }
  CutOutcome Carry(Nvml& nvml, const std::vector<CardLayout>& wished) {
    Cutter cutter({.nvml = nvml});
    const auto before = cutter.Before(wished);
    EXPECT_TRUE(before) << before.error().message;
    return cutter.Carry(wished, *before);
  }
  // A card like that, cut in that way.
  static json Machine(const json& instances, const json& faults = json::array(),
                      const std::string& name = "NVIDIA H100 80GB HBM3", bool mig = true) {
    json card;
    card["name"] = name;
    card["mig"] = {{"enabled", mig}, {"instances", instances}};
    json machine;
    machine["cards"] = json::array({card});
    machine["faults"] = faults;
    return machine;
  }
  static json At(const std::string& profile, int start) {
    return {{"profile", profile}, {"start", start}};
  }
  base::SystemClock clock_;
};

bool AllWhole(const Card& card) {
  for (const Instance& one : card.mig->instances) {
    if (one.compute.size() != 1) return false;
  }
  return true;
}

TEST_F(CutTest, MakesInFreePlacementsAndTouchesNothingElse) {
  json machine = Machine(json::array({At("1g.10gb", 0), At("3g.40gb", 4)}));
  machine["cards"][0]["processes"] =
      json::array({{{"pid", 7}, {"instance", 1}}, {{"pid", 8}, {"instance", 2}}});
  Play(machine);
  const Card before = Truth();
  const auto nvml = Open();
  const auto wished = Layout({{"1g.10gb", 0}, {"2g.20gb", 2}, {"3g.40gb", 4}});
  const auto outcome = Carry(*nvml, wished);
  EXPECT_TRUE(outcome.done) << outcome.message;
  const Card after = Truth();
  EXPECT_EQ(LayoutOf(after)->instances, wished[0].instances);
  EXPECT_TRUE(AllWhole(after));
  EXPECT_EQ(after.mig->instances[0], before.mig->instances[0]);
  EXPECT_EQ(after.mig->instances[2], before.mig->instances[1]);
}

TEST_F(CutTest, TurnsMigOnAndOff) {
  Play(Machine(json::array(), json::array(), "NVIDIA H100 80GB HBM3", false));
  const auto nvml = Open();
  EXPECT_TRUE(Carry(*nvml, Layout({{"7g.80gb", 0}})).done);
  EXPECT_EQ(LayoutOf(Truth()), Layout({{"7g.80gb", 0}})[0]);
  EXPECT_TRUE(AllWhole(Truth()));
  EXPECT_TRUE(Carry(*nvml, Layout({}, false)).done);
  EXPECT_EQ(LayoutOf(Truth()), Layout({}, false)[0]);
}

TEST_F(CutTest, AModeThatNeedsAResetIsTakenBack) {
  Play(Machine(json::array(), json::array(), "NVIDIA A100-SXM4-40GB", false));
  const auto nvml = Open();
  const auto outcome = Carry(*nvml, Layout({{"7g.40gb", 0}}));
  EXPECT_FALSE(outcome.done);
  EXPECT_FALSE(outcome.stuck);
  EXPECT_EQ(outcome.reason, CutReason::kResetRequired);
  EXPECT_THAT(outcome.message, HasSubstr("turn MIG on on GPU 0"));
  EXPECT_THAT(outcome.message, HasSubstr("nvmlDeviceSetMigMode answered reset required (16)"));
  EXPECT_THAT(outcome.message, HasSubstr("nvidia-smi --gpu-reset"));
  EXPECT_FALSE(Truth().mig->pending);
}

TEST_F(CutTest, WhatAPodHoldsIsNotTakenAway) {
  Play(Machine(json::array({At("1g.10gb", 0)})));
  const auto nvml = Open();
  base::Result<Holders> holders = Holders{{1, "pod ns/a"}};
  Cutter cutter({.nvml = *nvml, .holders = [&](const Card&) { return holders; }});
  const auto before = *cutter.Before(Layout({}));
  auto outcome = cutter.Carry(Layout({}), before);
  EXPECT_EQ(outcome.reason, CutReason::kInUse);
  EXPECT_THAT(outcome.message, HasSubstr("in use by pod ns/a"));
  holders = base::Fail(base::ErrorCode::kUnavailable, "the kubelet is silent");
  outcome = cutter.Carry(Layout({}), before);
  EXPECT_EQ(outcome.reason, CutReason::kUnreadable);
  EXPECT_THAT(outcome.message, HasSubstr("the kubelet is silent"));
  // What takes nothing away asks nobody.
  EXPECT_TRUE(cutter.Carry(Layout({{"1g.10gb", 0}, {"1g.10gb", 1}}), before).done);
  EXPECT_EQ(Truth().mig->instances.size(), 2U);
}

TEST_F(CutTest, AReaderChangesNothing) {
  Play(Machine(json::array({At("1g.10gb", 0)})));
  NvmlGuard nvml(
      [](CallWatch& watch) {
        return std::make_unique<NvmlReader>(TANGRAM_FAKE_NVML_LIBRARY, watch);
      },
      {}, clock_);
  const auto outcome = Carry(nvml, Layout({}));
  EXPECT_FALSE(outcome.done);
  EXPECT_EQ(outcome.reason, CutReason::kDenied);
  EXPECT_EQ(Truth().mig->instances.size(), 1U);
}

TEST_F(CutTest, ACardThatIsNotThereIsNamed) {
  Play(Machine(json::array()));
  const auto nvml = Open();
  Cutter cutter({.nvml = *nvml});
  const auto before = cutter.Before({{"GPU-gone", true, {}}});
  ASSERT_FALSE(before);
  EXPECT_EQ(before.error().reason, CutReason::kLost);
  EXPECT_THAT(before.error().message, HasSubstr("GPU-gone is not among the 1 GPUs"));
}

// ---- the law ----

struct Trouble {
  const char* name;
  json fault;  // without call, after and times
  bool hangs = false;
  bool loses = false;
};
const Trouble kTroubles[] = {
    {"in use", {{"answer", 19}}},
    {"insufficient resources", {{"answer", 23}}},
    {"no permission", {{"answer", 4}}},
    {"lost for a call", {{"answer", 15}}},
    {"lie", {{"lies", true}}},
    {"late error", {{"late", true}, {"answer", 999}}},
    {"hang", {{"milliseconds", -1}}, true},
    {"late hang", {{"late", true}, {"milliseconds", -1}}, true},
    {"loss", {{"loses", true}, {"answer", 15}}, false, true},
};
const char* const kChangingCalls[] = {"nvmlComputeInstanceDestroy", "nvmlGpuInstanceDestroy",
                                      "nvmlDeviceCreateGpuInstanceWithPlacement",
                                      "nvmlGpuInstanceCreateComputeInstance",
                                      "nvmlDeviceSetMigMode"};

class CutLawTest : public CutTest {
 protected:
  struct Way {
    const char* name;
    bool mig;  // before
    json instances;
    std::vector<CardLayout> wished;
    bool busy;  // the instance at 0
  };
  static std::vector<Way> Ways() {
    return {
        {"recut", true, json::array({At("1g.10gb", 0), At("1g.10gb", 1), At("3g.40gb", 4)}),
         Layout({{"1g.10gb", 0}, {"2g.20gb", 2}, {"2g.20gb", 4}}), true},
        {"on", false, json::array(), Layout({{"4g.40gb", 0}, {"3g.40gb", 4}}), false},
        {"off", true, json::array({At("1g.10gb", 0), At("3g.40gb", 4)}), Layout({}, false), false}};
  }

  // Like a daemon that is started again after each kill, with what was there before in its journal.
  CutOutcome Run(const Way& way, bool hangs, int kill_at, bool kill_after) {
    std::vector<CardLayout> before = Layout({}, way.mig);
    for (const json& one : way.instances) {
      before[0].instances.push_back({one.at("profile"), one.at("start")});
    }
    for (bool first = true;; first = false) {
      CallWatch watch;
      NvmlReader reader(TANGRAM_FAKE_NVML_LIBRARY, watch, NvmlRights{.cut = true});
      const auto guard = hangs ? Open(base::Milliseconds(150)) : nullptr;
      Mortal mortal(hangs ? static_cast<Nvml&>(*guard) : reader, first ? kill_at : -1, kill_after);
      Cutter cutter({.nvml = mortal});
      try {
        return cutter.Carry(way.wished, before);
      } catch (const Killed&) {
        ++kills_;
      }
    }
  }

  void Check(const Way& way, const CutOutcome& outcome, bool once, const Trouble& trouble) {
    const Card card = Truth();
    if (!outcome.done) {
      EXPECT_THAT(outcome.message, HasSubstr("GPU"));
    }
    done_ += outcome.done ? 1 : 0;
    stuck_ += outcome.stuck ? 1 : 0;
    if (card.state == CardState::kLost) {
      EXPECT_TRUE(trouble.loses);
      EXPECT_TRUE(outcome.stuck);
      return;
    }
    const auto now = LayoutOf(card);
    ASSERT_TRUE(now) << now.error().message;
    if (way.busy) {
      ASSERT_FALSE(card.mig->instances.empty());
      EXPECT_EQ(card.mig->instances[0].id, 1);
      EXPECT_EQ(card.mig->instances[0].compute.size(), 1U);
    }
    if (outcome.stuck) {
      EXPECT_FALSE(once) << outcome.message;
      EXPECT_THAT(outcome.message, HasSubstr("could not be made again: "));
      return;
    }
    EXPECT_TRUE(AllWhole(card));
    EXPECT_EQ(card.mig->enabled, card.mig->pending);
    if (outcome.done) {
      EXPECT_EQ(*now, way.wished[0]);
      return;
    }
    EXPECT_EQ(now->mig, way.mig);
    EXPECT_EQ(now->instances.size(), way.instances.size());
    for (std::size_t i = 0; i < now->instances.size(); ++i) {
      EXPECT_EQ(now->instances[i].profile, way.instances[i].at("profile").get<std::string>());
      EXPECT_EQ(now->instances[i].start, way.instances[i].at("start").get<int>());
    }
  }

  void Try(const Way& way, const Trouble& trouble, const std::string& call, int after) {
    // A hang takes its time: once for each call is enough.
    const bool sets_mode = way.mig != way.wished[0].mig;
    if (trouble.hangs && sets_mode != (call == kChangingCalls[4])) return;
    for (const bool once : {true, false}) {
      // None, and before and after each of seven steps; of what always fails, of the first. Answers
      // that lead to the same are killed for one of them.
      const bool alike = trouble.hangs || trouble.fault == json({{"answer", 23}}) ||
                         trouble.fault == json({{"answer", 4}}) ||
                         trouble.fault == json({{"answer", 15}});
      const int kills = alike ? 1 : once ? 14 : 3;
      for (int kill = 0; kill < kills; ++kill) {
        SCOPED_TRACE(fmt::format("{}: {} of {} after {}{}, kill {}", way.name, trouble.name, call,
                                 after, once ? " once" : "", kill));
        json fault = trouble.fault;
        fault.update({{"call", call}, {"after", after}, {"times", once ? 1 : -1}});
        json machine =
            Machine(way.instances, json::array({fault}), "NVIDIA H100 80GB HBM3", way.mig);
        if (way.busy)
          machine["cards"][0]["processes"] = json::array({{{"pid", 7}, {"instance", 1}}});
        Play(machine);
        Check(way, Run(way, trouble.hangs, kill == 0 ? -1 : (kill - 1) / 2, kill % 2 == 0), once,
              trouble);
        ++tried_;
        if (HasFailure()) return;
      }
    }
  }

  int tried_ = 0;
  int kills_ = 0;
  int done_ = 0;
  int stuck_ = 0;
};

TEST_F(CutLawTest, EveryFaultAtEveryStepEndsWhole) {
  for (const Way& way : Ways()) {
    for (const Trouble& trouble : kTroubles) {
      for (const char* call : kChangingCalls) {
        for (int after = 0; after < 2 && !HasFailure(); ++after) Try(way, trouble, call, after);
        if (HasFailure()) return;
      }
    }
  }
  EXPECT_GT(tried_, 2000);
  EXPECT_GT(kills_, 500);
  EXPECT_GT(done_, 100);
  EXPECT_LT(done_, tried_);
  EXPECT_GT(stuck_, 50);
}

}  // namespace
}  // namespace tangram::agent

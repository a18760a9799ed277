// Every way in which an operation can be hit: whoever leads dies at each of its writes, before it
// or after, under every fault of mig-manager and every thing that people do at every step. Each run
// ends in bounded time; nobody is evicted who was not named; no taint is left behind.
#include <gmock/gmock.h>

#include "base/sanitized_testing.h"
#include "control/saga_world_testing.h"

namespace tangram::control {
namespace {

using namespace std::chrono_literals;
using plan::OperationStep;
using ::testing::IsEmpty;
using testing::MigFault;
using testing::SagaWorld;

enum class Event { kNone, kLabel, kTaint, kNodeGone, kPlanGone, kPoolGone, kStranger };

constexpr std::array kFaults = {MigFault::kNone,    MigFault::kHangs,       MigFault::kFails,
                                MigFault::kBusy,    MigFault::kReboots,     MigFault::kLies,
                                MigFault::kIgnores, MigFault::kStaysPaused, MigFault::kPluginBlind};
constexpr std::array kEvents = {Event::kLabel,    Event::kTaint,    Event::kNodeGone,
                                Event::kPlanGone, Event::kPoolGone, Event::kStranger};
constexpr std::array kSteps = {
    OperationStep::kReserve,  OperationStep::kEvict,          OperationStep::kApply,
    OperationStep::kRestart,  OperationStep::kVerify,         OperationStep::kRestartPlugin,
    OperationStep::kRollBack, OperationStep::kVerifyRollBack, OperationStep::kRelease};

struct Story {
  MigFault first = MigFault::kNone;
  MigFault second = MigFault::kNone;
  Event event = Event::kNone;
  OperationStep at = OperationStep::kReserve;
};

void Happen(SagaWorld& world, Event event) {
  switch (event) {
    case Event::kNone:
      return;
    case Event::kLabel:
      return world.SetLabel(std::string(kMigConfig), "all-disabled");
    case Event::kTaint:
      world.node->taints.clear();
      return world.ShowNode();
    case Event::kNodeGone:
      return world.RemoveNode();
    case Event::kPlanGone:
      return world.RemovePlan();
    case Event::kPoolGone:
      return world.SetPolicy({});
    case Event::kStranger:
      return world.AddPod("stranger");
  }
}

// Tells it once with that kill, and says how many writes it took.
int Tell(const Story& story, std::optional<std::pair<int, SagaWorld::Kill>> kill) {
  SagaWorld world;
  world.AddPod("named");
  world.kill = kill;
  world.mig.faults = {story.first, story.second};
  bool happened = story.event == Event::kNone;
  world.on_tick = [&](SagaWorld& now) {
    const plan::NodeOperation* operation = now.Operation();
    if (happened || operation == nullptr || operation->step != story.at) return;
    happened = true;
    Happen(now, story.event);
  };
  world.Run(30min);

  EXPECT_THAT(world.faults, IsEmpty());
  EXPECT_FALSE(world.IsTainted());
  EXPECT_FALSE(world.evicted.contains("stranger"));
  for (const auto& [name, operation] : world.operations) {
    const cluster::Condition* end = plan::EndOf(operation);
    EXPECT_NE(end, nullptr) << "not over after half an hour";
    if (end == nullptr || end->type == "Failed" || !world.node) continue;
    const bool done = end->type == "Done";
    const std::string_view label = cluster::Find(world.node->labels, kMigConfig);
    if (story.event == Event::kLabel && label == "all-disabled") continue;  // after it was over
    EXPECT_EQ(DifferenceOf(*world.node, operation.cards, done ? Side::kAfter : Side::kBefore), "")
        << end->type << " " << end->reason;
    EXPECT_THAT(PausedOn(*world.node), IsEmpty());
    EXPECT_EQ(world.mig.cards, done ? world.mig.layouts.at(plan::LayoutNamesOf(operation).after)
                                    : world.mig.layouts.at("all-3g"));
  }
  const plan::NodeOperation* operation = world.Operation();
  const cluster::Condition* end = operation == nullptr ? nullptr : plan::EndOf(*operation);
  if (end != nullptr && end->type == "Failed") {
    const bool by_person = story.event == Event::kLabel || story.event == Event::kTaint;
    const bool gone = story.event == Event::kNodeGone;
    EXPECT_TRUE((by_person && end->reason == "ChangedByPerson") ||
                (gone && end->reason == "NodeGone"))
        << end->reason << ": " << end->message;
  }
  return world.writes;
}

std::string NameOf(const Story& story, int write) {
  return fmt::format("faults {} {}, event {} at {}, kill at {}", static_cast<int>(story.first),
                     static_cast<int>(story.second), static_cast<int>(story.event),
                     plan::NameOf(story.at), write);
}

// With the sanitizers, one write in so many: others with each story.
constexpr int kStride = base::kSanitized ? 11 : 1;

// Alone, and with a kill before and after each write. Returns how many runs that were.
int TellAll(const Story& story) {
  SCOPED_TRACE(NameOf(story, 0));
  const int writes = Tell(story, std::nullopt);
  int runs = 1;
  static int stories = 0;
  for (int write = 1 + stories++ % kStride; write <= writes; write += kStride) {
    for (const auto kill : {SagaWorld::Kill::kBefore, SagaWorld::Kill::kAfter}) {
      SCOPED_TRACE(NameOf(story, write));
      Tell(story, std::pair(write, kill));
      ++runs;
      if (::testing::Test::HasFailure()) return runs;  // one is enough to look at
    }
  }
  return runs;
}

TEST(OperationsLaw, ALeaderThatDiesAnywhereUnderAnyTwoFaultsLeavesNothingHalfDone) {
  int runs = 0;
  for (const MigFault first : kFaults) {
    for (const MigFault second : kFaults) {
      runs += TellAll({.first = first, .second = second});
      if (HasFailure()) return;
    }
  }
  EXPECT_GT(runs, 2'000 / kStride);
  RecordProperty("runs", runs);
}

TEST(OperationsLaw, NeitherDoAnyoneElsesDoingsAtAnyStep) {
  int runs = 0;
  for (const Event event : kEvents) {
    for (const OperationStep at : kSteps) {
      for (const MigFault first :
           {MigFault::kNone, MigFault::kFails, MigFault::kHangs, MigFault::kPluginBlind}) {
        runs += TellAll({.first = first, .event = event, .at = at});
        if (HasFailure()) return;
      }
    }
  }
  EXPECT_GT(runs, 3'000 / kStride);
  RecordProperty("runs", runs);
}

}  // namespace
}  // namespace tangram::control

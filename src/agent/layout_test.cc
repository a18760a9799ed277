#include "agent/layout.h"

#include <gmock/gmock.h>

#include "agent/testing/fake_machine.h"

namespace tangram::agent {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

Card CardOf(const std::string& mig, const std::string& rest = "") {
  const auto machine = testing::ParseMachine(R"({"cards": [{"name": "NVIDIA H100 80GB HBM3",
      "mig": )" + mig + rest + "}]}");
  EXPECT_TRUE(machine) << machine.error().message;
  return machine ? machine->inventory.cards[0] : Card{};
}

constexpr const char* kCut = R"({"enabled": true, "instances": [
    {"profile": "1g.10gb", "start": 0}, {"profile": "1g.10gb", "start": 1},
    {"profile": "3g.40gb", "start": 4}]})";
constexpr const char* kOff = R"({"enabled": false})";

struct StepsCase {
  std::string name;
  std::string mig;
  bool wished_mig;
  std::vector<WishedInstance> wished;
  std::vector<std::string> steps;
};

std::string Uuid() { return "GPU-00000000-0000-4000-8000-000000000000"; }
std::vector<std::string> Texts(const std::vector<MigStep>& steps) {
  std::vector<std::string> texts;
  for (const MigStep& step : steps) texts.push_back(step.text.substr(0, step.text.find(" on GPU")));
  return texts;
}

const StepsCase kSteps[] = {
    {"AsItIs", kCut, true, {{"1g.10gb", 0}, {"1g.10gb", 1}, {"3g.40gb", 4}}, {}},
    {"InFreePlacements",
     kCut,
     true,
     {{"1g.10gb", 0}, {"1g.10gb", 1}, {"3g.40gb", 4}, {"2g.20gb", 2}},
     {"make 2g.20gb at 2", "make the compute instance of 2g.20gb at 2"}},
    {"WhatIsInTheWayAlone",
     kCut,
     true,
     {{"1g.10gb", 0}, {"1g.10gb", 1}, {"2g.20gb", 4}},
     {"take away 3g.40gb at 4", "make 2g.20gb at 4", "make the compute instance of 2g.20gb at 4"}},
    {"Off",
     kCut,
     false,
     {},
     {"take away 1g.10gb at 0", "take away 1g.10gb at 1", "take away 3g.40gb at 4",
      "turn MIG off"}},
    {"On",
     kOff,
     true,
     {{"7g.80gb", 0}},
     {"turn MIG on", "make 7g.80gb at 0", "make the compute instance of 7g.80gb at 0"}},
    {"Empty",
     kCut,
     true,
     {},
     {"take away 1g.10gb at 0", "take away 1g.10gb at 1", "take away 3g.40gb at 4"}},
    {"TwiceTheSamePlaceIsOne", kOff, false, {}, {}},
    {"WaitingModeIsTakenBack",
     R"({"enabled": false, "pending": true})",
     false,
     {},
     {"turn MIG off"}},
    {"AKilledOneIsGoneOnWith",
     R"({"enabled": true, "instances": [{"profile": "2g.20gb", "start": 2, "computeInstances": []}]})",
     true,
     {{"2g.20gb", 2}},
     {"make the compute instance of 2g.20gb at 2"}},
    {"PartsOfAnInstanceAreNotThatInstance",
     R"({"enabled": true, "instances": [{"profile": "2g.20gb", "start": 2, "computeInstances": [
         {"id": 0, "profileId": 0}, {"id": 1, "profileId": 0}]}]})",
     true,
     {{"2g.20gb", 2}},
     {"take away 2g.20gb at 2", "make 2g.20gb at 2", "make the compute instance of 2g.20gb at 2"}},
};

class StepsTest : public ::testing::TestWithParam<StepsCase> {};
TEST_P(StepsTest, AreTheFewest) {
  const StepsCase& test = GetParam();
  const auto steps = StepsTo(CardOf(test.mig), {Uuid(), test.wished_mig, test.wished}, {});
  ASSERT_TRUE(steps) << steps.error().message;
  EXPECT_EQ(Texts(*steps), test.steps);
}
INSTANTIATE_TEST_SUITE_P(Table, StepsTest, ::testing::ValuesIn(kSteps),
                         [](const auto& one) { return one.param.name; });

struct RefusalCase {
  std::string name;
  std::string mig;
  std::string rest;
  CardLayout wished;
  Holders holders;
  CutReason reason;
  std::string message;
};

const std::string kBusy = R"(, "processes": [{"pid": 77, "instance": 2}])";
const std::string kSomewhere = R"(, "processes": [{"pid": 78}])";

const RefusalCase kRefusals[] = {
    {"ProcessInIt",
     kCut,
     kBusy,
     {"", true, {{"1g.10gb", 0}, {"3g.40gb", 4}}},
     {},
     CutReason::kInUse,
     "1g.10gb at 1 on GPU 0 (GPU-00000000-0000-4000-8000-000000000000) has to "
     "go and is in use by process 77; end that first"},
    {"ProcessSomewhere",
     kCut,
     kSomewhere,
     {"", true, {{"1g.10gb", 0}, {"1g.10gb", 1}}},
     {},
     CutReason::kInUse,
     "in use by process 78"},
    {"PodHoldsIt",
     kCut,
     "",
     {"", true, {{"1g.10gb", 0}, {"1g.10gb", 1}}},
     {{3, "pod ns/a"}},
     CutReason::kInUse,
     "3g.40gb at 4 on GPU 0 (GPU-00000000-0000-4000-8000-000000000000) has to "
     "go and is in use by pod ns/a"},
    {"ModeWhileInUse",
     kOff,
     kSomewhere,
     {"", true, {}},
     {},
     CutReason::kInUse,
     "changes only while nobody uses it, and process 78 does"},
    {"ModeWhileHeld",
     kOff,
     "",
     {"", true, {}},
     {{kWholeCard, "pod ns/b"}},
     CutReason::kInUse,
     "pod ns/b does"},
    {"NoSuchProfile",
     kCut,
     "",
     {"", true, {{"1g.5gb", 0}}},
     {},
     CutReason::kInvalid,
     "has no profile 1g.5gb; it has "},
    {"NoSuchPlace",
     kCut,
     "",
     {"", true, {{"3g.40gb", 2}}},
     {},
     CutReason::kInvalid,
     "3g.40gb may not stand at 2"},
    {"Overlap",
     kCut,
     "",
     {"", true, {{"3g.40gb", 4}, {"1g.10gb", 5}}},
     {},
     CutReason::kInvalid,
     "3g.40gb at 4 and 1g.10gb at 5 of the layout overlap"},
    {"Twice",
     kCut,
     "",
     {"", true, {{"3g.40gb", 4}, {"3g.40gb", 4}}},
     {},
     CutReason::kInvalid,
     "overlap"},
    {"InstancesWithMigOff",
     kCut,
     "",
     {"", false, {{"3g.40gb", 4}}},
     {},
     CutReason::kInvalid,
     "has instances, and MIG off"},
    {"NoMig", "null", "", {"", true, {}}, {}, CutReason::kInvalid, "has no MIG"},
};

class RefusalTest : public ::testing::TestWithParam<RefusalCase> {};
TEST_P(RefusalTest, SaysWhy) {
  const RefusalCase& test = GetParam();
  const auto steps = StepsTo(CardOf(test.mig, test.rest), test.wished, test.holders);
  ASSERT_FALSE(steps);
  EXPECT_EQ(NameOf(steps.error().reason), NameOf(test.reason));
  EXPECT_THAT(steps.error().message, HasSubstr(test.message));
}
INSTANTIATE_TEST_SUITE_P(Table, RefusalTest, ::testing::ValuesIn(kRefusals),
                         [](const auto& one) { return one.param.name; });

TEST(LayoutTest, WhatStaysMayBeInUse) {
  const auto steps = StepsTo(CardOf(kCut, kBusy), {Uuid(), true, {{"1g.10gb", 1}, {"4g.40gb", 0}}},
                             {{2, "pod ns/a"}});
  ASSERT_FALSE(steps);  // 4g at 0 overlaps what stays
  const auto fits =
      StepsTo(CardOf(kCut, kBusy), {Uuid(), true, {{"1g.10gb", 1}}}, {{2, "pod ns/a"}});
  ASSERT_TRUE(fits);
  EXPECT_THAT(Texts(*fits), ElementsAre("take away 1g.10gb at 0", "take away 3g.40gb at 4"));
}

TEST(LayoutTest, NothingIsDecidedOnWhatIsNotKnown) {
  Card card = CardOf(kCut);
  card.problems = {{"temperature", "nvmlDeviceGetTemperature answered unknown error (999)"}};
  EXPECT_TRUE(StepsTo(card, {Uuid(), true, {}}, {}));
  card.problems.push_back({"processes", "unknown error (999)"});
  auto steps = StepsTo(card, {Uuid(), true, {}}, {});
  ASSERT_FALSE(steps);
  EXPECT_EQ(steps.error().reason, CutReason::kUnreadable);
  card.problems = {{"MIG placements", "answered no permission (4)"}};
  steps = StepsTo(card, {Uuid(), true, {}}, {});
  ASSERT_FALSE(steps);
  EXPECT_EQ(steps.error().reason, CutReason::kDenied);
  card.state = CardState::kLost;
  steps = StepsTo(card, {Uuid(), true, {}}, {});
  ASSERT_FALSE(steps);
  EXPECT_EQ(steps.error().reason, CutReason::kLost);
}

TEST(LayoutTest, LayoutOfACardIsNoStepAway) {
  for (const char* mig : {kCut, kOff}) {
    const Card card = CardOf(mig);
    const auto layout = LayoutOf(card);
    ASSERT_TRUE(layout);
    const auto steps = StepsTo(card, *layout, {});
    ASSERT_TRUE(steps);
    EXPECT_THAT(*steps, IsEmpty());
  }
}

}  // namespace
}  // namespace tangram::agent

// The GpuNode: what is written of it, when, and what its orders come to.
#include "agent/gpu_node.h"

#include <gmock/gmock.h>

#include <nlohmann/json.hpp>

#include "agent/gpu_node_reporter.h"
#include "agent/nvml_guard.h"
#include "agent/nvml_reader.h"
#include "agent/orders.h"
#include "agent/testing/fake_machine.h"
#include "agent/testing/run_fake.h"
#include "kube/call.h"

namespace tangram::agent {
namespace {

using namespace std::chrono_literals;
using base::ErrorCode;
using nlohmann::json;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

const std::string kCard = "GPU-00000000-0000-4000-8000-000000000000";

NodeState StateOf(const std::string& cards) {
  const auto machine = testing::ParseMachine(R"({"cards": )" + cards + "}");
  EXPECT_TRUE(machine) << machine.error().message;
  NodeState state;
  state.driver = machine->inventory.driver;
  for (const Card& card : machine->inventory.cards) {
    state.cards.emplace_back().reading.card = card;
  }
  return state;
}
NodeState Cut(const std::string& processes = "[]") {
  return StateOf(R"([{"name": "NVIDIA H100 80GB HBM3", "processes": )" + processes + R"(, "mig": {
      "enabled": true, "instances": [{"profile": "1g.10gb", "start": 0},
                                     {"profile": "3g.40gb", "start": 4}]}}])");
}
json StatusOf(const NodeState& state) {
  return json::parse(ReportOf(state, ReadyOf(state), {}, base::Time(1'700'000'000s)).status);
}

TEST(GpuNodeTest, SaysWhatIsThereAndWhoseItIs) {
  NodeState state = Cut(R"([{"pid": 5, "instance": 1}])");
  const PodRef pod{"ns", "a", "main"};
  state.pods[{Place{0, 2}, pod}].use.devices = 1;
  const json status = StatusOf(state);
  EXPECT_EQ(status["observedAt"], "2023-11-14T22:13:20Z");
  const json& card = status["cards"][0];
  EXPECT_EQ(card["uuid"], kCard);
  EXPECT_EQ(card["memoryMiB"], 81920);
  const json& instances = card["mig"]["instances"];
  EXPECT_EQ(instances[0]["inUse"], true);  // a process
  EXPECT_EQ(instances[0]["processes"], 1);
  EXPECT_EQ(instances[1]["inUse"], true);  // a pod without one
  EXPECT_FALSE(instances[0].contains("heldBy"));
  EXPECT_THAT(instances[1]["heldBy"].dump(), HasSubstr("\"pod\""));
  EXPECT_EQ(instances[1]["processes"], 0);
  EXPECT_EQ(status["conditions"][0]["reason"], "Reading");
}

TEST(GpuNodeTest, SaysWhatIsNotWell) {
  NodeState state = Cut();
  state.cards[0].reading.card = {};
  state.cards[0].reading.card.state = CardState::kLost;
  json status = StatusOf(state);
  EXPECT_EQ(status["cards"][0], json({{"index", 0}, {"state", "Lost"}}));
  EXPECT_EQ(status["conditions"][0]["status"], "False");
  EXPECT_EQ(status["conditions"][0]["reason"], "CardLost");
  state = {};
  state.idle = "there is no driver";
  status = StatusOf(state);
  EXPECT_EQ(status["conditions"][0]["reason"], "DriverMissing");
  EXPECT_EQ(status["conditions"][0]["message"], "there is no driver");
  EXPECT_THAT(status["cards"], IsEmpty());
}

TEST(GpuNodeTest, AProcessMoreIsNoNews) {
  const auto gist = [](const std::string& processes) {
    return ReportOf(Cut(processes), {}, {}, {}).gist;
  };
  EXPECT_EQ(gist(R"([{"pid": 5, "instance": 1}])"),
            gist(R"([{"pid": 5, "instance": 1}, {"pid": 6, "instance": 1}])"));
  EXPECT_NE(gist("[]"), gist(R"([{"pid": 5, "instance": 1}])"));
}

TEST(GpuNodeTest, AnAnswerIsReadAsItWasWritten) {
  const OrderAnswer answer{.operation = "op",
                           .generation = 3,
                           .state = OrderState::kFailed,
                           .reason = "InUse",
                           .message = "why",
                           .before = {{kCard, true, {{"1g.10gb", 0}}}, {"GPU-b", false, {}}},
                           .began = base::Time(5s),
                           .ended = base::Time(6s)};
  json object;
  object["metadata"]["generation"] = 3;
  object["spec"] = json::parse(R"({"operation": "op", "layouts": [
      {"uuid": "a", "index": 1, "mig": true, "instances": [{"profile": "7g.80gb", "start": 0}]},
      {"uuid": "b", "mig": false}]})");
  object["status"] = json::parse(ReportOf(Cut(), {}, answer, {}).status);
  const auto seen = ReadGpuNode(object.dump());
  ASSERT_TRUE(seen) << seen.error().message;
  EXPECT_EQ(seen->answer->before, answer.before);
  EXPECT_EQ(seen->answer->state, OrderState::kFailed);
  EXPECT_EQ(seen->answer->message, "why");
  EXPECT_EQ(seen->answer->ended, answer.ended);
  EXPECT_TRUE(seen->answer->Answers(*seen->order));
  EXPECT_THAT(seen->order->cards,
              ElementsAre(CardLayout{"a", true, {{"7g.80gb", 0}}}, CardLayout{"b", false, {}}));
  EXPECT_FALSE(ReadGpuNode("{"));
  EXPECT_FALSE(ReadGpuNode(R"({"spec": {"operation": 1}})"));
  EXPECT_FALSE(ReadGpuNode("{}")->order);
}

TEST(GpuNodeTest, OneAloneOwnsACard) {
  const auto with = [](const std::string& labels) {
    return OtherOwnerOf(R"({"metadata": {"labels": {)" + labels + "}}}").value();
  };
  EXPECT_EQ(with(""), "");
  EXPECT_EQ(OtherOwnerOf(R"({"metadata": {}})"), "");
  EXPECT_EQ(with(R"("nvidia.com/gpu.deploy.mig-manager": "false",
                    "nvidia.com/mig.config.state": "success")"),
            "");
  EXPECT_THAT(with(R"("nvidia.com/gpu.deploy.mig-manager": "true")"),
              HasSubstr("(label nvidia.com/gpu.deploy.mig-manager=true)"));
  EXPECT_THAT(with(R"("nvidia.com/mig.config.state": "pending")"),
              HasSubstr("nvidia.com/mig.config.state=pending"));
  EXPECT_FALSE(OtherOwnerOf("{"));
}

TEST(GpuNodeTest, HoldersAreThoseOfTheCard) {
  const Card card = Cut().cards[0].reading.card;
  PodDevices devices;
  devices.plugin = {
      {{"ns", "a", "c"}, "nvidia.com/mig-1g.10gb", {card.mig->instances[1].compute[0].uuid}},
      {{"ns", "b", "c"}, "nvidia.com/gpu", {"GPU-other"}}};
  EXPECT_THAT(HoldersOf(devices, card), ElementsAre(std::pair(2, "pod ns/a")));
}

// ---- when it is written ----

// An API server that answers what the test says.
class Server final : public GpuNodeApi {
 public:
  void Start(kube::Call call) override { calls.push_back(std::move(call)); }
  std::optional<base::Result<std::string>> Take() override {
    return std::exchange(answer, std::nullopt);
  }
  std::optional<std::string> Changed() override { return std::nullopt; }
  base::Result<std::string> ReadNode() override { return "{}"; }
  std::string Trouble() override { return ""; }

  std::vector<kube::Call> calls;
  std::optional<base::Result<std::string>> answer;
};

class ReporterTest : public ::testing::Test {
 protected:
  void Offer(const std::string& gist,
             GpuNodeReporter::Haste haste = GpuNodeReporter::Haste::kNone) {
    reporter_.Offer({R"({"gist":")" + gist + "\"}", gist}, haste);
    reporter_.Poll();
  }
  void Answer(base::Result<std::string> answer) {
    server_.answer = std::move(answer);
    reporter_.Poll();
  }
  std::string Last() const { return server_.calls.back().method + " " + server_.calls.back().path; }
  static constexpr const char* kStatus = "PATCH /apis/tangram.dev/v1alpha1/gpunodes/node-a/status";

  base::ManualClock clock_{base::Time(1'000s)};
  Server server_;
  std::vector<std::string> said_;
  GpuNodeReporter reporter_{{.api = server_,
                             .clock = clock_,
                             .log = [this](const std::string& line) { said_.push_back(line); }},
                            {.node = "node-a"}};
};

TEST_F(ReporterTest, WritesWhatChangedAndElseSeldom) {
  Offer("a");
  ASSERT_EQ(server_.calls.size(), 1U);
  EXPECT_EQ(Last(), kStatus);
  EXPECT_EQ(server_.calls[0].body, R"([{"op":"add","path":"/status","value":{"gist":"a"}}])");
  EXPECT_FALSE(reporter_.Written());
  Answer("{}");
  EXPECT_TRUE(reporter_.Written());
  clock_.Advance(base::Milliseconds(299s));
  Offer("a");
  EXPECT_EQ(server_.calls.size(), 1U);
  clock_.Advance(base::Milliseconds(1s));
  Offer("a");  // the heartbeat
  EXPECT_EQ(server_.calls.size(), 2U);
  Answer("{}");
  clock_.Advance(base::Milliseconds(9'999));
  Offer("b");
  EXPECT_EQ(server_.calls.size(), 2U);
  EXPECT_FALSE(reporter_.Written());
  clock_.Advance(base::Milliseconds(1));
  reporter_.Poll();
  EXPECT_EQ(server_.calls.size(), 3U);
  Offer("c", GpuNodeReporter::Haste::kUrgent);  // one is on the way
  EXPECT_EQ(server_.calls.size(), 3U);
  Answer("{}");
  EXPECT_FALSE(reporter_.Written());  // that was b
  ASSERT_EQ(server_.calls.size(), 4U);
  EXPECT_THAT(server_.calls[3].body, HasSubstr("\"c\""));
  Answer("{}");
  EXPECT_TRUE(reporter_.Written());
}

TEST_F(ReporterTest, MakesItAsOneOfTheNodes) {
  Offer("a");
  Answer(base::Fail(ErrorCode::kNotFound, "no such GpuNode"));
  EXPECT_EQ(Last(), "GET /api/v1/nodes/node-a");
  Answer(R"({"metadata": {"uid": "u-1"}})");
  EXPECT_EQ(Last(), "POST /apis/tangram.dev/v1alpha1/gpunodes");
  const json made = json::parse(server_.calls.back().body);
  EXPECT_EQ(made["metadata"]["ownerReferences"][0]["uid"], "u-1");
  EXPECT_EQ(made["spec"], json::object());
  Answer(base::Fail(ErrorCode::kConflict, "it exists"));  // somebody was faster
  EXPECT_EQ(Last(), kStatus);
  Answer("{}");
  EXPECT_TRUE(reporter_.Written());
  EXPECT_THAT(said_, IsEmpty());
}

TEST_F(ReporterTest, SaysOnceWhatFailsAndTriesLessOften) {
  Offer("a");
  for (const auto wait : {10s, 20s, 40s, 80s, 160s, 300s, 300s}) {
    const auto calls = server_.calls.size();
    Answer(base::Fail(ErrorCode::kDenied, "you may not"));
    clock_.Advance(base::Milliseconds(wait) - 1ms);
    reporter_.Poll();
    EXPECT_EQ(server_.calls.size(), calls);
    clock_.Advance(1ms);
    reporter_.Poll();
    EXPECT_EQ(server_.calls.size(), calls + 1);
  }
  EXPECT_THAT(said_, ElementsAre("the GpuNode \"node-a\" cannot be written: you may not"));
  Answer("{}");
  EXPECT_EQ(said_.size(), 2U);
}

TEST_F(ReporterTest, ANodeThatIsGoneIsSaid) {
  Offer("a");
  Answer(base::Fail(ErrorCode::kNotFound, "no such GpuNode"));
  Answer(base::Fail(ErrorCode::kNotFound, "no node \"node-a\""));
  EXPECT_THAT(said_, ElementsAre(HasSubstr("no node \"node-a\"")));
  EXPECT_EQ(server_.calls.size(), 2U);
}

// ---- orders ----

class OrdersTest : public testing::WithFake {
 protected:
  void SetUp() override {
    WithFake::SetUp();
    Play({{"cards",
           json::array({{{"name", "NVIDIA H100 80GB HBM3"}, {"mig", {{"enabled", true}}}}})}});
  }
  static SeenGpuNode Asks(std::int64_t generation, const std::vector<CardLayout>& cards) {
    SeenGpuNode seen;
    seen.order = Order{"op", generation, cards};
    return seen;
  }
  std::size_t Instances() { return guard_.ReadCard(0)->mig->instances.size(); }

  base::ManualClock clock_{base::Time(1'000s)};
  NvmlGuard guard_{[](CallWatch& watch) {
                     return std::make_unique<NvmlReader>(TANGRAM_FAKE_NVML_LIBRARY, watch,
                                                         NvmlRights{.cut = true});
                   },
                   {},
                   clock_};
  base::Result<std::string> owner_;
  int looked_again_ = 0;
  Orders orders_{{.cutter = Cutter({.nvml = guard_}),
                  .other_owner = [this] { return owner_; },
                  .look_again =
                      [this] {
                        ++looked_again_;
                        return std::string("left to do");
                      },
                  .clock = clock_,
                  .log = [](const std::string&) {}}};
  const std::vector<CardLayout> wished_ = {{kCard, true, {{"1g.10gb", 3}}}};
};

TEST_F(OrdersTest, NothingIsDoneBeforeItIsWritten) {
  EXPECT_EQ(orders_.Step(true), Orders::Outcome::kNothing);
  orders_.See(Asks(2, wished_));
  EXPECT_EQ(orders_.Step(true), Orders::Outcome::kTaken);
  EXPECT_EQ(orders_.answer()->state, OrderState::kRunning);
  EXPECT_THAT(orders_.answer()->before, ElementsAre(CardLayout{kCard, true, {}}));
  EXPECT_EQ(orders_.Step(false), Orders::Outcome::kNothing);
  EXPECT_EQ(Instances(), 0U);
  EXPECT_EQ(orders_.Step(true), Orders::Outcome::kEnded);
  EXPECT_EQ(orders_.answer()->state, OrderState::kDone);
  EXPECT_EQ(orders_.answer()->message, "left to do");
  EXPECT_EQ(looked_again_, 1);
  EXPECT_EQ(Instances(), 1U);
  EXPECT_EQ(orders_.Step(true), Orders::Outcome::kNothing);  // once
  EXPECT_EQ(looked_again_, 1);
}

TEST_F(OrdersTest, WhatIsOverIsNotDoneAgainByTheNext) {
  SeenGpuNode seen = Asks(2, wished_);
  seen.answer = OrderAnswer{.operation = "op",
                            .generation = 2,
                            .state = OrderState::kFailed,
                            .reason = "InUse",
                            .message = "m",
                            .before = {},
                            .ended = {}};
  orders_.See(seen);
  EXPECT_EQ(orders_.Step(true), Orders::Outcome::kNothing);
  seen.order->generation = 3;  // asked again
  orders_.See(seen);
  EXPECT_EQ(orders_.Step(true), Orders::Outcome::kTaken);
}

TEST_F(OrdersTest, AKilledOneIsGoneOnWithToItsOwnBefore) {
  SeenGpuNode seen = Asks(2, {{kCard, true, {{"9g.90gb", 0}}}});  // no such profile: it goes back
  const std::vector<CardLayout> before = {{kCard, true, {{"2g.20gb", 4}}}};
  seen.answer = OrderAnswer{.operation = "op",
                            .generation = 2,
                            .state = OrderState::kRunning,
                            .reason = "",
                            .message = "",
                            .before = before,
                            .ended = {}};
  orders_.See(seen);
  EXPECT_EQ(orders_.Step(true), Orders::Outcome::kEnded);
  EXPECT_EQ(orders_.answer()->reason, "LayoutInvalid");
  EXPECT_EQ(LayoutOf(*guard_.ReadCard(0)), before[0]);
}

TEST_F(OrdersTest, TwoOwnersAreRefused) {
  orders_.See(Asks(2, wished_));
  EXPECT_EQ(orders_.Step(true), Orders::Outcome::kTaken);
  owner_ = base::Fail(ErrorCode::kUnavailable, "no answer");
  EXPECT_EQ(orders_.Step(true), Orders::Outcome::kNothing);  // not known yet
  owner_ = "mig-manager owns them";
  EXPECT_EQ(orders_.Step(true), Orders::Outcome::kEnded);
  EXPECT_EQ(orders_.answer()->reason, "TwoOwners");
  EXPECT_EQ(Instances(), 0U);
}

TEST_F(OrdersTest, ACardThatIsNotThereEndsIt) {
  orders_.See(Asks(2, {{"GPU-gone", true, {}}}));
  EXPECT_EQ(orders_.Step(true), Orders::Outcome::kEnded);
  EXPECT_EQ(orders_.answer()->state, OrderState::kFailed);
  EXPECT_EQ(orders_.answer()->reason, "CardLost");
  EXPECT_THAT(orders_.answer()->message, HasSubstr("Nothing was changed"));
}

}  // namespace
}  // namespace tangram::agent

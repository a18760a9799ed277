// What is written as a NodeOperation is read again as it was.
#include <gmock/gmock.h>

#include <nlohmann/json.hpp>

#include "base/time_text.h"
#include "objects/read_operations.h"
#include "report/operation_json.h"
#include "report/status_json.h"

namespace tangram::adapter {
namespace {

using nlohmann::json;
using ::testing::HasSubstr;

base::Time At(const char* text) { return *base::ParseTime(text); }

plan::NodeOperation Example() {
  plan::NodeOperation one;
  one.name = "node-1-0123456789abcdef";
  one.node = "node-1";
  one.reason = "seven pods wait";
  one.plan = "pool-1";
  one.actions = {0, 3};
  one.cards = {{0, "GPU-0", {{"3g.20gb", 0}, {"3g.20gb", 4}}, {{"1g.5gb", 6}}}, {1, "", {}, {}}};
  one.cards[1].before = {{"7g.40gb", std::nullopt}};
  one.label_before = "all-3g";
  one.evict = {{{"ns", "pod"}, "uid-pod"}};
  one.step = plan::OperationStep::kVerify;
  one.steps = {{plan::OperationStep::kReserve, plan::StepRecord::State::kDone,
                At("2026-11-22T12:00:00Z"), At("2026-11-22T12:00:05Z"), 1, "tainted"},
               {plan::OperationStep::kVerify, plan::StepRecord::State::kRunning,
                At("2026-11-22T12:00:05Z"), std::nullopt, 2, ""}};
  one.conditions = {{"Done", false, "StepUnderway", "Verify", At("2026-11-22T12:00:00Z")},
                    {"Running", true, "StepUnderway", "Verify", At("2026-11-22T12:00:00Z")}};
  one.uid = "uid";
  one.version = "7";
  one.generation = 1;
  one.created_at = At("2026-11-22T12:00:00Z");
  one.ours = true;
  return one;
}

// As the API server has it.
std::string TextOf(const plan::NodeOperation& operation) {
  json object = json::parse(report::RenderNodeOperation(operation));
  object["metadata"]["uid"] = operation.uid;
  object["metadata"]["resourceVersion"] = operation.version;
  object["metadata"]["generation"] = operation.generation;
  object["metadata"]["creationTimestamp"] = base::FormatTime(operation.created_at);
  object["status"] = json::parse(report::RenderOperationStatus(operation, "pod/1"));
  return object.dump();
}

TEST(OperationsForm, WhatIsWrittenIsRead) {
  plan::NodeOperation operation = Example();
  const auto read = objects::ReadOperations(TextOf(operation));
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_EQ(read->front(), operation);
  EXPECT_THAT(TextOf(operation), HasSubstr(R"("fence":"pod/1")"));
  operation.step.reset();
  operation.label_before.clear();
  operation.ours = false;
  EXPECT_EQ(objects::ReadOperations(TextOf(operation))->front(), operation);
}

TEST(OperationsForm, OfOneThatTheAgentCarriesOutToo) {
  plan::NodeOperation operation = Example();
  operation.backend = plan::MigBackend::kAgent;
  operation.label_before.clear();
  operation.order_before = "by-hand";
  const auto read = objects::ReadOperations(TextOf(operation));
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_EQ(read->front(), operation);
}

TEST(OperationsForm, OfOneThatSharesToo) {
  plan::NodeOperation operation = Example();
  operation.cards.clear();
  operation.label_before.clear();
  operation.reshare = plan::Resharing{.profile = "1g.5gb",
                                      .change = {"nvidia.com/mig-1g.5gb", 2, 4},
                                      .before = cluster::Sharing::kTimeSlicing,
                                      .after = cluster::Sharing::kTimeSlicing,
                                      .config_before = "default",
                                      .config_after = "tangram-0123",
                                      .renamed = false};
  const auto read = objects::ReadOperations(TextOf(operation));
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_EQ(read->front(), operation);
  operation.reshare->profile.clear();
  operation.reshare->change = {"nvidia.com/gpu", 4, 1};
  operation.reshare->after = cluster::Sharing::kNone;
  operation.reshare->config_before.clear();
  EXPECT_EQ(objects::ReadOperations(TextOf(operation))->front(), operation);
  json object = json::parse(TextOf(operation));
  object["spec"]["reshare"].erase("configAfter");
  EXPECT_THAT(objects::ReadOperations(object.dump()).error().message, HasSubstr("configAfter"));
}

TEST(OperationsForm, WhatIsWrongNamesTheField) {
  json object = json::parse(TextOf(Example()));
  const auto message = [&](const char* at, const json& value) {
    json wrong = object;
    wrong[json::json_pointer(at)] = value;
    const auto read = objects::ReadOperations(wrong.dump());
    return read ? std::string("it is read") : read.error().message;
  };
  EXPECT_THAT(message("/spec/kind", "ScaleDown"), HasSubstr("spec.kind is \"ScaleDown\""));
  EXPECT_THAT(message("/spec/repartition/cards/0/gpu", "x"), HasSubstr("cards[0].gpu"));
  EXPECT_THAT(message("/status/steps/0/name", "Dance"), HasSubstr("is no step"));
  EXPECT_THAT(message("/status/steps/0/startedAt", "now"), HasSubstr("is no time"));
}

}  // namespace
}  // namespace tangram::adapter

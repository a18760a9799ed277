#include "adapter/view_request.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "base/dice.h"
#include "base/time_text.h"

namespace tangram::adapter {
namespace {

std::string ObjectWith(const std::string& spec, const std::string& status) {
  return fmt::format(
      R"({{"metadata": {{"name": "view-1", "uid": "u-1"}}, "spec": {}, "status": {}}})", spec,
      status);
}

ViewAnswer Answered(std::string output) {
  return {.exit_code = 1,
          .output = std::move(output),
          .messages = "GpuPool a selects no node\n",
          .taken_at = *base::ParseTime("2026-11-22T10:00:00Z")};
}

TEST(ViewRequest, IsReadAsItIsAsked) {
  const ViewQuestion question{ViewCommand::kExplain, {"pod", "a/b", "--output=json"}, "prod", true};
  std::string object = RenderViewRequest(question);
  object.insert(object.find("\"generateName\""), R"("name": "view-1", "uid": "u-1", )");
  const auto read = ReadViewRequest(object);
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_EQ(read->question, question);
  EXPECT_EQ(read->uid, "u-1");
  EXPECT_FALSE(read->answer);
}

TEST(ViewRequest, EachCommandIsRead) {
  for (const ViewCommand command : {ViewCommand::kExplain, ViewCommand::kPlan, ViewCommand::kTop}) {
    std::string object = RenderViewRequest({.command = command});
    object.insert(object.find("\"generateName\""), R"("name": "view-1", )");
    const auto read = ReadViewRequest(object);
    ASSERT_TRUE(read) << read.error().message;
    EXPECT_EQ(read->question.command, command);
  }
  EXPECT_FALSE(ReadViewRequest(ObjectWith(R"({"command": "Apply"})", "{}")));
}

TEST(ViewRequest, AnswersComeBackWhole) {
  base::Dice dice(7);
  for (const std::size_t size : {10U, 16'384U, 16'385U, 2'000'000U}) {
    std::string output(size, ' ');
    for (char& c : output) c = static_cast<char>('a' + dice.In(0, 3));
    const ViewAnswer answer = Answered(output);
    const std::string status = RenderViewStatus(answer, "me/3");
    EXPECT_NE(status.find(R"("fence":"me/3")"), std::string::npos);
    const auto read = ReadViewRequest(ObjectWith(R"({"command": "Plan"})", status));
    ASSERT_TRUE(read) << size << ": " << read.error().message;
    EXPECT_EQ(read->answer, answer) << size;
  }
}

TEST(ViewRequest, WhatNoObjectHoldsIsRefused) {
  base::Dice dice(7);
  std::string output(3'000'000, ' ');
  for (char& c : output) c = static_cast<char>(dice.In(32, 126));
  const std::string status = RenderViewStatus(Answered(output), "");
  EXPECT_LT(status.size(), 1'000U);
  const auto read = ReadViewRequest(ObjectWith(R"({"command": "Plan"})", status));
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_TRUE(read->answer->refused);
  EXPECT_NE(read->answer->messages.find("--from cluster"), std::string::npos);
}

TEST(ViewRequest, BrokenOnesAreErrors) {
  const char* const broken[] = {
      "",
      "{",
      R"({"metadata": {}, "spec": {"command": "Plan"}})",
      R"({"metadata": {"name": "a"}})",
      R"({"metadata": {"name": "a"}, "spec": {"command": "Delete"}})",
      R"({"metadata": {"name": "a"}, "spec": {"command": 3}})",
      R"({"metadata": {"name": "a"}, "spec": {"command": "Plan", "arguments": [1]}})",
      R"({"metadata": {"name": "a"}, "spec": {"command": "Plan"},
          "status": {"outcome": "Answered", "encoding": "Gzip", "output": "AAAA"}})",
      R"({"metadata": {"name": "a"}, "spec": {"command": "Plan"},
          "status": {"outcome": "Answered", "encoding": "Gzip", "output": "?"}})"};
  for (const char* text : broken) EXPECT_FALSE(ReadViewRequest(text)) << text;
}

}  // namespace
}  // namespace tangram::adapter

#include "cli/ask.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "cli/run_testing.h"
#include "cluster/file_form.h"

namespace tangram::cli {
namespace {

using adapter::ViewAnswer;
using adapter::ViewCommand;
using ::testing::HasSubstr;
using ::testing::Not;
using testing::Ran;
using testing::SourcePath;
using testing::Tangram;

const std::string kExample = SourcePath("examples/messy.json");

ViewAnswer Ask(ViewCommand command, std::vector<std::string> words, bool terminal = false) {
  auto snapshot = cluster::ReadSnapshotFile(kExample);
  if (!snapshot) return {.refused = true, .messages = snapshot.error().message};
  const std::string name = snapshot->cluster;
  const base::ManualClock clock(snapshot->taken_at);
  return AnswerFrom({{}, *std::move(snapshot)}, {command, std::move(words), name, terminal}, clock);
}

TEST(Ask, TheAnswerIsWhatTheCommandPrints) {
  for (const std::vector<std::string>& words :
       {std::vector<std::string>{}, {"--output=json"}, {"--output=wide", "--without=scale"}}) {
    std::vector<std::string> args = {"plan", "--snapshot", kExample};
    args.insert(args.end(), words.begin(), words.end());
    const Ran ran = Tangram(args);
    const ViewAnswer answer = Ask(ViewCommand::kPlan, words);
    EXPECT_FALSE(answer.refused) << answer.messages;
    EXPECT_EQ(answer.output, ran.out);
    EXPECT_EQ(answer.exit_code, ran.code);
  }
}

TEST(Ask, PodsAreExplained) {
  const auto snapshot = cluster::ReadSnapshotFile(kExample);
  ASSERT_TRUE(snapshot) << snapshot.error().message;
  const std::string pod = snapshot->pods.front().ns + "/" + snapshot->pods.front().name;
  const ViewAnswer answer = Ask(ViewCommand::kExplain, {"pod", pod});
  EXPECT_FALSE(answer.refused) << answer.messages;
  EXPECT_EQ(answer.output, Tangram({"explain", "pod", pod, "--snapshot", kExample}).out);
  EXPECT_EQ(answer.taken_at, snapshot->taken_at);
}

TEST(Ask, TopIsAFrameEvenForATerminal) {
  for (const std::vector<std::string>& words :
       {std::vector<std::string>{}, {"--sort=name"}, {"--output=json"}}) {
    std::vector<std::string> args = {"top", "--snapshot", kExample};
    args.insert(args.end(), words.begin(), words.end());
    const ViewAnswer answer = Ask(ViewCommand::kTop, words);
    EXPECT_FALSE(answer.refused) << answer.messages;
    EXPECT_EQ(answer.output, Tangram(args).out);
  }
  const ViewAnswer painted = Ask(ViewCommand::kTop, {}, true);
  EXPECT_THAT(painted.output, HasSubstr("\x1b["));
  EXPECT_THAT(painted.output, Not(HasSubstr("\x1b[?"))) << "the screen is of who asks";
}

// A terminal that shows frames sends its size and order with each question.
TEST(Ask, AFrameIsAsLargeAsItIsAskedFor) {
  const ViewAnswer answer = Ask(ViewCommand::kTop, {"--sort=cost", "--columns=100", "--lines=9",
                                                    "--sort=name", "--columns=40", "--lines=8"});
  ASSERT_FALSE(answer.refused) << answer.messages;
  EXPECT_THAT(answer.output, HasSubstr("NODES"));
  EXPECT_LE(std::count(answer.output.begin(), answer.output.end(), '\n'), 8);
  EXPECT_EQ(
      answer.output,
      Tangram({"top", "--snapshot", kExample, "--sort=name", "--columns=40", "--lines=8"}).out);
  for (const char* words : {"--columns=5", "--columns=100000", "--lines=-1", "--lines=x"}) {
    EXPECT_TRUE(Ask(ViewCommand::kTop, {words}).refused) << words;
  }
}

TEST(Ask, AnErrorIsAnAnswer) {
  const ViewAnswer answer = Ask(ViewCommand::kExplain, {"pod", "a/nobody"});
  EXPECT_FALSE(answer.refused);
  EXPECT_EQ(answer.exit_code, kBadInput);
  EXPECT_THAT(answer.messages, HasSubstr("there is no pod a/nobody"));
}

TEST(Ask, ColoursAreForTerminals) {
  EXPECT_THAT(Ask(ViewCommand::kPlan, {}, true).output, HasSubstr("\x1b["));
  EXPECT_THAT(Ask(ViewCommand::kPlan, {}).output, Not(HasSubstr("\x1b[")));
}

// Whoever may ask may not read what the controller can.
TEST(Ask, NoOptionNamesAFile) {
  const std::vector<std::string> refused[] = {{"--snapshot=/etc/passwd"},
                                              {"--snapshot", "-"},
                                              {"--policy=/etc/passwd"},
                                              {"--prices=/etc/passwd"},
                                              {"--kubeconfig=/etc/hosts"},
                                              {"--context=a"},
                                              {"--prometheus=http://a"},
                                              {"--window=1h"},
                                              {"--moves=controlled"},
                                              {"--from=controller"},
                                              {"--help"},
                                              {"--output=nothing"},
                                              {"explain"},
                                              {"--preempt"},
                                              {"@/etc/passwd"}};
  for (const auto& words : refused) {
    const ViewAnswer answer = Ask(ViewCommand::kPlan, words);
    EXPECT_TRUE(answer.refused) << words.front();
    EXPECT_EQ(answer.output, "") << words.front();
    EXPECT_NE(answer.messages, "") << words.front();
    EXPECT_TRUE(Ask(ViewCommand::kTop, words).refused) << words.front();
  }
  EXPECT_TRUE(Ask(ViewCommand::kTop, {"--interval=1s"}).refused);
  EXPECT_TRUE(Ask(ViewCommand::kTop, {"--once"}).refused);
  EXPECT_TRUE(Ask(ViewCommand::kExplain, {}).refused);
  EXPECT_TRUE(Ask(ViewCommand::kExplain, {"pod"}).refused);
  EXPECT_TRUE(Ask(ViewCommand::kExplain, {"pod", "a/b", "--policy=/etc/passwd"}).refused);
}

// What the pools of the controller are decides, and not what the command would have by itself.
TEST(Ask, ItGoesByThePolicyAtHand) {
  auto snapshot = cluster::ReadSnapshotFile(kExample);
  ASSERT_TRUE(snapshot);
  plan::PlanPolicy policy;
  policy.defaults.give_back = false;
  const base::ManualClock clock(snapshot->taken_at);
  const ViewAnswer answer = AnswerFrom({policy, *std::move(snapshot)},
                                       {ViewCommand::kPlan, {"--output=json"}, "", false}, clock);
  EXPECT_THAT(answer.output, Not(HasSubstr("GiveBack")));
  EXPECT_THAT(Ask(ViewCommand::kPlan, {"--output=json"}).output, HasSubstr("GiveBack"));
}

}  // namespace
}  // namespace tangram::cli

#include "cel/cel.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <random>
#include <string>
#include <vector>

#include "base/sanitized_testing.h"
#include "cel/testing/devices.h"
#include "cel/testing/random_expressions_testing.h"

namespace tangram::cel {
namespace {

using testing::HasSubstr;
using testing::StartsWith;
using Kind = Outcome::Kind;

Outcome Ask(const std::string& expression, const Device& device = {}) {
  const auto program = Compile(expression);
  if (!program) return {Kind::kError, "refused: " + program.error().message};
  return program->Matches(device);
}

std::string Repeated(const std::string& text, int times) {
  std::string all;
  for (int i = 0; i < times; ++i) all += text;
  return all;
}

// Recorded from the real implementation by testbed/dra_differential: for each expression one letter
// for each device. What we do not answer is counted, so that it cannot grow unseen.
TEST(Cel, TableHasTheRecordedAnswers) {
  std::ifstream file(std::string(TANGRAM_SOURCE_DIR) + "/src/cel/testdata/answers.txt");
  const auto devices = TableDevices();
  int lines = 0;
  int unknown = 0;
  for (std::string line; std::getline(file, line); ++lines) {
    const std::string expression = line.substr(devices.size() + 1);
    for (std::size_t i = 0; i < devices.size(); ++i) {
      const Answer ours = OurAnswer(expression, devices[i].second);
      if (ours.kind == "unknown") {
        ++unknown;
      } else {
        EXPECT_EQ(ours.kind[0], line[i])
            << expression << " of " << devices[i].first << ": " << ours.detail;
      }
    }
  }
  EXPECT_EQ(lines, static_cast<int>(TableExpressions().size()));
  EXPECT_EQ(unknown, 80);
}

// The guide promises that these answer for every device.
TEST(Cel, ExamplesOfTheGuideAnswerForEveryDevice) {
  std::ifstream guide(std::string(TANGRAM_SOURCE_DIR) + "/docs/dra.md");
  int examples = 0;
  bool inside = false;
  for (std::string line; std::getline(guide, line);) {
    if (line.starts_with("```")) {
      inside = line == "```cel";
      continue;
    }
    if (!inside) continue;
    ++examples;
    for (const auto& [name, device] : TableDevices()) {
      EXPECT_THAT(OurAnswer(line, device).kind, testing::AnyOf("true", "false"))
          << line << " of " << name << ": " << OurAnswer(line, device).detail;
    }
  }
  EXPECT_GE(examples, 7);
}

TEST(Cel, ErrorsSayWhatIsWrongAndWhere) {
  const auto message = [](const std::string& text) { return Compile(text).error().message; };
  EXPECT_EQ(message("device.name == \"gpu-0\""),
            "line 1, column 8: undefined field name; a device has driver, attributes, capacity and "
            "allowMultipleAllocations");
  EXPECT_EQ(message("device.driver == 1"),
            "line 1, column 15: == cannot be applied to (string, int)");
  EXPECT_EQ(message("true &&\n  devic.driver == \"a\""),
            "line 2, column 3: undeclared name devic; a selector looks at \"device\"");
  EXPECT_EQ(message("device.driver"),
            "line 1, column 8: a selector must be a bool; this one is of type string");
  EXPECT_EQ(message("(true"), "line 1, column 6: found the end of the expression, expected \")\"");
  EXPECT_EQ(message("\"ä\".matches(\"[\")"),
            "line 1, column 5: \"[\" is no regular expression: missing ]: [");
  EXPECT_EQ(Ask("device.attributes[\"a\"].b == 1").why, "line 1, column 24: no such key: \"b\"");
}

TEST(Cel, UnknownIsSaidAndIsNotFalse) {
  const Outcome outcome = Ask("device.driver == \"\" && isIP(\"10.0.0.1\")");
  EXPECT_EQ(outcome.kind, Kind::kUnknown);
  EXPECT_EQ(outcome.why, "line 1, column 24: the function isIP()");
  // What decides without it decides.
  EXPECT_EQ(Ask("device.driver == \"a\" && isIP(\"10.0.0.1\")").kind, Kind::kFalse);
  EXPECT_EQ(Ask("device.driver == \"\" || isIP(\"10.0.0.1\")").kind, Kind::kTrue);
  // It may still be false, or anything else: more than an error can be.
  EXPECT_EQ(Ask("1 / 0 == 1 && isIP(\"10.0.0.1\")").kind, Kind::kUnknown);
}

TEST(Cel, ListAttributesAreUnknown) {
  const Outcome outcome = Ask("device.driver == \"a\"", {"a", false, {{"x", ListValue{}}}});
  EXPECT_EQ(outcome, (Outcome{Kind::kUnknown, "the attribute x is a list"}));
}

TEST(Cel, WrongDevicesAreNoMatch) {
  EXPECT_EQ(Ask("true", {"a", false, {{"x", VersionText{"1"}}}}).kind, Kind::kError);
  EXPECT_EQ(Ask("true", {"a", false, {}, {{"x", "lots"}}}).kind, Kind::kUnknown);
}

TEST(Cel, HostileExpressionsAreUnknownInNoTime) {
  const std::string longest = "true" + std::string(10 * 1024, ' ');
  EXPECT_THAT(Ask(longest).why, StartsWith("it has 10244 bytes"));
  EXPECT_THAT(Ask(Repeated("(", 5000)).why, HasSubstr("nested more than 100 levels"));
  EXPECT_THAT(Ask(Repeated("!(", 200) + "true" + Repeated(")", 200)).why, HasSubstr("nested"));
  EXPECT_THAT(Ask("1" + Repeated("+1", 3000) + " > 0").why, HasSubstr("nested"));
  EXPECT_THAT(Ask(Repeated("[", 120) + Repeated("]", 120) + " == []").why, HasSubstr("nested"));
  // A chain of && is as flat as it looks.
  EXPECT_EQ(Ask("true" + Repeated(" && true", 1000)).kind, Kind::kTrue);

  const std::string ten = "[0,1,2,3,4,5,6,7,8,9]";
  std::string loops = "true";
  for (int i = 0; i < 7; ++i) loops = ten + ".all(x" + std::to_string(i) + ", " + loops + ")";
  EXPECT_THAT(Ask(loops).why, HasSubstr("too many steps"));
  EXPECT_THAT(Ask("lists.range(1000000000).size() > 0").why, HasSubstr("too many steps"));
  EXPECT_THAT(Ask("[[1]].flatten(9223372036854775807).size() > 0").why, HasSubstr("too many"));
  // Absorbed or not: what was not worked out to its end is not known.
  EXPECT_EQ(Ask("lists.range(1000000000).size() > 0 || true").kind, Kind::kUnknown);

  std::string doubling = "optional.of(1)";
  for (int i = 0; i < 40; ++i) doubling += ".optMap(x, x)";
  EXPECT_EQ(Ask(doubling + ".hasValue()").kind, Kind::kUnknown);
}

TEST(Cel, ProgramsKeepTheirText) {
  EXPECT_EQ(Compile("device.driver == \"a\"")->text(), "device.driver == \"a\"");
}

TEST(Cel, AnyTextHasAnAnswerAndAlwaysTheSame) {
  std::mt19937_64 random(5);
  int answered = 0;
  const int rounds = base::kSanitized ? 300 : 4000;
  for (int i = 0; i < rounds; ++i) {
    const std::string expression = RandomExpression(random);
    const Device device = RandomDevice(random);
    const Outcome outcome = Ask(expression, device);
    EXPECT_EQ(Ask(expression, device), outcome) << expression;
    const bool decided = outcome.kind == Kind::kTrue || outcome.kind == Kind::kFalse;
    EXPECT_EQ(outcome.why.empty(), decided) << expression;
    answered += decided ? 1 : 0;
  }
  EXPECT_GT(answered, rounds / 5);
}

}  // namespace
}  // namespace tangram::cel

// What holds for every command: help, usage errors, exit codes, the schemas.
#include "cli/cli.h"

#include <gmock/gmock.h>

#include "cli/command.h"
#include "cli/run_testing.h"

namespace tangram::cli {
namespace {

using ::testing::HasSubstr;
using testing::Tangram;
using testing::TextOf;

TEST(Cli, HelpNamesEveryCommand) {
  const auto ran = Tangram({"--help"});
  EXPECT_EQ(ran.code, 0);
  EXPECT_EQ(ran.err, "");
  for (const std::string command : {"report", "snapshot", "lint", "import", "schema"}) {
    EXPECT_THAT(ran.out, HasSubstr("\n  " + command));
    const auto help = Tangram({command, "--help"});
    EXPECT_EQ(help.code, 0) << command;
    EXPECT_THAT(help.out, HasSubstr(command));
  }
}

TEST(Cli, SaysItsVersion) {
  const auto ran = Tangram({"--version"});
  EXPECT_EQ(ran.code, 0);
  EXPECT_THAT(ran.out, ::testing::MatchesRegex("[0-9]+\\.[0-9]+\\.[0-9]+\n"));
}

struct UsageCase {
  std::string name;
  std::vector<std::string> args;
  std::string message;
};

class UsageTest : public ::testing::TestWithParam<UsageCase> {};
TEST_P(UsageTest, IsRefusedWithTheRemedy) {
  const auto ran = Tangram(GetParam().args);
  EXPECT_EQ(ran.code, 2);
  EXPECT_EQ(ran.out, "");
  EXPECT_THAT(ran.err, HasSubstr("tangram: " + GetParam().message));
  EXPECT_THAT(ran.err, HasSubstr("Run tangram --help, or tangram COMMAND --help.\n"));
}
INSTANTIATE_TEST_SUITE_P(
    Table, UsageTest,
    ::testing::Values(
        UsageCase{"NoCommand",
                  {},
                  "name a command: report, plan, explain, apply, top, snapshot, lint, mig, import, "
                  "schema, simulate, "
                  "controller, agent\n"},
        UsageCase{"UnknownCommand",
                  {"repotr", "--snapshot", "a.json"},
                  "there is no command repotr; the commands are report, plan, explain, apply, top, "
                  "snapshot, lint, mig, "
                  "import, schema, simulate, controller, agent\n"},
        UsageCase{"EmptyCommand", {""}, "there is no command ; the commands are report"},
        UsageCase{"UnknownOption", {"report", "--snapshots", "a.json"}, "The following argument"},
        UsageCase{"UnknownFirstOption", {"--frobnicate"}, ""},
        UsageCase{"UnknownFormat", {"report", "-o", "xml"}, "--output: xml not in"},
        UsageCase{"NoValue", {"report", "--snapshot"}, "--snapshot"},
        UsageCase{"LintWithoutFiles", {"lint"}, "FILE"},
        UsageCase{"ImportOfNothing", {"import"}, "A subcommand is required"},
        UsageCase{"ImportWithoutPods", {"import", "openb", "--nodes", "n.csv"}, "--pods"},
        UsageCase{"UnknownSchema", {"schema", "lint"}, "WHAT: lint not in"}),
    [](const auto& given) { return given.param.name; });

TEST(Cli, EscapesOfAnArgumentDoNotReachTheTerminal) {
  const auto ran = Tangram({"\x1b]0;title\x07"});
  EXPECT_EQ(ran.code, 2);
  EXPECT_EQ(ran.err.find('\x1b'), std::string::npos);
}

TEST(Cli, NoProgramNameIsNoCrash) {
  std::istringstream in;
  std::ostringstream out;
  std::ostringstream err;
  Streams streams{in, out, err};
  EXPECT_EQ(cli::Run({}, streams, base::ManualClock()), 2);
  EXPECT_THAT(err.str(), HasSubstr("name a command"));
}

TEST(Cli, SaysWhereTheOutputCannotBeWritten) {
  std::istringstream in;
  std::ostringstream out;
  std::ostringstream err;
  out.setstate(std::ios::badbit);
  Streams streams{in, out, err};
  EXPECT_EQ(cli::Run({"tangram", "schema"}, streams, base::ManualClock()), 3);
  EXPECT_EQ(err.str(), "tangram: the output could not be written\n");
}

TEST(Cli, ExitCodesAreThoseOfTheDocs) {
  using base::ErrorCode;
  EXPECT_EQ(ExitCodeOf(ErrorCode::kInvalid), 2);
  EXPECT_EQ(ExitCodeOf(ErrorCode::kNotFound), 2);
  for (const auto code : {ErrorCode::kConflict, ErrorCode::kExpired, ErrorCode::kDenied,
                          ErrorCode::kUnavailable, ErrorCode::kLater, ErrorCode::kHardware}) {
    EXPECT_EQ(ExitCodeOf(code), 3);
  }
}

TEST(Schema, AreTheFilesOfTheDocs) {
  for (const std::string what : {"snapshot", "report", "plan", "mig-pack", "gpuclass", "gpupool"}) {
    const auto file = testing::SourcePath("docs/schema/" + what + ".schema.json");
    EXPECT_EQ(Tangram({"schema", what}).out, TextOf(file)) << what;
  }
  EXPECT_EQ(Tangram({"schema"}).out, Tangram({"schema", "snapshot"}).out);
}

}  // namespace
}  // namespace tangram::cli

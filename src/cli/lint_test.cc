// tangram lint: how findings look, and what the exit code says.
#include <gmock/gmock.h>

#include <nlohmann/json.hpp>

#include "cli/run_testing.h"

namespace tangram::cli {
namespace {

using nlohmann::json;
using ::testing::HasSubstr;
using testing::Ran;
using testing::SourcePath;
using testing::Tangram;
using testing::Terminal;
using testing::TextOf;

const std::string kGood = SourcePath("src/lint/testdata/good/pod-mig.yaml");
// Read from standard input, so that the golden text names no folder.
std::string Mistakes() {
  std::string text;
  for (const std::string name : {"gpu-quantity-half", "mixed-whole-and-mig", "shared-more-than-one",
                                 "limits-without-toleration"}) {
    text += "---\n" + TextOf(SourcePath("src/lint/testdata/bad/" + name + ".yaml"));
  }
  return text;
}

class LintTest : public testing::InFolder {};

TEST_F(LintTest, TextIsWhatPeopleRead) {
  const Ran ran = Tangram({"lint", "-"}, Mistakes());
  EXPECT_EQ(ran.code, 1);
  EXPECT_THAT(ran.err, HasSubstr("1 file, "));
  testing::ExpectGolden("lint.txt", ran.out);
}

TEST_F(LintTest, NoMistakeIsSilent) {
  const Ran ran = Tangram({"lint", kGood});
  EXPECT_EQ(ran.code, 0);
  EXPECT_EQ(ran.out, "");
  EXPECT_EQ(ran.err, "1 file, 0 findings\n");
}

TEST_F(LintTest, FindingsOfEveryFileAreListed) {
  const std::string bad = SourcePath("src/lint/testdata/bad/gpu-quantity-half.yaml");
  const Ran ran = Tangram({"lint", bad, kGood, "-"}, TextOf(bad));
  EXPECT_EQ(ran.code, 1);
  EXPECT_THAT(ran.out, ::testing::StartsWith(bad + ":15: error: "));
  EXPECT_THAT(ran.out, HasSubstr("\n-:15: error: "));
  EXPECT_EQ(ran.err, "3 files, 2 findings\n");
}

TEST_F(LintTest, JsonHasWhatTheTextHas) {
  const Ran ran = Tangram({"lint", "-o", "json", "-"}, Mistakes());
  EXPECT_EQ(ran.code, 1);
  EXPECT_EQ(ran.err, "");
  const json all = json::parse(ran.out);
  EXPECT_EQ(all["format"], "tangram-lint");
  ASSERT_GE(all["findings"].size(), 4U);
  const std::string text = Tangram({"lint", "-"}, Mistakes()).out;
  for (const json& finding : all["findings"]) {
    EXPECT_THAT(text, HasSubstr(finding["message"].get<std::string>()));
    EXPECT_THAT(text, HasSubstr(finding["fix"].get<std::string>()));
  }
  const Ran good = Tangram({"lint", "--output", "json", kGood});
  EXPECT_EQ(good.code, 0);
  EXPECT_EQ(json::parse(good.out)["findings"], json::array());
}

TEST_F(LintTest, ColourOnATerminalAlone) {
  const testing::ScopedEnv unset("NO_COLOR", "");
  const auto escapes = [](const Ran& ran) { return ran.out.find('\x1b') != std::string::npos; };
  EXPECT_TRUE(escapes(Tangram({"lint", "-"}, Mistakes(), Terminal::kYes)));
  EXPECT_FALSE(escapes(Tangram({"lint", "--no-color", "-"}, Mistakes(), Terminal::kYes)));
  EXPECT_FALSE(escapes(Tangram({"lint", "-"}, Mistakes())));
}

TEST_F(LintTest, WhatCannotBeReadIsNoFinding) {
  const Ran missing = Tangram({"lint", kGood, Path("none.yaml")});
  EXPECT_EQ(missing.code, 2);
  EXPECT_EQ(missing.err,
            "tangram: file " + Path("none.yaml") + " cannot be read: No such file or directory\n");
  const Ran folder = Tangram({"lint", Path("")});
  EXPECT_EQ(folder.code, 2);
  EXPECT_THAT(folder.err, HasSubstr("it is a directory; name the file in it"));
  const Ran broken = Tangram({"lint", Write("broken.yaml", "a: [1,\n  b: }")});
  EXPECT_EQ(broken.code, 2);
  EXPECT_THAT(broken.err, HasSubstr("tangram: " + Path("broken.yaml") + ": "));
}

TEST_F(LintTest, EscapesOfAManifestDoNotReachTheTerminal) {
  std::string text = TextOf(SourcePath("src/lint/testdata/bad/gpu-quantity-half.yaml"));
  const auto at = text.find("name: p");
  ASSERT_NE(at, std::string::npos);
  text.replace(at, 7, "name: \"p\\e]0;title\\a\"");
  const Ran ran = Tangram({"lint", "-"}, text);
  EXPECT_EQ(ran.code, 1) << ran.err;
  EXPECT_EQ(ran.out.find('\x1b'), std::string::npos);
}

}  // namespace
}  // namespace tangram::cli

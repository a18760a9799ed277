// tangram report, on recorded and random snapshots.
#include <gmock/gmock.h>
#include <yaml-cpp/yaml.h>

#include <nlohmann/json.hpp>

#include "base/text.h"
#include "cli/run_testing.h"
#include "cluster/file_form.h"
#include "cluster/testing/random_snapshot.h"

namespace tangram::cli {
namespace {

using nlohmann::json;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using testing::Ran;
using testing::SourcePath;
using testing::Tangram;
using testing::Terminal;
using testing::TextOf;

const std::string kMessy = SourcePath("examples/messy.json");
const std::string kInference = SourcePath("examples/inference-136.json");

// The report of a recorded snapshot.
Ran Report(const std::string& snapshot, std::vector<std::string> options = {},
           Terminal terminal = Terminal::kNo) {
  std::vector<std::string> args = {"report", "--snapshot", snapshot};
  args.insert(args.end(), options.begin(), options.end());
  return Tangram(args, "", terminal);
}

json JsonOf(const Ran& ran) {
  EXPECT_EQ(ran.code, 0) << ran.err;
  return json::parse(ran.out);
}

TEST(Report, TableIsWhatPeopleRead) {
  const Ran ran = Report(kMessy);
  EXPECT_EQ(ran.code, 0);
  EXPECT_EQ(ran.err, "");
  testing::ExpectGolden("messy.txt", ran.out);
}

TEST(Report, TableFitsAHundredColumns) {
  for (const std::string& snapshot : {kMessy, kInference}) {
    const Ran ran = Report(snapshot);
    ASSERT_EQ(ran.code, 0) << ran.err;
    for (const auto line : base::Split(ran.out, '\n')) EXPECT_LE(base::Columns(line), 100U) << line;
  }
}

TEST(Report, WideListsEveryFinding) {
  const Ran wide = Report(kInference, {"-o", "wide"});
  ASSERT_EQ(wide.code, 0) << wide.err;
  EXPECT_GT(base::Split(wide.out, '\n').size(), base::Split(Report(kInference).out, '\n').size());
  const json report = JsonOf(Report(kInference, {"-o", "json"}));
  for (const json& leak : report["leaks"]) {
    for (const json& finding : leak["findings"]) {
      EXPECT_THAT(wide.out, HasSubstr(finding["node"].get<std::string>()));
    }
  }
}

TEST(Report, JsonCountsWhatTheSnapshotHas) {
  const json report = JsonOf(Report(kInference, {"--output", "json"}));
  EXPECT_EQ(report["format"], "tangram-report");
  EXPECT_EQ(report["cluster"], "inference-136");
  EXPECT_EQ(report["totals"]["nodes"], 136);
  EXPECT_EQ(report["totals"]["gpus"], 1088);
  EXPECT_EQ(report["cards"].size(), 1088U);
}

// Where `yaml` differs from `value`; empty: nowhere.
std::string Difference(const YAML::Node& yaml, const json& value, const std::string& path) {
  if (value.is_object() || value.is_array()) {
    if (yaml.size() != value.size()) return path;
    for (const auto& [key, below] : value.items()) {
      const YAML::Node node = value.is_object() ? yaml[key] : yaml[std::stoul(key)];
      if (auto found = Difference(node, below, path + "/" + key); !found.empty()) return found;
    }
    return "";
  }
  if (value.is_null()) return yaml.IsNull() ? "" : path;
  if (!yaml.IsScalar()) return path;
  // "!" is the tag of what was quoted: a text that looks like a number stays a text.
  if (value.is_string()) {
    return yaml.Tag() == "!" && yaml.Scalar() == value.get<std::string>() ? "" : path;
  }
  return yaml.Tag() == "?" && json::parse(yaml.Scalar()) == value ? "" : path;
}

TEST(Report, YamlIsTheSameObject) {
  const Ran yaml = Report(kMessy, {"-o", "yaml"});
  ASSERT_EQ(yaml.code, 0) << yaml.err;
  const json report = JsonOf(Report(kMessy, {"-o", "json"}));
  EXPECT_EQ(Difference(YAML::Load(yaml.out), report, ""), "");
}

TEST(Report, YamlIsTheSameObjectForNamesOfAnyCharacter) {
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    const std::string snapshot = cluster::WriteSnapshot(
        cluster::RandomSnapshot(seed, {.text = cluster::RandomText::kAnyCharacter}));
    const Ran yaml = Tangram({"report", "--snapshot", "-", "-o", "yaml"}, snapshot);
    ASSERT_EQ(yaml.code, 0) << yaml.err;
    const json report = JsonOf(Tangram({"report", "--snapshot", "-", "-o", "json"}, snapshot));
    EXPECT_EQ(Difference(YAML::Load(yaml.out), report, ""), "") << seed;
  }
}

TEST(Report, OneNamespaceAlone) {
  const json report = JsonOf(Report(kMessy, {"-o", "json", "-n", "nlp"}));
  for (const json& card : report["cards"]) {
    for (const json& seat : card["seats"]) EXPECT_EQ(seat["namespace"], "nlp");
  }
  ASSERT_EQ(report["by"]["namespace"].size(), 1U);
  EXPECT_EQ(report["by"]["namespace"][0]["key"], "nlp");
}

TEST(Report, ANamespaceSpelledWrongIsSaid) {
  const Ran ran = Report(kMessy, {"-n", "nlpp"});
  EXPECT_EQ(ran.code, 0);
  EXPECT_EQ(ran.err, "tangram: no pod that was read is in namespace nlpp; the report is empty\n");
  EXPECT_EQ(Report(kMessy, {"-n", "nlp"}).err, "");
}

TEST(Report, TheTeamLabelNamesTheTeams) {
  const auto teams = [](const json& report) {
    std::vector<std::string> keys;
    for (const json& group : report["by"]["team"]) keys.push_back(group["key"]);
    return keys;
  };
  EXPECT_GT(teams(JsonOf(Report(kMessy, {"-o", "json"}))).size(), 2U);
  EXPECT_THAT(teams(JsonOf(Report(kMessy, {"-o", "json", "--team-label", "no-such-label"}))),
              ElementsAre(""));
}

TEST(Report, ColourOnlyOnATerminalThatWantsIt) {
  const auto colored = [](const Ran& ran) { return ran.out.find('\x1b') != std::string::npos; };
  const testing::ScopedEnv unset("NO_COLOR", "");
  EXPECT_TRUE(colored(Report(kMessy, {}, Terminal::kYes)));
  EXPECT_FALSE(colored(Report(kMessy)));
  EXPECT_FALSE(colored(Report(kMessy, {"--no-color"}, Terminal::kYes)));
  for (const std::string value : {"1", "0", "please"}) {
    const testing::ScopedEnv set("NO_COLOR", value);
    const Ran ran = Report(kMessy, {}, Terminal::kYes);
    EXPECT_EQ(ran.code, 0) << value << ": " << ran.err;
    EXPECT_FALSE(colored(ran)) << value;
  }
}

class ReportFiles : public testing::InFolder {};

TEST_F(ReportFiles, SavesTheSnapshotAndThePage) {
  const Ran ran =
      Report(kMessy, {"--html", Path("r.html"), "--save-snapshot", Path("s.json"), "-o", "json"});
  ASSERT_EQ(ran.code, 0) << ran.err;
  EXPECT_EQ(ran.err, "wrote " + Path("s.json") + "\nwrote " + Path("r.html") + "\n");
  EXPECT_THAT(Names(), ElementsAre("r.html", "s.json"));
  EXPECT_EQ(Report(Path("s.json"), {"-o", "json"}).out, ran.out);
  const std::string page = TextOf(Path("r.html"));
  EXPECT_TRUE(page.starts_with("<!doctype html>"));
  EXPECT_NE(page.find("\"h100-dra-whole-0\""), std::string::npos);
}

TEST_F(ReportFiles, AFolderThatIsNotThereIsSaid) {
  for (const std::string option : {"--html", "--save-snapshot"}) {
    const Ran ran = Report(kMessy, {option, Path("none/file")});
    EXPECT_EQ(ran.code, 2);
    EXPECT_EQ(ran.err, "tangram: cannot write " + Path("none/file") +
                           ": its folder does not exist; make it, or name another\n");
  }
}

}  // namespace
}  // namespace tangram::cli

// Every file of testdata/bad has its mistake, and the correction ends it; testdata/good has none.
#include "lint/lint.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <set>
#include <sstream>

#include "lint/rule.h"
#include "yaml/load.h"

namespace tangram::lint {
namespace {

using testing::Contains;
using testing::Field;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

std::string ReadFile(const std::filesystem::path& path) {
  std::ifstream file(path);
  EXPECT_TRUE(file.is_open()) << path;
  std::stringstream text;
  text << file.rdbuf();
  return text.str();
}

std::vector<std::string> FilesIn(const std::string& folder) {
  std::vector<std::string> files;
  const std::string root = std::string(TANGRAM_SOURCE_DIR) + "/src/lint/testdata/" + folder;
  for (const auto& entry : std::filesystem::directory_iterator(root)) {
    files.push_back(entry.path().string());
  }
  std::sort(files.begin(), files.end());
  return files;
}

std::string NameOfCase(const testing::TestParamInfo<std::string>& test) {
  std::string name = std::filesystem::path(test.param).stem().string();
  std::replace(name.begin(), name.end(), '-', '_');
  return name;
}

// The text behind "# rule: " in the head of a file.
std::string Want(const std::string& text, const std::string& key) {
  const std::string mark = "# " + key + ": ";
  const auto at = text.find(mark);
  if (at == std::string::npos) return {};
  return text.substr(at + mark.size(), text.find('\n', at) - at - mark.size());
}

std::vector<Finding> MustLint(const std::string& text) {
  auto findings = Lint("file.yaml", text);
  EXPECT_TRUE(findings.has_value()) << (findings ? "" : findings.error().message) << "\n" << text;
  return findings ? *findings : std::vector<Finding>();
}

std::vector<Finding> Of(const std::string& rule, const std::vector<Finding>& findings) {
  std::vector<Finding> found;
  std::copy_if(findings.begin(), findings.end(), std::back_inserter(found),
               [&](const Finding& finding) { return finding.rule == rule; });
  return found;
}

// The documents with the corrections of one rule made.
std::string Corrected(const std::string& text, const std::string& rule) {
  const auto documents = yaml::Load(text);
  std::string corrected;
  for (const Object& object : FindObjects(*documents)) {
    std::vector<Edit> edits;
    for (const Rule& each : AllRules()) {
      if (each.info.name != rule) continue;
      for (const Mistake& mistake : each.check(object)) {
        edits.insert(edits.end(), mistake.edits.begin(), mistake.edits.end());
      }
    }
    corrected += "---\n" + Emit(Apply(*object.root, edits));
  }
  return corrected;
}

class BadManifest : public testing::TestWithParam<std::string> {
 protected:
  std::string text_ = ReadFile(GetParam());
  std::string rule_ = Want(text_, "rule");
};

TEST_P(BadManifest, HasItsOneMistakeAndNoOther) {
  const std::vector<Finding> findings = MustLint(text_);
  ASSERT_EQ(findings.size(), 1U) << (findings.size() > 1
                                         ? findings[0].rule + " " + findings[0].field + " | " +
                                               findings[1].rule + " " + findings[1].field
                                         : "none");
  const Finding& finding = findings.front();
  EXPECT_EQ(finding.rule, rule_);
  EXPECT_EQ(finding.field, Want(text_, "field"));
  EXPECT_THAT(finding.corrected_yaml, HasSubstr(Want(text_, "corrected")));
  EXPECT_EQ(finding.file, "file.yaml");
  EXPECT_GT(finding.line, 3);  // behind the head of the file
  EXPECT_FALSE(finding.found.empty());
  EXPECT_TRUE(finding.message.ends_with('.')) << finding.message;
  EXPECT_TRUE(finding.fix.ends_with('.')) << finding.fix;
}

TEST_P(BadManifest, CorrectedIsCleanOfTheRule) {
  const std::string corrected = Corrected(text_, rule_);
  EXPECT_THAT(Of(rule_, MustLint(corrected)), IsEmpty()) << corrected;
}

TEST_P(BadManifest, FragmentIsAManifestCleanOfTheRule) {
  for (const Finding& finding : MustLint(text_)) {
    EXPECT_THAT(finding.corrected_yaml, HasSubstr("kind: "));
    EXPECT_THAT(Of(rule_, MustLint(finding.corrected_yaml)), IsEmpty()) << finding.corrected_yaml;
  }
}

TEST_P(BadManifest, TellsNoSecret) {
  for (const Finding& finding : MustLint(text_)) {
    for (const std::string& text :
         {finding.found, finding.message, finding.fix, finding.corrected_yaml}) {
      EXPECT_THAT(text, Not(HasSubstr("hunter2")));
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Files, BadManifest, testing::ValuesIn(FilesIn("bad")), NameOfCase);

class GoodManifest : public testing::TestWithParam<std::string> {};

TEST_P(GoodManifest, HasNoMistake) {
  for (const Finding& finding : MustLint(ReadFile(GetParam()))) {
    ADD_FAILURE() << finding.rule << ": " << finding.field << ": " << finding.message;
  }
}

INSTANTIATE_TEST_SUITE_P(Files, GoodManifest, testing::ValuesIn(FilesIn("good")), NameOfCase);

TEST(Rules, EachHasABadManifestAndItsPlaceInTheTable) {
  std::set<std::string> tested;
  for (const std::string& file : FilesIn("bad")) tested.insert(Want(ReadFile(file), "rule"));
  const std::string docs = ReadFile(std::string(TANGRAM_SOURCE_DIR) + "/docs/lint.md");
  std::set<std::string_view> names;
  for (const RuleInfo& rule : Rules()) {
    EXPECT_TRUE(names.insert(rule.name).second) << rule.name;
    EXPECT_TRUE(tested.contains(std::string(rule.name))) << rule.name;
    EXPECT_FALSE(rule.explanation.empty() || rule.source.empty()) << rule.name;
    EXPECT_THAT(docs, HasSubstr("`" + std::string(rule.name) + "`"));
  }
}

std::string PodIn(const std::string& head, const std::string& indent) {
  std::string pod;
  for (const char* line : {"spec:", "  containers:", "  - name: a",
                           "    resources:", "      limits:", "        nvidia.com/gpu: 0.5"}) {
    pod += indent + line + "\n";
  }
  return head + pod;
}

struct KindCase {
  std::string kind;
  std::string text;
  std::string field;
};

TEST(Kinds, TemplatesAreFoundInAllOfThem) {
  const std::string end = "containers[0].resources.limits[\"nvidia.com/gpu\"]";
  const KindCase cases[] = {
      {"Pod", PodIn("spec_of: {}\n", ""), "spec." + end},
      {"Deployment", PodIn("spec:\n  template:\n", "    "), "spec.template.spec." + end},
      {"CronJob", PodIn("spec:\n  jobTemplate:\n    spec:\n      template:\n", "        "),
       "spec.jobTemplate.spec.template.spec." + end},
      {"PodTemplate", PodIn("template:\n", "  "), "template.spec." + end},
      {"JobSet",
       PodIn(
           "spec:\n  replicatedJobs:\n  - name: w\n    template:\n      spec:\n        template:\n",
           "          "),
       "spec.replicatedJobs[0].template.spec.template.spec." + end},
  };
  for (const KindCase& c : cases) {
    const std::string text =
        "apiVersion: v1\nkind: " + c.kind + "\nmetadata: {name: x, namespace: ml}\n" + c.text;
    const auto found = Of("gpu-quantity", MustLint(text));
    ASSERT_EQ(found.size(), 1U) << c.kind;
    EXPECT_EQ(found[0].field, c.field);
    EXPECT_EQ(found[0].object, c.kind + " ml/x");
  }
}

TEST(Findings, SayNothingOfWhatALaterKeyHides) {
  const std::string pod = R"(apiVersion: v1
kind: Pod
metadata: {name: p}
spec:
  containers:
  - name: main
    resources: {limits: {nvidia.com/mig-1g10gb: 1}}
)";
  EXPECT_FALSE(Lint("f.yaml", pod)->empty());
  EXPECT_TRUE(Lint("f.yaml", pod + "spec: {nodeName: n}\n")->empty());
}

TEST(Findings, NameDocumentAndLine) {
  const std::string pod =
      "kind: Pod\napiVersion: v1\nspec:\n  containers:\n  - name: a\n    "
      "resources: {limits: {nvidia.com/gpu: 0.5}}\n";
  const auto found = Of("gpu-quantity", MustLint("---\n# nothing\n---\n" + pod + "---\n" + pod));
  ASSERT_EQ(found.size(), 2U);
  EXPECT_EQ(found[0].line, 9);
  EXPECT_EQ(found[1].line, 16);
  EXPECT_EQ(found[1].document, found[0].document + 1);
  EXPECT_EQ(found[0].object, "Pod default/(no name)");
}

TEST(Findings, SeverityFollowsWhatIsKnown) {
  const auto severity = [](const std::string& file) {
    return MustLint(ReadFile(std::string(TANGRAM_SOURCE_DIR) + "/src/lint/testdata/bad/" + file +
                             ".yaml"))[0]
        .severity;
  };
  EXPECT_EQ(severity("vllm-memory-share-split"), Severity::kWarning);
  EXPECT_EQ(severity("vllm-memory-share-joined"), Severity::kError);
  EXPECT_EQ(severity("dra-exactly-beta"), Severity::kWarning);
  EXPECT_EQ(severity("dra-exactly-alpha2"), Severity::kError);
  EXPECT_EQ(NameOf(Severity::kError), "error");
}

}  // namespace
}  // namespace tangram::lint

// tangram explain pod: what it says, and what it refuses.
#include <gmock/gmock.h>

#include <nlohmann/json.hpp>
#include <regex>

#include "base/text.h"
#include "cli/run_testing.h"

namespace tangram::cli {
namespace {

using nlohmann::json;
using testing::ExpectGolden;
using ::testing::HasSubstr;
using ::testing::Not;
using testing::Ran;
using testing::SourcePath;
using testing::Tangram;
using testing::TextOf;

constexpr const char* kFile = "src/cli/testdata/explain.json";

Ran Explain(const std::string& pod, const std::vector<std::string>& more = {}) {
  std::vector<std::string> args = {"explain", "pod", pod, "--snapshot", SourcePath(kFile)};
  args.insert(args.end(), more.begin(), more.end());
  return Tangram(args);
}

TEST(Explain, ReadsWellForEveryKindOfPod) {
  std::string text;
  const json snapshot = json::parse(TextOf(SourcePath(kFile)));
  for (const json& pod : snapshot["pods"]) {
    const Ran ran = Explain("ml/" + pod["name"].get<std::string>());
    EXPECT_EQ(ran.code, 0) << ran.err;
    text += ran.out + "\n";
  }
  for (const std::string_view line : base::Split(text, '\n')) {
    EXPECT_LE(base::Columns(line), 100U) << line;
  }
  ExpectGolden("explain.txt", text);
}

// The pool of the node decides who may do what serves the pod.
TEST(Explain, SaysWhetherApprovalIsNeeded) {
  const auto with = [](const std::string& mode) {
    const Ran ran =
        Tangram({"explain", "pod", "slice-0", "--snapshot", SourcePath(kFile), "--policy", "-"},
                "kind: GpuPool\napiVersion: tangram.dev/v1alpha1\nmetadata: {name: a100}\n"
                "spec: {nodeSelector: {}, mode: " +
                    mode + "}\n");
    return std::regex_replace(ran.out, std::regex("\n *"), " ");
  };
  EXPECT_THAT(with("Recommend"), HasSubstr("GpuPool a100 is in mode Recommend"));
  EXPECT_THAT(with("Auto"), HasSubstr("GpuPool a100 is in mode Auto"));
  EXPECT_THAT(with("Observe"), HasSubstr("No plan serves it now (NotAllowed)"));
}

TEST(Explain, FindsAPodByItsNameAlone) {
  EXPECT_EQ(Explain("chat-0").out, Explain("ml/chat-0").out);
  EXPECT_EQ(Explain("chat-0", {"-n", "ml"}).out, Explain("ml/chat-0").out);
}

TEST(Explain, NamesWhatIsNear) {
  const auto says = [](const std::string& pod, const std::vector<std::string>& more = {}) {
    const Ran ran = Explain(pod, more);
    EXPECT_EQ(ran.code, kBadInput);
    EXPECT_EQ(ran.out, "");
    return ran.err;
  };
  EXPECT_EQ(says("ml/trian-0"), "tangram: there is no pod ml/trian-0; did you mean ml/train-0?\n");
  EXPECT_EQ(says("other/chat-0"),
            "tangram: there is no pod other/chat-0, nor any other in namespace other; did you mean "
            "ml/chat-0?\n");
  EXPECT_EQ(says("gang"), "tangram: there is no pod gang; did you mean ml/gang-0 or ml/gang-1?\n");
  EXPECT_EQ(says("ml/nothing-like-it-at-all"),
            "tangram: there is no pod ml/nothing-like-it-at-all\n");
  EXPECT_THAT(says("a/b/c"), HasSubstr("write NAMESPACE/NAME or NAME"));
  EXPECT_THAT(says("ml/"), HasSubstr("write NAMESPACE/NAME or NAME"));
  EXPECT_THAT(says("ml/chat-0", {"-n", "web"}), HasSubstr("--namespace says web"));
}

TEST(Explain, AsksWhichOfSeveral) {
  json two = json::parse(TextOf(SourcePath(kFile)));
  two["pods"].push_back(two["pods"][0]);
  two["pods"].back()["namespace"] = "web";
  const Ran ran = Tangram({"explain", "pod", "chat-0", "--snapshot", "-"}, two.dump());
  EXPECT_EQ(ran.code, kBadInput);
  EXPECT_EQ(ran.err, "tangram: 2 pods are named chat-0; say which with -n: ml or web\n");
}

TEST(Explain, JsonHoldsTheSameSentences) {
  const json told = json::parse(Explain("slice-0", {"-o", "json"}).out);
  EXPECT_EQ(told["state"], "Waits");
  EXPECT_EQ(told["steps"].back()["kind"], "PlacePod");
  EXPECT_EQ(told["nodes"]["open"], 0);
  EXPECT_THAT(Explain("slice-0").out, HasSubstr(told["sentences"].front().get<std::string>()));
  EXPECT_THAT(Explain("slice-0", {"-o", "yaml"}).out, HasSubstr("state: \"Waits\"\n"));
}

// Names and messages of a cluster never reach the terminal as they are.
TEST(Explain, HostileTextStaysText) {
  json evil = json::parse(TextOf(SourcePath(kFile)));
  for (json& pod : evil["pods"]) pod["pendingMessage"] = "\x1b[2J\nfree lunch";
  const Ran ran = Tangram({"explain", "pod", "big-0", "--snapshot", "-"}, evil.dump());
  EXPECT_THAT(ran.out, HasSubstr("free lunch"));
  EXPECT_THAT(ran.out, Not(HasSubstr("\x1b")));
}

}  // namespace
}  // namespace tangram::cli

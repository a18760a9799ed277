// What is written to nodes and to mig-manager's ConfigMap, and what of others' is kept.
#include "adapter/live/hardware_writes.h"

#include <gmock/gmock.h>

#include <nlohmann/json.hpp>

namespace tangram::adapter {
namespace {

using control::ChangeNode;
using nlohmann::json;
using ::testing::HasSubstr;

const char* const kNode = R"({"metadata":{"name":"n","resourceVersion":"7",
  "labels":{"nvidia.com/mig.config":"all-3g","x":"y"}},
  "spec":{"taints":[{"key":"theirs","effect":"NoSchedule","timeAdded":"2026-11-22T12:00:00Z"}]}})";

ChangeNode Labelling(std::string from, std::string to) {
  return {.node = "n",
          .operation = "op",
          .labels = {{"nvidia.com/mig.config", std::move(from), std::move(to)}}};
}

json Patch(const ChangeNode& write, std::string_view node = kNode) {
  const auto patch = NodePatch(write, node, "pod/3");
  EXPECT_TRUE(patch && *patch);
  return json::parse(**patch);
}

TEST(NodePatch, OneTaintComesAndOthersStayAsTheyAre) {
  const json patch = Patch({.node = "n", .operation = "op", .taint = ChangeNode::Taint::kAdd});
  EXPECT_EQ(patch["metadata"]["resourceVersion"], "7");
  EXPECT_EQ(patch["metadata"]["annotations"]["tangram.dev/fence"], "pod/3");
  EXPECT_EQ(patch["spec"]["taints"], json::parse(R"([{"key":"theirs","effect":"NoSchedule",
                             "timeAdded":"2026-11-22T12:00:00Z"},
                            {"key":"tangram.dev/repartition","value":"op","effect":"NoSchedule"}])"));
}

TEST(NodePatch, OurTaintGoesAndNobodyElses) {
  json node = json::parse(kNode);
  node["spec"]["taints"].push_back({{"key", "tangram.dev/repartition"}, {"value", "op"}});
  ChangeNode write{.node = "n", .operation = "op", .taint = ChangeNode::Taint::kRemove};
  EXPECT_EQ(Patch(write, node.dump())["spec"]["taints"].size(), 1U);
  write.operation = "another";
  EXPECT_FALSE(*NodePatch(write, node.dump(), "")) << "it is not there";
  write.taint = ChangeNode::Taint::kAdd;
  EXPECT_EQ(NodePatch(write, node.dump(), "").error().code, base::ErrorCode::kConflict);
}

TEST(NodePatch, ALabelChangesOnlyFromWhatItWas) {
  EXPECT_EQ(Patch(Labelling("all-3g", "tangram-1"))["metadata"]["labels"],
            json({{"nvidia.com/mig.config", "tangram-1"}}));
  EXPECT_FALSE(*NodePatch(Labelling("other", "all-3g"), kNode, "")) << "it is so already";
  const auto wrong = NodePatch(Labelling("all-disabled", "tangram-1"), kNode, "");
  ASSERT_FALSE(wrong);
  EXPECT_EQ(wrong.error().code, base::ErrorCode::kConflict);
  EXPECT_THAT(wrong.error().message, HasSubstr("is \"all-3g\" by now, and was \"all-disabled\""));
  EXPECT_FALSE(NodePatch(Labelling("a", "b"), "no JSON", ""));
}

const std::vector<plan::MigLayout> kLayouts = {
    {"tangram-1", {{0, {{"1g.5gb", 7}}}, {1, {}}, {2, {{"1g.5gb", 7}}}}},
    {"tangram-2", {{0, {{"1g.5gb+me", 1}, {"3g.20gb", 1}}}}}};
constexpr const char* kTheirs =
    "# ours\nversion: v1\nmig-configs:\n    # all off\n    all-disabled:\n    - devices: all\n"
    "      mig-enabled: false\n";
constexpr const char* kBoth =
    "# ours\nversion: v1\nmig-configs:\n"
    "    tangram-1:\n    - devices: [1]\n      mig-enabled: false\n"
    "    - devices: [0,2]\n      mig-enabled: true\n      mig-devices: {\"1g.5gb\": 7}\n"
    "    tangram-2:\n    - devices: [0]\n      mig-enabled: true\n"
    "      mig-devices: {\"1g.5gb+me\": 1, \"3g.20gb\": 1}\n"
    "    # all off\n    all-disabled:\n    - devices: all\n      mig-enabled: false\n";

TEST(WithLayouts, OursComeAndTheirsStayLetterByLetter) {
  EXPECT_EQ(**WithLayouts(kTheirs, kLayouts), kBoth);
  EXPECT_FALSE(*WithLayouts(kBoth, kLayouts)) << "they are there";
  EXPECT_EQ(**WithLayouts("version: v1\nmig-configs: {}\n", {kLayouts[1]}),
            "version: v1\nmig-configs:\n  tangram-2:\n  - devices: [0]\n    mig-enabled: true\n"
            "    mig-devices: {\"1g.5gb+me\": 1, \"3g.20gb\": 1}\n");
}

TEST(WithLayouts, OneThatSomebodyChangedIsNotOverwritten) {
  std::string text = kBoth;
  text.replace(text.find("[0,2]"), 5, "[0,3]");
  const auto wrong = WithLayouts(text, kLayouts);
  ASSERT_FALSE(wrong);
  EXPECT_EQ(wrong.error().code, base::ErrorCode::kInvalid);
  EXPECT_THAT(wrong.error().message, HasSubstr("somebody changed tangram-1"));
}

TEST(WithLayouts, AFileWithoutAPlaceForThemIsRefused) {
  for (const char* text :
       {"", "version: v1\n", "mig-configs: {all: []}\n", "{\"mig-configs\": {}}"}) {
    const auto wrong = WithLayouts(text, kLayouts);
    ASSERT_FALSE(wrong) << text;
    EXPECT_THAT(wrong.error().message, HasSubstr("no map mig-configs"));
  }
}

TEST(LayoutsPatch, IsOfTheVersionThatWasRead) {
  const json map = {{"metadata", {{"resourceVersion", "9"}}}, {"data", {{"config.yaml", kTheirs}}}};
  const auto patch = LayoutsPatch({"op", kLayouts}, map.dump(), "pod/3");
  ASSERT_TRUE(patch && *patch);
  const json is = json::parse(**patch);
  EXPECT_EQ(is["metadata"]["resourceVersion"], "9");
  EXPECT_EQ(is["data"], json({{"config.yaml", kBoth}}));
}

}  // namespace
}  // namespace tangram::adapter

// What is written to nodes and to mig-manager's ConfigMap, and what of others' is kept.
#include "adapter/live/hardware_writes.h"

#include <fmt/format.h>
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

const control::WriteLayouts kNeeds = {
    .operation = "op",
    .layouts = {{"tangram-1", {{0, {{"1g.5gb", 7}}}, {1, {}}, {2, {{"1g.5gb", 7}}}}},
                {"tangram-2", {{0, {{"1g.5gb+me", 1}, {"3g.20gb", 1}}}}}}};
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
  EXPECT_EQ(**WithLayouts(kTheirs, kNeeds), kBoth);
  EXPECT_FALSE(*WithLayouts(kBoth, kNeeds)) << "they are there";
  EXPECT_EQ(**WithLayouts("version: v1\nmig-configs: {}\n", {.layouts = {kNeeds.layouts[1]}}),
            "version: v1\nmig-configs:\n  tangram-2:\n  - devices: [0]\n    mig-enabled: true\n"
            "    mig-devices: {\"1g.5gb+me\": 1, \"3g.20gb\": 1}\n");
}

TEST(WithLayouts, OneThatSomebodyChangedIsNotOverwritten) {
  std::string text = kBoth;
  text.replace(text.find("[0,2]"), 5, "[0,3]");
  const auto wrong = WithLayouts(text, kNeeds);
  ASSERT_FALSE(wrong);
  EXPECT_EQ(wrong.error().code, base::ErrorCode::kInvalid);
  EXPECT_THAT(wrong.error().message, HasSubstr("somebody changed tangram-1"));
}

TEST(WithLayouts, AFileWithoutAPlaceForThemIsRefused) {
  for (const char* text :
       {"", "version: v1\n", "mig-configs: {all: []}\n", "{\"mig-configs\": {}}"}) {
    const auto wrong = WithLayouts(text, kNeeds);
    ASSERT_FALSE(wrong) << text;
    EXPECT_THAT(wrong.error().message, HasSubstr("no map mig-configs"));
  }
}

TEST(WithLayouts, WhatNobodyUsesGoesWhereThereAreVeryMany) {
  std::string text = kTheirs;
  int count = 0;
  for (; text.size() < kLongLayouts; ++count) {
    text += fmt::format(
        "    # number {0}\n    tangram-old-{0}:\n    - devices: all\n      mig-enabled: false\n",
        count);
  }
  control::WriteLayouts needs = kNeeds;
  needs.in_use = {"tangram-old-7"};
  const std::string with = **WithLayouts(text, needs);
  EXPECT_THAT(with, HasSubstr("    # number 8\n    # number 9\n")) << "comments stay";
  EXPECT_THAT(with, HasSubstr("    tangram-old-7:\n    - devices: all\n"));
  EXPECT_THAT(with, HasSubstr("    all-disabled:\n    - devices: all\n"));
  EXPECT_THAT(with, HasSubstr("    tangram-2:\n"));
  EXPECT_EQ(with.find("tangram-old-8:"), std::string::npos);
  EXPECT_EQ(with.find(fmt::format("tangram-old-{}:", count - 1)), std::string::npos);
}

TEST(LayoutsPatch, IsOfTheVersionThatWasRead) {
  const json map = {{"metadata", {{"resourceVersion", "9"}}}, {"data", {{"config.yaml", kTheirs}}}};
  const auto patch = LayoutsPatch(kNeeds, map.dump(), "pod/3");
  ASSERT_TRUE(patch && *patch);
  const json is = json::parse(**patch);
  EXPECT_EQ(is["metadata"]["resourceVersion"], "9");
  EXPECT_EQ(is["data"], json({{"config.yaml", kBoth}}));
}

// ---- the device plugin's configurations ----

const SharingConfigsIn kConfigs = {.ns = "gpu", .name = "plugin", .fallback = "default"};
constexpr const char* kPlain = "version: v1\nflags:\n  migStrategy: mixed\n";

std::string ConfigMapWith(const json& data) {
  return json{{"metadata", {{"resourceVersion", "9"}}}, {"data", data}}.dump();
}
plan::Resharing Raise() {
  return {.change = {"nvidia.com/gpu", 1, 4}, .after = cluster::Sharing::kTimeSlicing};
}

TEST(WithConfig, NamesTheConfigurationThatSharesSo) {
  const std::string map = ConfigMapWith({{"default", kPlain}, {"other", "version: v1\n"}});
  const auto named = WithConfig(Raise(), map, kConfigs);
  ASSERT_TRUE(named) << named.error().message;
  EXPECT_THAT(named->config_after, ::testing::StartsWith("tangram-"));
  EXPECT_TRUE(named->renamed);
  plan::Resharing other = Raise();
  other.config_before = "other";
  EXPECT_NE(WithConfig(other, map, kConfigs)->config_after, named->config_after)
      << "it is made of the one that the node has";
}

TEST(WithConfig, WhatCannotBeDoneSaysWhatToDo) {
  const auto why = [](const json& data, plan::Resharing reshare) {
    const auto named = WithConfig(std::move(reshare), ConfigMapWith(data), kConfigs);
    return named ? "it can: " + named->config_after : named.error().message;
  };
  EXPECT_THAT(why({{"only", kPlain}}, Raise()),
              HasSubstr("ConfigMap gpu/plugin, key default: there is no such key, which nodes"));
  plan::Resharing gone = Raise();
  gone.config_before = "gone";
  EXPECT_THAT(why({{"default", kPlain}}, gone), HasSubstr("key gone: there is no such key"));
  EXPECT_THAT(why({{"default", "{}"}}, Raise()), HasSubstr("key default"));
  plan::Resharing mps = Raise();
  mps.profile = "1g.5gb";
  mps.after = cluster::Sharing::kMps;
  EXPECT_THAT(why({{"default", kPlain}}, mps), HasSubstr("no MIG instances"));
}

TEST(SharingPatch, AddsAKeyAndNothingElse) {
  const std::string map = ConfigMapWith({{"default", kPlain}});
  const plan::Resharing reshare = *WithConfig(Raise(), map, kConfigs);
  const auto patch = SharingPatch({"op", reshare}, map, kConfigs, "pod/3");
  ASSERT_TRUE(patch && *patch);
  const json is = json::parse(**patch);
  EXPECT_EQ(is["metadata"]["resourceVersion"], "9");
  EXPECT_EQ(is["metadata"]["annotations"]["tangram.dev/fence"], "pod/3");
  ASSERT_EQ(is["data"].size(), 1U);
  const std::string text = is["data"][reshare.config_after];
  EXPECT_THAT(text, HasSubstr("- name: nvidia.com/gpu\n      replicas: 4\n"));

  const json both = {{"default", kPlain}, {reshare.config_after, text}};
  EXPECT_FALSE(*SharingPatch({"op", reshare}, ConfigMapWith(both), kConfigs, "")) << "it is there";
  plan::Resharing again = reshare;
  again.config_before = again.config_after;
  EXPECT_THAT(WithConfig(again, ConfigMapWith(both), kConfigs).error().message,
              HasSubstr("shares so already"));
}

TEST(SharingPatch, WhatSomebodyChangedIsLeftAlone) {
  const plan::Resharing reshare =
      *WithConfig(Raise(), ConfigMapWith({{"default", kPlain}}), kConfigs);
  const auto why = [&](const json& data) {
    const auto patch = SharingPatch({"op", reshare}, ConfigMapWith(data), kConfigs, "");
    return patch ? "" : patch.error().message;
  };
  EXPECT_THAT(why({{"default", kPlain}, {reshare.config_after, "version: v1\n"}}),
              HasSubstr("somebody changed " + reshare.config_after + "; take the key out"));
  EXPECT_THAT(why({{"default", "version: v1\n"}}),
              HasSubstr("somebody changed the configuration that " + reshare.config_after));
}

}  // namespace
}  // namespace tangram::adapter

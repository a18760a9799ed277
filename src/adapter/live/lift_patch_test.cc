#include "adapter/live/lift_patch.h"

#include <gmock/gmock.h>

#include <nlohmann/json.hpp>

namespace tangram::adapter {
namespace {

using nlohmann::json;

control::LiftGate LiftTo(std::vector<std::string> nodes, std::string affinity = "") {
  return {.pod = {"ns", "web-0", "uid-1"},
          .version = "41",
          .node_affinity = std::move(affinity),
          .nodes = std::move(nodes),
          .why = "a: 2 of 8 free there"};
}

json Patch(const control::LiftGate& lift, const std::string& fence = "") {
  const auto patch = LiftPatch(lift, fence);
  EXPECT_TRUE(patch) << patch.error().message;
  return json::parse(patch.value_or("{}"));
}

TEST(LiftPatch, PinsAndLiftsInOneWriteOnItsCondition) {
  const json want = json::parse(R"({
    "metadata": {
      "uid": "uid-1", "resourceVersion": "41",
      "annotations": {"tangram.dev/placement": "a: 2 of 8 free there", "tangram.dev/nodes": "a",
                      "tangram.dev/fence": "me/3"}},
    "spec": {
      "schedulingGates": [{"$patch": "delete", "name": "tangram.dev/placement"}],
      "affinity": {"nodeAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": {
        "nodeSelectorTerms": [{"matchFields": [
          {"key": "metadata.name", "operator": "In", "values": ["a"]}]}]}}}}})");
  EXPECT_EQ(Patch(LiftTo({"a"}), "me/3"), want);
}

TEST(LiftPatch, WithoutANodeItOnlyLifts) {
  const json patch = Patch(LiftTo({}));
  EXPECT_FALSE(patch["spec"].contains("affinity"));
  EXPECT_FALSE(patch["metadata"]["annotations"].contains("tangram.dev/nodes"));
  EXPECT_FALSE(patch["metadata"]["annotations"].contains("tangram.dev/fence"));
}

// Terms are alternatives: each is narrowed, none is dropped, and what selected nothing still does.
TEST(LiftPatch, EveryTermOfThePodIsNarrowed) {
  const json patch = Patch(LiftTo({"a"}, R"({
    "requiredDuringSchedulingIgnoredDuringExecution": {"nodeSelectorTerms": [
      {"matchExpressions": [{"key": "zone", "operator": "In", "values": ["z1"]}]},
      {},
      {"matchFields": [{"key": "metadata.name", "operator": "NotIn", "values": ["b"]}]}]},
    "preferredDuringSchedulingIgnoredDuringExecution": [
      {"weight": 5, "preference": {"matchExpressions": [{"key": "k", "operator": "Exists"}]}}]})"));
  const json& affinity = patch["spec"]["affinity"]["nodeAffinity"];
  const json& terms =
      affinity["requiredDuringSchedulingIgnoredDuringExecution"]["nodeSelectorTerms"];
  ASSERT_EQ(terms.size(), 3u);
  EXPECT_EQ(terms[0]["matchExpressions"].size(), 1u);
  EXPECT_EQ(terms[0]["matchFields"].size(), 1u);
  EXPECT_EQ(terms[1], json::object());
  EXPECT_EQ(terms[2]["matchFields"].size(), 2u);
  EXPECT_EQ(affinity["preferredDuringSchedulingIgnoredDuringExecution"].size(), 1u) << "kept";
}

TEST(LiftPatch, SeveralNodesAreNamedByTheirHostAndTheFirstIsPreferred) {
  const json patch = Patch(LiftTo({"a", "b"}));
  const json& affinity = patch["spec"]["affinity"]["nodeAffinity"];
  const json& term =
      affinity["requiredDuringSchedulingIgnoredDuringExecution"]["nodeSelectorTerms"][0];
  EXPECT_EQ(term["matchExpressions"][0]["key"], "kubernetes.io/hostname");
  EXPECT_EQ(term["matchExpressions"][0]["values"], json({"a", "b"}));
  const json& preferred = affinity["preferredDuringSchedulingIgnoredDuringExecution"];
  ASSERT_EQ(preferred.size(), 1u);
  EXPECT_EQ(preferred[0]["weight"], 100);
  EXPECT_EQ(preferred[0]["preference"]["matchFields"][0]["values"], json({"a"}));
  EXPECT_EQ(patch["metadata"]["annotations"]["tangram.dev/nodes"], "a,b");
}

TEST(LiftPatch, AnAffinityThatIsNoneIsRefused) {
  for (const char* text : {"[]", "{", "7", "null"}) {
    const auto patch = LiftPatch(LiftTo({"a"}, text), "");
    ASSERT_FALSE(patch) << text;
    EXPECT_THAT(patch.error().message, ::testing::HasSubstr("ns/web-0"));
  }
}

}  // namespace
}  // namespace tangram::adapter

#include "adapter/admission.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "adapter/admission_checker_testing.h"
#include "adapter/admission_testing.h"
#include "base/time_text.h"

namespace tangram::adapter {
namespace {

using cluster::GpuClass;
using nlohmann::json;
using testing::AdmissionChecker;
using testing::CardNode;
using testing::Class;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using testing::IndexOf;
using ::testing::IsEmpty;
using ::testing::Not;
using testing::ParseOrNull;
using testing::PatchedPod;
using testing::PodJson;
using testing::ReviewOf;

class AdmissionTest : public ::testing::Test {
 protected:
  AdmissionTest() {
    cluster::Snapshot snapshot;
    snapshot.nodes = {CardNode("a", 2), CardNode("b", 1, 4)};
    admission_.SetIndex(IndexOf(snapshot, {Class("card", 20), Class("huge", 400),
                                           Class("share", 8, GpuClass::Isolation::kShared)}));
  }

  // The answer's response; the answer is one to this review.
  json Respond(const json& review) {
    const Reviewed reviewed = admission_.Review(review.dump());
    last_ = reviewed;
    EXPECT_EQ(reviewed.status, 200) << reviewed.body;
    const json answer = ParseOrNull(reviewed.body);
    EXPECT_EQ(answer["apiVersion"], "admission.k8s.io/v1");
    EXPECT_EQ(answer["kind"], "AdmissionReview");
    EXPECT_EQ(answer["response"]["uid"], review["request"]["uid"]);
    return answer["response"];
  }

  // The pod after admission, checked.
  json Admit(const json& pod, const std::string& uid = "u-1") {
    const json response = Respond(ReviewOf(pod, uid));
    EXPECT_TRUE(response["allowed"].get<bool>()) << response.dump(1);
    json after = PatchedPod(pod, response);
    EXPECT_EQ(AdmissionChecker().Check(pod, after), "");
    return after;
  }

  void ExpectUntouched(const json& review) {
    const json response = Respond(review);
    EXPECT_EQ(response["allowed"], true);
    EXPECT_FALSE(response.contains("patch")) << response.dump(1);
  }

  base::ManualClock clock_{*base::ParseTime("2026-11-22T12:00:00Z")};
  Admission admission_{{.excluded_namespaces = {"infra"}}, clock_};
  Reviewed last_;
};

TEST_F(AdmissionTest, APodWithAClassGetsItsDevice) {
  const json pod = Admit(PodJson("card"));
  const json& main = pod["spec"]["containers"][0];
  EXPECT_EQ(main["resources"], json::parse(R"({"limits": {"nvidia.com/gpu": "1"},
                                               "requests": {"nvidia.com/gpu": "1"}})"));
  EXPECT_FALSE(pod["spec"]["containers"][1].contains("resources"));
  EXPECT_EQ(pod["spec"]["schedulingGates"], json::parse(R"([{"name": "tangram.dev/placement"}])"));
  EXPECT_EQ(pod["spec"]["tolerations"],
            json::parse(R"([{"key": "nvidia.com/gpu", "operator": "Exists",
                             "effect": "NoSchedule"}])"));
  EXPECT_THAT(pod["metadata"]["annotations"]["tangram.dev/choice"].get<std::string>(),
              HasSubstr("1 of nvidia.com/gpu of A100-40GB, the cheapest for class \"card\""));
  EXPECT_EQ(last_.outcome, Outcome::kPatched);
  EXPECT_THAT(last_.what, HasSubstr("2 free on 1 node"));
}

TEST_F(AdmissionTest, SharesGetTheirEnvironmentInFront) {
  const json pod = Admit(PodJson("share"));
  const json& env = pod["spec"]["containers"][0]["env"];
  ASSERT_EQ(env.size(), 4U);
  EXPECT_EQ(env[0]["name"], "TANGRAM_GPU_MEMORY_BYTES");
  EXPECT_EQ(env[3]["name"], "SECRET");
}

TEST_F(AdmissionTest, AVariableOfThePodsOwnStays) {
  json pod = PodJson("share");
  pod["spec"]["containers"][0]["env"] =
      json::parse(R"([{"name": "TANGRAM_GPU_MEMORY_FRACTION", "value": "0.1"}])");
  const json env = Admit(pod)["spec"]["containers"][0]["env"];
  ASSERT_EQ(env.size(), 3U);
  EXPECT_EQ(env[2]["value"], "0.1");
}

TEST_F(AdmissionTest, NothingIsDoneTwice) {
  const json once = Admit(PodJson("card"));
  ExpectUntouched(ReviewOf(once, "u-2"));
}

// Restored from a backup, or copied from a running pod: the choice stands, the gate is there again.
TEST_F(AdmissionTest, APodMadeAgainIsGatedAgain) {
  json again = Admit(PodJson("card"));
  again["spec"].erase("schedulingGates");
  const json after = PatchedPod(again, Respond(ReviewOf(again)));
  EXPECT_EQ(after["spec"]["schedulingGates"].size(), 1U);
  EXPECT_EQ(after["spec"]["containers"], again["spec"]["containers"]);
}

struct UntouchedCase {
  std::string name;
  std::string patch;  // of the review
};
class UntouchedTest : public AdmissionTest, public ::testing::WithParamInterface<UntouchedCase> {};
TEST_P(UntouchedTest, IsNotTouched) {
  ExpectUntouched(ReviewOf(PodJson("card")).patch(json::parse(GetParam().patch)));
}
const UntouchedCase kUntouched[] = {
    {"NoLabel",
     R"([{"op": "remove", "path": "/request/object/metadata/labels/tangram.dev~1gpu-class"}])"},
    {"KubeSystem", R"([{"op": "replace", "path": "/request/namespace", "value": "kube-system"}])"},
    {"Excluded", R"([{"op": "replace", "path": "/request/namespace", "value": "infra"}])"},
    {"Update", R"([{"op": "replace", "path": "/request/operation", "value": "UPDATE"}])"},
    {"Delete", R"([{"op": "replace", "path": "/request/operation", "value": "DELETE"},
                   {"op": "replace", "path": "/request/object", "value": null}])"},
    {"EphemeralContainers",
     R"([{"op": "add", "path": "/request/subResource", "value": "ephemeralcontainers"}])"},
    {"Deployment", R"([{"op": "replace", "path": "/request/kind/kind", "value": "Deployment"},
                       {"op": "replace", "path": "/request/kind/group", "value": "apps"}])"},
    {"OwnRequest", R"([{"op": "add", "path": "/request/object/spec/containers/1/resources",
                        "value": {"limits": {"nvidia.com/mig-1g.5gb": "1"}}}])"},
    {"OwnRequestOfAnInitContainer", R"([{"op": "add", "path": "/request/object/spec/initContainers",
                        "value": [{"name": "i", "resources": {"requests": {"amd.com/gpu": 1}}}]}])"},
    {"OwnClaim", R"([{"op": "add", "path": "/request/object/spec/resourceClaims",
                      "value": [{"name": "x", "resourceClaimName": "y"}]}])"},
    {"Bound", R"([{"op": "add", "path": "/request/object/spec/nodeName", "value": "a"}])"},
    {"WrongType", R"([{"op": "replace", "path": "/request/object/spec/containers", "value": 7}])"},
};
INSTANTIATE_TEST_SUITE_P(Table, UntouchedTest, ::testing::ValuesIn(kUntouched),
                         [](const auto& each) { return each.param.name; });

TEST_F(AdmissionTest, ExplicitRequestsAreLeftAloneWithAWarning) {
  json pod = PodJson("card");
  pod["spec"]["containers"][0]["resources"]["limits"]["nvidia.com/gpu"] = "2";
  const json response = Respond(ReviewOf(pod));
  EXPECT_EQ(
      response["warnings"],
      json::parse(
          R"(["tangram: the pod is left as it is: container \"main\" asks for nvidia.com/gpu itself"])"));
}

TEST_F(AdmissionTest, RefusalsNameTheRemedy) {
  json response = Respond(ReviewOf(PodJson("crad")));
  EXPECT_EQ(response["allowed"], false);
  EXPECT_EQ(response["status"]["message"], "there is no GpuClass \"crad\"; did you mean \"card\"?");
  response = Respond(ReviewOf(PodJson("huge")));
  EXPECT_THAT(response["status"]["message"].get<std::string>(),
              HasSubstr("the nearest class that can is \"card\""));
  EXPECT_EQ(last_.outcome, Outcome::kRefused);
}

TEST_F(AdmissionTest, TheAnnotationNamesTheContainer) {
  json pod = PodJson("card");
  pod["metadata"]["annotations"]["tangram.dev/container"] = "side";
  EXPECT_TRUE(Admit(pod)["spec"]["containers"][1].contains("resources"));
  pod["spec"]["initContainers"] =
      json::parse(R"([{"name": "setup"}, {"name": "sidecar", "restartPolicy": "Always"}])");
  pod["metadata"]["annotations"]["tangram.dev/container"] = "sidecar";
  EXPECT_TRUE(Admit(pod)["spec"]["initContainers"][1].contains("resources"));
  pod["metadata"]["annotations"]["tangram.dev/container"] = "setup";
  const json response = Respond(ReviewOf(pod));
  EXPECT_EQ(response["allowed"], false);
  EXPECT_THAT(response["status"]["message"].get<std::string>(),
              HasSubstr("its containers that keep running are main, side or sidecar"));
}

TEST_F(AdmissionTest, WhatStandsThereStays) {
  json pod = PodJson("card");
  pod["metadata"]["annotations"] = {{"own/key", "~/x"}};
  pod["spec"]["schedulingGates"] = json::parse(R"([{"name": "kueue.x-k8s.io/admission"}])");
  pod["spec"]["tolerations"] = json::parse(R"([{"key": "team", "operator": "Exists"}])");
  pod["spec"]["containers"][0]["resources"] =
      json::parse(R"({"requests": {"cpu": "2", "memory": "4Gi"}, "claims": []})");
  const json after = Admit(pod);
  EXPECT_EQ(after["spec"]["schedulingGates"].size(), 2U);
  EXPECT_EQ(after["spec"]["tolerations"].size(), 2U);
  EXPECT_EQ(after["spec"]["containers"][0]["resources"]["requests"]["cpu"], "2");
}

// Whatever is free is given out once, before any snapshot shows the pods.
TEST_F(AdmissionTest, NoDeviceIsGivenTwice) {
  std::vector<std::string> fits;
  for (int i = 0; i < 4; ++i) {
    Admit(PodJson("card"), "u-" + std::to_string(i));
    fits.push_back(last_.what.substr(last_.what.find("; ") + 2));
  }
  EXPECT_THAT(fits, ElementsAre("2 free on 1 node", "1 free on 1 node", HasSubstr("waits"),
                                HasSubstr("waits")));
}

TEST_F(AdmissionTest, DryRunsTakeNothing) {
  json review = ReviewOf(PodJson("card"));
  review["request"]["dryRun"] = true;
  for (int i = 0; i < 5; ++i) Respond(review);
  EXPECT_THAT(last_.what, HasSubstr("2 free on 1 node"));
}

// A pod that the next snapshot shows is counted there, and no longer here; one that never came is
// forgotten.
TEST_F(AdmissionTest, GrantsEndWithTheSnapshotThatShowsThem) {
  Admit(PodJson("card"), "seen");
  Admit(PodJson("card"), "lost");
  cluster::Snapshot snapshot;
  snapshot.taken_at = clock_.Now();
  snapshot.nodes = {CardNode("a", 2)};
  cluster::Pod pod;
  pod.created_at = clock_.Now();
  pod.devices = {{"nvidia.com/gpu", 1}};
  pod.annotations = {{"tangram.dev/admission", "seen"}};
  snapshot.pods = {pod};
  admission_.SetIndex(IndexOf(snapshot, {Class("card", 20)}));
  json dry = ReviewOf(PodJson("card"));
  dry["request"]["dryRun"] = true;
  Respond(dry);
  EXPECT_THAT(last_.what, HasSubstr("waits")) << "one is seen, one is still to come";
  clock_.Advance(kGrantLife);
  Respond(dry);
  EXPECT_THAT(last_.what, HasSubstr("1 free on 1 node"));
}

TEST_F(AdmissionTest, WithoutAnIndexPodsPass) {
  Admission fresh({}, clock_);
  const Reviewed reviewed = fresh.Review(ReviewOf(PodJson("card")).dump());
  EXPECT_EQ(reviewed.outcome, Outcome::kNotReady);
  const json response = ParseOrNull(reviewed.body)["response"];
  EXPECT_EQ(response["allowed"], true);
  EXPECT_FALSE(response.contains("patch"));
}

TEST_F(AdmissionTest, SecretsAreNeverInAnAnswer) {
  for (const char* name : {"card", "share", "huge", "none"}) {
    const Reviewed reviewed = admission_.Review(ReviewOf(PodJson(name)).dump());
    EXPECT_THAT(reviewed.body + reviewed.what, Not(HasSubstr("do-not-read")));
  }
}

struct MalformedCase {
  std::string name;
  std::string body;
  int status = 400;
};
class MalformedTest : public AdmissionTest, public ::testing::WithParamInterface<MalformedCase> {};
TEST_P(MalformedTest, IsSaidToBe) {
  const Reviewed reviewed = admission_.Review(GetParam().body);
  EXPECT_EQ(reviewed.status, GetParam().status) << reviewed.body;
  EXPECT_EQ(reviewed.outcome, Outcome::kMalformed);
  EXPECT_THAT(reviewed.body, Not(IsEmpty()));
}
const MalformedCase kMalformed[] = {
    {"Empty", ""},
    {"NoJson", "<html>"},
    {"Cut", R"({"apiVersion": "admission.k8s.io/v1", "kind": "Admi)"},
    {"AList", "[]"},
    {"OldVersion",
     R"({"apiVersion": "admission.k8s.io/v1beta1", "kind": "AdmissionReview", "request": {"uid": "u"}})"},
    {"NoRequest", R"({"apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview"})"},
    {"UidOfAnotherType",
     R"({"apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview", "request": {"uid": 7}})"},
    {"Deep", std::string(100'000, '[')},
    {"DeepObject",
     R"({"apiVersion": "admission.k8s.io/v1", "request": {"object": )" + std::string(50'000, '{')},
    {"Huge", std::string(kMostReviewBytes + 1, ' '), 413},
};
INSTANTIATE_TEST_SUITE_P(Table, MalformedTest, ::testing::ValuesIn(kMalformed),
                         [](const auto& each) { return each.param.name; });

TEST_F(AdmissionTest, ManyThreadsGiveOutWhatIsThere) {
  cluster::Snapshot snapshot;
  snapshot.nodes = {CardNode("a", 8), CardNode("b", 8)};
  admission_.SetIndex(IndexOf(snapshot, {Class("card", 20)}));
  std::atomic<int> now = 0;
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&, t] {
      for (int i = 0; i < 10; ++i) {
        const std::string uid = std::to_string(t) + "-" + std::to_string(i);
        const Reviewed reviewed = admission_.Review(ReviewOf(PodJson("card"), uid).dump());
        if (reviewed.what.find("waits") == std::string::npos) ++now;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(now, 16);
}

TEST_F(AdmissionTest, DraClaimsComeFromATemplate) {
  cluster::Snapshot snapshot;
  cluster::Node node = CardNode("dra", 2);
  node.devices.clear();
  for (cluster::Gpu& gpu : node.gpus) gpu.dra_device = "gpu-" + std::to_string(gpu.index);
  snapshot.nodes = {node};
  std::vector<std::string> made;
  base::Result<void> outcome = base::Fail(base::ErrorCode::kUnavailable, "the server is away");
  Admission admission({}, clock_, [&](const std::string& ns, const plan::classes::ClaimAsk& claim) {
    made.push_back(ClaimTemplateJson(ns, claim));
    return outcome;
  });
  admission.SetIndex(IndexOf(snapshot, {Class("card", 30)}));
  const json pod = PodJson("card");
  // No pod is given a claim that nobody could make.
  const Reviewed without = admission.Review(ReviewOf(pod).dump());
  EXPECT_EQ(without.outcome, Outcome::kNotReady);
  EXPECT_EQ(PatchedPod(pod, ParseOrNull(without.body)["response"]), pod);
  EXPECT_THAT(without.body, HasSubstr("the server is away"));

  made.clear();
  outcome = {};
  const json response = ParseOrNull(admission.Review(ReviewOf(pod).dump()).body)["response"];
  const json after = PatchedPod(pod, response);
  EXPECT_EQ(AdmissionChecker().Check(pod, after), "");
  ASSERT_EQ(made.size(), 1U);
  const json made_of = json::parse(made.front());
  EXPECT_EQ(after["spec"]["resourceClaims"][0]["resourceClaimTemplateName"],
            made_of["metadata"]["name"]);
  EXPECT_EQ(made_of["metadata"]["namespace"], "team-a");
  EXPECT_EQ(after["spec"]["containers"][0]["resources"]["claims"],
            json::parse(R"([{"name": "tangram-gpu"}])"));
  const json& request = made_of["spec"]["spec"]["devices"]["requests"][0];
  EXPECT_EQ(request["firstAvailable"][0]["deviceClassName"], "mig.nvidia.com");
}

}  // namespace
}  // namespace tangram::adapter

// Writes against a real API server. See live.h.
#include "kube/write.h"

#include <gmock/gmock.h>

#include "kube/integration/live.h"

namespace tangram::kube::integration {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using Json = nlohmann::json;

const Resource kDeployments{"apps", "v1", "deployments", "Deployment"};
const Resource kBudgets{"policy", "v1", "poddisruptionbudgets", "PodDisruptionBudget"};

ObjectRef In(const Resource& resource, const std::string& name = "") {
  return {.resource = resource, .ns = "default", .name = name};
}

Json Meta(const std::string& name) {
  return {{"name", name}, {"labels", {{"tangram-test", "yes"}}}};
}

Json ConfigMap(const std::string& name) {
  return {{"apiVersion", "v1"}, {"kind", "ConfigMap"}, {"metadata", Meta(name)}};
}

Json GatedPod(const std::string& name) {
  return {{"apiVersion", "v1"},
          {"kind", "Pod"},
          {"metadata", Meta(name)},
          {"spec",
           {{"schedulingGates", {{{"name", "tangram.dev/placement"}}, {{"name", "other/gate"}}}},
            {"containers", {{{"name", "c"}, {"image", "i"}}}}}}};
}

class LiveWriteTest : public LiveTest {
 protected:
  void TearDown() override {
    for (const ObjectRef& ref : made_) {
      admin_->Send(DeleteCall(ref, {.grace = std::chrono::seconds(0)}));
    }
  }
  // Creates the object and has it deleted at the end; its metadata.
  ObjectMeta Make(const Resource& resource, const Json& object) {
    made_.push_back(In(resource, object["metadata"]["name"]));
    const auto answer = admin_->Send(CreateCall(In(resource), object.dump()));
    EXPECT_TRUE(answer) << answer.error().message;
    if (!answer) return {};
    const auto meta = MetaOf(*answer);
    EXPECT_TRUE(meta) << meta.error().message;
    return meta.value_or(ObjectMeta{});
  }
  Json Read(const Resource& resource, const std::string& name) {
    const auto text = admin_->Get(resource, "default", name);
    EXPECT_TRUE(text) << text.error().message;
    return Json::parse(text.value_or("null"), nullptr, false);
  }
  // The error of a call that must fail.
  base::Error Refusal(const Call& call) {
    const auto answer = admin_->Send(call);
    EXPECT_FALSE(answer) << answer->body;
    return answer ? base::Error{} : answer.error();
  }

  std::vector<ObjectRef> made_;
};

TEST_F(LiveWriteTest, CreateUpdateAndDeleteUnderConditions) {
  const ObjectMeta made = Make(kConfigMaps, ConfigMap("write-1"));
  EXPECT_EQ(made.kind, "ConfigMap");
  EXPECT_EQ(Refusal(CreateCall(In(kConfigMaps), ConfigMap("write-1").dump())).code,
            base::ErrorCode::kConflict);

  Json object = Read(kConfigMaps, "write-1");
  object["data"]["a"] = "1";
  const ObjectRef ref = In(kConfigMaps, "write-1");
  ASSERT_TRUE(admin_->Send(UpdateCall(ref, object.dump())));
  object["data"]["a"] = "2";  // at the version that is gone
  EXPECT_EQ(Refusal(UpdateCall(ref, object.dump())).code, base::ErrorCode::kConflict);
  EXPECT_EQ(Read(kConfigMaps, "write-1")["data"]["a"], "1");

  EXPECT_EQ(Refusal(DeleteCall(ref, {.must = {.uid = "another"}})).code,
            base::ErrorCode::kConflict);
  EXPECT_TRUE(admin_->Send(DeleteCall(ref, {.must = {.uid = made.uid}})));
  EXPECT_EQ(Refusal(DeleteCall(ref, {})).code, base::ErrorCode::kNotFound);
}

TEST_F(LiveWriteTest, WhatTheServerWillNotHaveIsInvalid) {
  Json object = ConfigMap("write-2");
  object["dta"] = Json::object();
  const base::Error error = Refusal(CreateCall(In(kConfigMaps), object.dump()));
  EXPECT_EQ(error.code, base::ErrorCode::kInvalid);
  EXPECT_THAT(error.message, HasSubstr("unknown field \"dta\""));
  // 422, not 400.
  EXPECT_EQ(Refusal(CreateCall(In(kConfigMaps), ConfigMap("Bad_Name").dump())).code,
            base::ErrorCode::kInvalid);
  // Tried only.
  EXPECT_TRUE(admin_->Send(CreateCall(In(kConfigMaps), ConfigMap("write-2").dump(),
                                      {.dry_run = WriteOptions::DryRun::kAll})));
  EXPECT_EQ(admin_->Get(kConfigMaps, "default", "write-2").error().code,
            base::ErrorCode::kNotFound);
}

TEST_F(LiveWriteTest, OnePatchLiftsOurGateAndNoOther) {
  const ObjectMeta made = Make(kPods, GatedPod("write-gated"));
  const ObjectRef ref = In(kPods, "write-gated");
  const auto patch = [&](const std::string& uid, const std::string& version) {
    return PatchCall(
        ref, PatchType::kStrategicMerge,
        Json{{"metadata", {{"uid", uid}, {"resourceVersion", version}}},
             {"spec",
              {{"schedulingGates", {{{"$patch", "delete"}, {"name", "tangram.dev/placement"}}}}}}}
            .dump());
  };
  EXPECT_EQ(Refusal(patch("another", made.resource_version)).code, base::ErrorCode::kInvalid);
  const auto lifted = admin_->Send(patch(made.uid, made.resource_version));
  ASSERT_TRUE(lifted) << lifted.error().message;
  EXPECT_EQ(Json::parse(lifted->body)["spec"]["schedulingGates"],
            Json::parse(R"([{"name":"other/gate"}])"));
  EXPECT_EQ(Refusal(patch(made.uid, made.resource_version)).code, base::ErrorCode::kConflict);
}

TEST_F(LiveWriteTest, EveryPatchTypeAndTheStatus) {
  Make(kPods, GatedPod("write-patched"));
  const ObjectRef ref = In(kPods, "write-patched");
  ASSERT_TRUE(admin_->Send(
      PatchCall(ref, PatchType::kMerge, R"({"metadata":{"annotations":{"a":"merge"}}})")));
  ASSERT_TRUE(admin_->Send(PatchCall(
      ref, PatchType::kJson, R"([{"op":"add","path":"/metadata/annotations/b","value":"json"}])")));
  ObjectRef status = ref;
  status.subresource = "status";
  const auto answer = admin_->Send(
      PatchCall(status, PatchType::kStrategicMerge,
                R"({"status":{"conditions":[{"type":"tangram.dev/Placed","status":"False"}]}})"));
  ASSERT_TRUE(answer) << answer.error().message;
  const Json pod = Read(kPods, "write-patched");
  EXPECT_EQ(pod["metadata"]["annotations"]["a"], "merge");
  EXPECT_EQ(pod["metadata"]["annotations"]["b"], "json");
  EXPECT_THAT(pod["status"]["conditions"].dump(), HasSubstr("tangram.dev/Placed"));
}

TEST_F(LiveWriteTest, ApplyOwnsFieldsUntilForced) {
  made_.push_back(In(kConfigMaps, "write-applied"));
  const auto apply = [&](const std::string& value, const std::string& manager, Ownership how) {
    Json object = ConfigMap("write-applied");
    object["data"]["a"] = value;
    return ApplyCall(In(kConfigMaps, "write-applied"), object.dump(), how,
                     {.field_manager = manager});
  };
  ASSERT_TRUE(admin_->Send(apply("1", "first", Ownership::kRespect)));
  ASSERT_TRUE(admin_->Send(apply("1", "first", Ownership::kRespect)));  // as often as one likes
  const base::Error error = Refusal(apply("2", "second", Ownership::kRespect));
  EXPECT_EQ(error.code, base::ErrorCode::kConflict);
  EXPECT_THAT(error.message, AllOf(HasSubstr("first"), HasSubstr(".data.a")));
  ASSERT_TRUE(admin_->Send(apply("2", "second", Ownership::kForce)));
  EXPECT_EQ(Read(kConfigMaps, "write-applied")["data"]["a"], "2");
}

TEST_F(LiveWriteTest, Scales) {
  const Json deployment = {{"apiVersion", "apps/v1"},
                           {"kind", "Deployment"},
                           {"metadata", Meta("write-scaled")},
                           {"spec",
                            {{"replicas", 0},
                             {"selector", {{"matchLabels", {{"app", "write-scaled"}}}}},
                             {"template",
                              {{"metadata", {{"labels", {{"app", "write-scaled"}}}}},
                               {"spec",
                                {{"schedulingGates", {{{"name", "other/gate"}}}},
                                 {"containers", {{{"name", "c"}, {"image", "i"}}}}}}}}}}};
  Make(kDeployments, deployment);
  ASSERT_TRUE(admin_->Send(ScaleCall(In(kDeployments, "write-scaled"), 2)));
  EXPECT_EQ(Read(kDeployments, "write-scaled")["spec"]["replicas"], 2);
}

TEST_F(LiveWriteTest, EvictionMindsBudgetsAndUids) {
  // Of pods that are Pending no budget is asked: it has to run, which it does on a kwok node.
  Json pod = GatedPod("write-evicted");
  pod["metadata"]["labels"]["app"] = "write-evicted";
  pod["spec"].erase("schedulingGates");
  const ObjectMeta made = Make(kPods, pod);
  const Json budget = {
      {"apiVersion", "policy/v1"},
      {"kind", "PodDisruptionBudget"},
      {"metadata", Meta("write-budget")},
      {"spec", {{"minAvailable", 1}, {"selector", {{"matchLabels", {{"app", "write-evicted"}}}}}}}};
  Make(kBudgets, budget);
  ASSERT_TRUE(Eventually([&] {
    return Read(kPods, "write-evicted")["status"]["phase"] == "Running" &&
           Read(kBudgets, "write-budget")["status"].value("currentHealthy", 0) == 1;
  }));

  const Eviction eviction{.ns = "default", .pod = "write-evicted", .must = {.uid = made.uid}};
  const base::Error error = Refusal(EvictCall(eviction));
  EXPECT_EQ(error.code, base::ErrorCode::kLater) << error.message;
  EXPECT_THAT(error.message, HasSubstr("write-budget"));

  ASSERT_TRUE(admin_->Send(DeleteCall(In(kBudgets, "write-budget"), {})));
  Eviction other = eviction;
  other.must.uid = "another";
  ASSERT_TRUE(Eventually([&] {  // until the server has forgotten the budget
    return Refusal(EvictCall(other)).code == base::ErrorCode::kConflict;
  }));
  const auto evicted = admin_->Send(EvictCall(eviction));
  EXPECT_TRUE(evicted) << evicted.error().message;
}

TEST_F(LiveWriteTest, ForbiddenWriteNamesTheRule) {
  const auto viewer = bed_->Open("kubeconfig-viewer");
  ASSERT_NE(viewer, nullptr);
  const auto answer = viewer->Send(EvictCall({.ns = "default", .pod = "nobody"}));
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().code, base::ErrorCode::kDenied);
  EXPECT_THAT(answer.error().message,
              HasSubstr("{apiGroups: [\"\"], resources: [pods/eviction], verbs: [create]}"));
}

}  // namespace
}  // namespace tangram::kube::integration

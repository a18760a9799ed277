// What is sent for a write to one of our objects.
#include "adapter/live/our_objects.h"

#include <gmock/gmock.h>

#include <nlohmann/json.hpp>

namespace tangram::adapter {
namespace {

using nlohmann::json;

plan::Proposal Example() {
  plan::Plan plan;
  plan.actions = {{.id = 0, .change = plan::GiveBack{"b"}, .reason = "empty"}};
  plan::Proposal proposal = plan::Propose("p", std::move(plan), {});
  proposal.uid = "uid";
  proposal.version = "7";
  proposal.ours = true;
  return proposal;
}

json BodyOf(const control::Write& write, const std::string& fence) {
  const auto call = CallOf(write, fence);
  EXPECT_TRUE(call.has_value());
  return json::parse(call->body);
}

TEST(OurObjects, WhatIsCreatedOrChangedCarriesWhoLeads) {
  const std::string fence = "pod/3";
  const auto pointer = json::json_pointer("/metadata/annotations/tangram.dev~1fence");
  EXPECT_EQ(BodyOf(control::CreatePlan{Example()}, fence)[pointer], fence);
  const json approval = BodyOf(control::ApprovePlan{{"plan", "uid"}}, fence);
  EXPECT_EQ(approval[pointer], fence);
  EXPECT_EQ(approval["metadata"]["uid"], "uid");
  EXPECT_EQ(approval["spec"], json({{"approved", true}}));
  EXPECT_EQ(json::parse(MarkCall({kPlans, {"plan", "uid"}}, fence).body)[pointer], fence);
}

TEST(OurObjects, AStatusCarriesItInAFieldOfItsOwn) {
  const json body = BodyOf(control::WritePlanStatus{Example()}, "pod/3");
  EXPECT_EQ(body["status"]["fence"], "pod/3");
  EXPECT_EQ(body["metadata"], json({{"uid", "uid"}, {"resourceVersion", "7"}}));
  EXPECT_EQ(CallOf(control::WritePlanStatus{Example()}, "")->path,
            "/apis/tangram.dev/v1alpha1/gpuplans/" + Example().name + "/status");
  EXPECT_EQ(BodyOf(control::WritePoolStatus{"p", {}}, "pod/3")["status"]["fence"], "pod/3");
  EXPECT_EQ(BodyOf(control::WriteClassStatus{"c", {}}, "")["status"].count("fence"), 0U);
}

TEST(OurObjects, AStatusOfOursNeedsNoVersion) {
  plan::Proposal plan = Example();
  plan.version.clear();
  EXPECT_EQ(BodyOf(control::WritePlanStatus{plan}, "")["metadata"], json({{"uid", "uid"}}));
}

TEST(OurObjects, JustTheVersionThatWasMarkedIsDeleted) {
  const kube::Call call = DeleteCall({kPlans, {"plan", "uid"}}, "9");
  EXPECT_EQ(call.method, "DELETE");
  EXPECT_EQ(json::parse(call.body)["preconditions"],
            json({{"uid", "uid"}, {"resourceVersion", "9"}}));
}

TEST(OurObjects, WritesToPodsAreNotAmongThem) {
  EXPECT_FALSE(CallOf(control::Evict{}, ""));
  EXPECT_FALSE(CallOf(control::DeletePlan{}, "")) << "it takes two";
}

}  // namespace
}  // namespace tangram::adapter

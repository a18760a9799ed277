// Pods that ask by `resources.limits` for devices that DRA has: a DeviceClass stands behind the
// resource.
#include "plan/class_resources.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "plan/explain.h"
#include "plan/plan_dra_testing.h"
#include "plan/validate.h"

namespace tangram::plan {
namespace {

using ::testing::Contains;
using testing::DraCluster;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using testing::Placed;
using testing::PlaceOnly;
using testing::PlanOf;
using testing::WaitsFor;
using testing::WhyWaits;

constexpr const char* kOwn = "example.com/gpu";

// The class gpu.nvidia.com stands behind the resource, too.
class Backed : public DraCluster {
 public:
  explicit Backed(const std::string& resource = kOwn) {
    snapshot().device_classes[0].extended_resource = resource;
  }

  // The claim that the scheduler made for the pod, of devices of its node.
  cluster::Claim& MadeFor(const std::string& pod, const std::vector<std::string>& devices) {
    const auto& pods = snapshot().pods;
    const auto of =
        std::find_if(pods.begin(), pods.end(), [&](const auto& one) { return one.name == pod; });
    const auto count = static_cast<std::int64_t>(devices.size());
    cluster::Claim& claim = Claim(pod + "-extended-resources-9r556", count);
    claim.requests[0].name = "container-0-request-0";
    for (const std::string& device : devices) {
      claim.devices.push_back({"container-0-request-0", "gpu.nvidia.com", of->node, device});
    }
    claim.nodes = {{{}, {{"metadata.name", "In", {of->node}}}}};
    claim.reserved_for = {of->uid};
    return claim;
  }
};

TEST(ClassResources, APodGetsDevicesOfTheClass) {
  Backed c;
  c.DraNode("a", {"r0", "r0", "r0"});
  c.Node("plain", 8);
  c.Pod("two-0", kOwn, 2);
  c.Pod("two-1", kOwn, 2);
  const Plan plan = PlanOf(c);
  EXPECT_THAT(Placed(plan), ElementsAre("two-0 on a: gpu-0 gpu-1"));
  EXPECT_EQ(plan.actions[0].reason, "it gets gpu-0, gpu-1 of DRA");
  EXPECT_EQ(std::get<PlacePod>(plan.actions[0].change).devices[0].claim, "<extended-resources>");
  EXPECT_EQ(WaitsFor(plan, "two-1"), "NoRoom");
  EXPECT_EQ(WhyWaits(plan, "two-1"),
            "others hold the devices for 2 example.com/gpu, on 1 node that it may use");
}

TEST(ClassResources, EachClassHasANameOfItsOwn) {
  DraCluster c;
  c.DraNode("a", {"r0"});
  c.Pod("one-0", "deviceclass.resource.kubernetes.io/gpu.nvidia.com");
  c.Pod("mig-0", "deviceclass.resource.kubernetes.io/mig.nvidia.com");
  const Plan plan = PlanOf(c);
  EXPECT_THAT(Placed(plan), ElementsAre("one-0 on a: gpu-0"));
  EXPECT_EQ(WaitsFor(plan, "mig-0"), "NoSuchDevice");
  EXPECT_EQ(WhyWaits(plan, "mig-0"),
            "no node that it may use has devices for 1 "
            "deviceclass.resource.kubernetes.io/mig.nvidia.com");
}

TEST(ClassResources, WhereThePluginOffersItItIsThePlugins) {
  Backed c("nvidia.com/gpu");
  c.Node("plugin", 2);
  c.DraNode("both", {"r0", "r0"}).devices = {{"nvidia.com/gpu", 1}};
  c.DraNode("dra", {"r0"}).devices = {{"nvidia.com/gpu", 0}};
  for (const char* name : {"p-0", "p-1", "p-2", "p-3", "p-4"}) c.Pod(name, "nvidia.com/gpu");
  const Plan plan = PlanOf(c);
  std::vector<std::string> on_dra;
  for (const std::string& line : Placed(plan)) {
    if (line.find("gpu-") != std::string::npos) on_dra.push_back(line.substr(4));
  }
  EXPECT_EQ(Placed(plan).size(), 4U) << "two and one of plugins, and one of DRA";
  EXPECT_THAT(on_dra, ElementsAre("on dra: gpu-0"));
  EXPECT_EQ(plan.waiting.size(), 1U);
}

TEST(ClassResources, TooManyForOnePluginAreNoRoomOfAnother) {
  Backed c("nvidia.com/gpu");
  c.Node("plugin", 4);
  c.DraNode("dra", {"r0", "r0"});
  c.Pod("many-0", "nvidia.com/gpu", 5);
  EXPECT_EQ(WaitsFor(PlanOf(c), "many-0"), "NoSuchDevice");
}

TEST(ClassResources, WhatRunsHoldsWhatItsClaimHas) {
  Backed c;
  c.DraNode("a", {"r0", "r0", "r0"});
  c.Pod("old-0", kOwn, 2, "a").claims = {"old-0-extended-resources-9r556"};
  c.MadeFor("old-0", {"gpu-0", "gpu-2"});
  c.Pod("new-0", kOwn);
  EXPECT_THAT(Placed(PlanOf(c)), ElementsAre("new-0 on a: gpu-1"));
}

// The pod's status does not name the claim yet.
TEST(ClassResources, AClaimThatIsReservedForThePodIsItsOwn) {
  Backed c;
  c.DraNode("a", {"r0", "r0"});
  c.Pod("sent-0", kOwn, 1, "a");
  c.MadeFor("sent-0", {"gpu-1"});
  c.Pod("new-0", kOwn);
  EXPECT_THAT(Placed(PlanOf(c)), ElementsAre("new-0 on a: gpu-0"));
}

TEST(ClassResources, WhatWasSentToANodeHoldsItsDevicesBeforeItsClaimIsMade) {
  Backed c;
  c.DraNode("a", {"r0", "r0"});
  c.Pod("sent-0", kOwn, 1, "a");
  c.Pod("new-0", kOwn);
  c.Pod("new-1", kOwn);
  const Plan plan = PlanOf(c);
  EXPECT_THAT(Placed(plan), ElementsAre("new-0 on a: gpu-1"));
  EXPECT_EQ(WaitsFor(plan, "new-1"), "NoRoom");
}

TEST(ClassResources, BesideClaimsOfItsOwn) {
  Backed c;
  c.DraNode("a", {"r0", "r0"});
  c.DraNode("b", {"r0", "r0", "r0"});
  c.ClaimPod("both-0", 2).devices = {{kOwn, 1}};
  const Plan plan = PlanOf(c);
  EXPECT_THAT(Placed(plan), ElementsAre("both-0 on b: gpu-0 gpu-1 gpu-2"));
  EXPECT_EQ(plan.actions[0].reason, "its claim gets gpu-0, gpu-1, gpu-2");
}

TEST(ClassResources, AGangGetsAllItsDevicesOrNone) {
  Backed c;
  c.DraNode("a", {"r0"});
  c.DraNode("b", {"r0"});
  for (const char* name : {"g-0", "g-1", "g-2"}) {
    c.Pod(name, kOwn).labels = {{"tangram.dev/gang", "g"}};
  }
  c.Pod("alone-0", kOwn);
  EXPECT_THAT(Placed(PlanOf(c)), ElementsAre("alone-0 on a: gpu-0"));
}

TEST(ClassResources, OfTwoClassesOfOneNameTheNewerCounts) {
  Backed c;
  auto& classes = c.snapshot().device_classes;
  classes[1].extended_resource = kOwn;
  const auto behind = [&](int first, int second) {
    classes[0].created_at = c.snapshot().taken_at - std::chrono::hours(first);
    classes[1].created_at = c.snapshot().taken_at - std::chrono::hours(second);
    return ClassResources(c.snapshot()).Find(kOwn)->device_class->name;
  };
  EXPECT_EQ(behind(1, 2), classes[0].name);
  EXPECT_EQ(behind(2, 1), classes[1].name);
  EXPECT_EQ(behind(2, 2), classes[0].name) << "the first by name";
  EXPECT_EQ(ClassResources(c.snapshot()).Find(kOwn)->rival, nullptr);
}

TEST(ClassResources, TwoClassesOfOneNameAreUnknownWhereNoAgeIsKnown) {
  Backed c;
  c.snapshot().device_classes[1].extended_resource = kOwn;
  c.DraNode("a", {"r0"});
  c.Pod("one-0", kOwn);
  const Plan plan = PlanOf(c);
  EXPECT_EQ(WaitsFor(plan, "one-0"), "ByClaim");
  EXPECT_EQ(WhyWaits(plan, "one-0"),
            "the device classes gpu.nvidia.com and mig.nvidia.com both stand behind "
            "example.com/gpu; the newer of them counts, and which that is is not known here");
}

TEST(ClassResources, WithoutTheClaimsNothingIsKnownToBeFree) {
  Backed c;
  c.DraNode("a", {"r0"});
  c.Pod("one-0", kOwn);
  c.ClaimPod("claim-0");
  c.snapshot().gaps = {{"resourceclaims.resource.k8s.io", "forbidden", "allow it"}};
  const Plan plan = PlanOf(c);
  EXPECT_THAT(Placed(plan), IsEmpty());
  for (const char* pod : {"one-0", "claim-0"}) {
    EXPECT_EQ(WaitsFor(plan, pod), "ByClaim");
    EXPECT_THAT(WhyWaits(plan, pod), HasSubstr("not every claim could be read"));
  }
}

TEST(ClassResources, WithoutTheClassesItIsNotNever) {
  DraCluster c;
  c.DraNode("a", {"r0"});
  c.snapshot().device_classes.clear();
  c.Pod("one-0", "nvidia.com/gpu");
  EXPECT_EQ(WaitsFor(PlanOf(c), "one-0"), "NoSuchDevice");
  c.snapshot().gaps = {{"deviceclasses.resource.k8s.io", "forbidden", "allow it"}};
  const Plan plan = PlanOf(c);
  EXPECT_EQ(WaitsFor(plan, "one-0"), "ByClaim");
  EXPECT_THAT(WhyWaits(plan, "one-0"), HasSubstr("whether DRA does is not known"));
}

// No node is added for it, and nothing is cut: a claim is the scheduler's to make.
TEST(ClassResources, TheFullPlanServesItOnlyWhereDevicesAre) {
  Backed c;
  c.DraNode("a", {"r0"});
  c.Node("plain", 8);
  c.Pod("one-0", kOwn);
  c.Pod("two-0", kOwn);
  const Plan plan = testing::Checked(c.snapshot());
  EXPECT_THAT(Placed(plan), ElementsAre("one-0 on a: gpu-0"));
  EXPECT_EQ(WaitsFor(plan, "two-0"), "NoRoom");
}

TEST(ClassResources, APodThatWaitsForDevicesDoesNotWaitForThePolicy) {
  Backed c("nvidia.com/mig-1g.5gb");
  c.DraNode("a", {"r0"});
  c.Pod("one-0", "nvidia.com/mig-1g.5gb");
  c.Pod("two-0", "nvidia.com/mig-1g.5gb");
  PlanPolicy policy = PlaceOnly();
  policy.defaults.mig = MigBackend::kNone;
  const Plan plan = testing::Checked(c.snapshot(), policy);
  EXPECT_THAT(Placed(plan), ElementsAre("one-0 on a: gpu-0"));
  EXPECT_EQ(WaitsFor(plan, "two-0"), "NoRoom");
}

TEST(ClassResources, ExplainSaysWhereItCanGo) {
  Backed c;
  c.DraNode("a", {"r0"});
  c.DraNode("b", {"r0"});
  c.Pod("old-0", kOwn, 1, "a").claims = {"old-0-extended-resources-9r556"};
  c.MadeFor("old-0", {"gpu-0"});
  c.Node("plain", 8);
  c.Pod("one-0", kOwn);
  cluster::Normalize(c.snapshot());
  const auto& pods = c.snapshot().pods;
  const auto pod =
      std::find_if(pods.begin(), pods.end(), [](const auto& one) { return one.name == "one-0"; });
  const Explanation told = Explain(c.snapshot(), PlaceOnly(), *pod);
  EXPECT_EQ(told.state, Explanation::State::kWaits);
  EXPECT_EQ(told.open_nodes, 1);
  ASSERT_EQ(told.steps.size(), 1U);
  EXPECT_EQ(std::get<PlacePod>(told.steps[0].action.change).node, "b");
}

TEST(ClassResources, ValidateSeesWhatIsWrong) {
  Backed c;
  c.DraNode("a", {"r0", "r0"});
  c.DraNode("b", {"r0"});
  c.Pod("one-0", kOwn);
  const Plan good = PlanOf(c);
  ASSERT_THAT(Placed(good), ElementsAre("one-0 on b: gpu-0"));
  const auto wrong = [&](auto change) {
    Plan plan = good;
    change(std::get<PlacePod>(plan.actions[0].change));
    return Validate(plan, c.snapshot(), PlaceOnly());
  };
  EXPECT_THAT(wrong([](PlacePod& p) { p.devices.clear(); }),
              Contains(HasSubstr("request request-0 gets nothing")));
  EXPECT_THAT(wrong([](PlacePod& p) { p.devices.push_back(p.devices[0]); }),
              Contains(HasSubstr("asks for 1 and gets 2")));
  EXPECT_THAT(wrong([](PlacePod& p) { p.devices[0].device.device = "gpu-7"; }),
              Contains(HasSubstr("gpu-7 of pool b is not there")));
  EXPECT_THAT(wrong([](PlacePod& p) { p.node = "a"; }), Contains(HasSubstr("is not for a")));
  c.snapshot().device_classes[0].extended_resource.clear();
  EXPECT_THAT(Validate(good, c.snapshot(), PlaceOnly()),
              Contains(HasSubstr("node b lacks example.com/gpu")));
  c.snapshot().device_classes[0].extended_resource = kOwn;
  c.snapshot().nodes[1].devices = {{kOwn, 1}};
  EXPECT_THAT(Validate(good, c.snapshot(), PlaceOnly()),
              Contains(HasSubstr("has no claim <extended-resources>")));
}

}  // namespace
}  // namespace tangram::plan

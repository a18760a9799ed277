// Pods that ask for devices by DRA claims.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <random>

#include "base/sanitized_testing.h"
#include "plan/class_resources.h"
#include "plan/plan_dra_testing.h"
#include "plan/validate.h"

namespace tangram::plan {
namespace {

using ::testing::Contains;
using testing::DraCluster;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using testing::kRoot;
using testing::Placed;
using testing::PlaceOnly;
using testing::PlanOf;
using testing::WaitsFor;
using testing::WhyWaits;

TEST(PlanClaims, AClaimGetsADeviceThatIsFree) {
  DraCluster c;
  c.DraNode("a", {"r0", "r0"});
  c.ClaimPod("old-0").node = "a";
  c.snapshot().pods.back().phase = cluster::PodPhase::kRunning;
  c.Allocate("old-0-gpu", "a", "gpu-0");
  c.ClaimPod("new-0");
  const Plan plan = PlanOf(c);
  EXPECT_THAT(Placed(plan), ElementsAre("new-0 on a: gpu-1"));
  EXPECT_EQ(plan.actions[0].reason, "its claim gets gpu-1");
}

TEST(PlanClaims, WhatOneGetsTheNextDoesNot) {
  DraCluster c;
  c.DraNode("a", {"r0"});
  c.ClaimPod("one-0");
  c.ClaimPod("two-0");
  const Plan plan = PlanOf(c);
  EXPECT_THAT(Placed(plan), ElementsAre("one-0 on a: gpu-0"));
  EXPECT_EQ(WaitsFor(plan, "two-0"), "NoRoom");
  EXPECT_EQ(WhyWaits(plan, "two-0"),
            "others hold the devices for its claim two-0-gpu, on 1 node that it may use");
}

TEST(PlanClaims, TheFullestNodeThatFitsIsTaken) {
  DraCluster c;
  c.DraNode("a", {"r0", "r0", "r0", "r0"});
  c.DraNode("b", {"r0", "r0"});
  c.ClaimPod("one-0");
  c.ClaimPod("four-0", 4);
  EXPECT_THAT(Placed(PlanOf(c)),
              ElementsAre("four-0 on a: gpu-0 gpu-1 gpu-2 gpu-3", "one-0 on b: gpu-0"));
}

// Node b has more that is free, and a half that is no part of a whole card any more.
TEST(PlanClaims, LargePlacementsStayFree) {
  DraCluster c;
  for (const char* node : {"a", "b"}) {
    c.DraNode(node, {"r0"});
    c.Partition(node);
  }
  cluster::ResourceSlice nics = c.snapshot().slices.front();
  nics.name = "b-nics";
  nics.driver = "nic.example.com";
  nics.pool = nics.reach.node = "b";
  nics.pool_slices = 1;
  nics.counters.clear();
  nics.devices.clear();
  for (int i = 0; i < 4; ++i) nics.devices.emplace_back().name = "nic-" + std::to_string(i);
  c.snapshot().slices.push_back(std::move(nics));
  c.ClaimPod("old-0", 1, "mig.nvidia.com").node = "b";
  c.snapshot().pods.back().phase = cluster::PodPhase::kRunning;
  c.Allocate("old-0-gpu", "b", "gpu-0-mig-3g20gb-9-0");
  c.ClaimPod("half-0", 1, "mig.nvidia.com");
  c.ClaimPod("whole-0").created_at = c.snapshot().taken_at;  // it comes after
  EXPECT_THAT(Placed(PlanOf(c)),
              ElementsAre("half-0 on b: gpu-0-mig-3g20gb-9-4", "whole-0 on a: gpu-0"));
}

TEST(PlanClaims, DevicesOfOneClaimHangOnOnePcieRoot) {
  DraCluster c;
  c.DraNode("apart", {"r0", "r1"});
  c.DraNode("together", {"r0", "r1", "r1"});
  c.ClaimPod("pair-0", 2);
  c.snapshot().claims.back().constraints = {{{}, kRoot, {}}};
  EXPECT_THAT(Placed(PlanOf(c)), ElementsAre("pair-0 on together: gpu-1 gpu-2"));
}

TEST(PlanClaims, AllClaimsOfAPodAreServedOnOneNode) {
  DraCluster c;
  c.DraNode("a", {"r0"});
  c.DraNode("b", {"r0", "r0"});
  c.Claim("first");
  c.Claim("second");
  c.PodOf("both-0", {"first", "second"});
  EXPECT_THAT(Placed(PlanOf(c)), ElementsAre("both-0 on b: gpu-0 gpu-1"));
}

TEST(PlanClaims, PodsOfOneClaimGoToOneNode) {
  DraCluster c;
  c.DraNode("a", {"r0"});
  c.DraNode("b", {"r0"});
  c.Claim("shared");
  c.PodOf("one-0", {"shared"});
  c.PodOf("two-0", {"shared"});
  c.ClaimPod("other-0");
  EXPECT_THAT(Placed(PlanOf(c)),
              ElementsAre("one-0 on a: gpu-0", "other-0 on b: gpu-0", "two-0 on a: gpu-0"));
}

TEST(PlanClaims, AnAllocatedClaimPinsItsPods) {
  DraCluster c;
  c.DraNode("a", {"r0", "r0"});
  c.DraNode("b", {"r0"});
  c.Claim("held");
  c.Allocate("held", "b", "gpu-0");
  c.PodOf("late-0", {"held"});
  const Plan plan = PlanOf(c);
  EXPECT_THAT(Placed(plan), ElementsAre("late-0 on b:"));
  EXPECT_EQ(plan.actions[0].reason, "its claims hold devices there");
}

TEST(PlanClaims, PartsOfACardShareItsCounters) {
  DraCluster c;
  c.DraNode("a", {"r0"});
  c.Partition("a");
  c.ClaimPod("half-0", 1, "mig.nvidia.com");
  c.ClaimPod("half-1", 1, "mig.nvidia.com");
  c.ClaimPod("whole-0").priority = -1;
  const Plan plan = PlanOf(c);
  EXPECT_THAT(Placed(plan), ElementsAre("half-0 on a: gpu-0-mig-3g20gb-9-0",
                                        "half-1 on a: gpu-0-mig-3g20gb-9-4"));
  EXPECT_EQ(WaitsFor(plan, "whole-0"), "NoRoom");
}

TEST(PlanClaims, WhatWasSentToANodeHoldsItsDevicesBeforeItIsBound) {
  DraCluster c;
  c.DraNode("a", {"r0", "r0"});
  c.ClaimPod("sent-0").node = "a";
  c.ClaimPod("new-0");
  EXPECT_THAT(Placed(PlanOf(c)), ElementsAre("new-0 on a: gpu-1"));
}

TEST(PlanClaims, PodsShareACardByItsMemory) {
  DraCluster c;
  c.DraNode("a", {"r0"});
  c.DraNode("b", {"r0", "r0"});
  c.Share("a", "80Gi");
  c.Share("b", "80Gi");
  for (const char* name : {"p0", "p1", "p2"}) c.PartPod(name, "40Gi");
  c.ClaimPod("whole").priority = -1;
  c.PartPod("late", "80Gi").priority = -2;
  const Plan plan = PlanOf(c);
  EXPECT_THAT(Placed(plan), ElementsAre("p0 on a: gpu-0", "p1 on a: gpu-0", "p2 on b: gpu-0",
                                        "whole on b: gpu-1"))
      << "a card that is in use is filled first; who says no memory takes all of a card";
  EXPECT_EQ(std::get<PlacePod>(plan.actions[0].change).devices[0].device.consumed,
            (cluster::Labels{{"memory", "42949672960"}}));
  EXPECT_EQ(WaitsFor(plan, "late"), "NoRoom");
}

TEST(PlanClaims, WhatOthersTakeOfACardIsNotThere) {
  DraCluster c;
  c.DraNode("a", {"r0"});
  c.Share("a", "80Gi");
  c.PartPod("old-0", "50Gi").node = "a";
  c.snapshot().pods.back().phase = cluster::PodPhase::kRunning;
  c.Allocate("old-0-gpu", "a", "gpu-0");
  cluster::AllocatedDevice& held = c.snapshot().claims.back().devices[0];
  held.shared = true;
  held.consumed = {{"memory", "50Gi"}};
  c.PartPod("small", "30Gi");
  c.PartPod("large", "40Gi").priority = 1;
  const Plan plan = PlanOf(c);
  EXPECT_THAT(Placed(plan), ElementsAre("small on a: gpu-0"));
  EXPECT_EQ(WhyWaits(plan, "large"),
            "others hold the devices for its claim large-gpu, on 1 node that it may use");
}

TEST(PlanClaims, WhatIsNotEvaluatedIsSaid) {
  DraCluster c;
  c.DraNode("a", {"r0"});
  c.ClaimPod("odd-0");
  c.snapshot().claims.back().requests[0].selectors = {"isIP('10.0.0.1')"};
  const Plan plan = PlanOf(c);
  EXPECT_EQ(WaitsFor(plan, "odd-0"), "ByClaim");
  EXPECT_THAT(WhyWaits(plan, "odd-0"),
              HasSubstr("claim ns/odd-0-gpu, request gpus, selector 1 (isIP('10.0.0.1')) of device "
                        "gpu-0"));
}

TEST(PlanClaims, AClaimThatIsNotThereIsSaid) {
  DraCluster c;
  c.DraNode("a", {"r0"});
  c.PodOf("early-0", {"early-0-gpu-x7k2p"});
  const Plan plan = PlanOf(c);
  EXPECT_EQ(WaitsFor(plan, "early-0"), "ByClaim");
  EXPECT_EQ(WhyWaits(plan, "early-0"), "its claim early-0-gpu-x7k2p is not there");
}

TEST(PlanClaims, WhatNoNodeHasIsNever) {
  DraCluster c;
  c.DraNode("a", {"r0"});
  c.ClaimPod("two-0", 2);
  const Plan plan = PlanOf(c);
  EXPECT_EQ(WaitsFor(plan, "two-0"), "NoSuchDevice");
  EXPECT_EQ(WhyWaits(plan, "two-0"), "no node that it may use has devices for its claim two-0-gpu");
}

TEST(PlanClaims, AGangGetsAllItsDevicesOrNone) {
  DraCluster c;
  c.DraNode("a", {"r0"});
  c.DraNode("b", {"r0"});
  for (const char* name : {"g-0", "g-1", "g-2"}) {
    c.ClaimPod(name).labels = {{"tangram.dev/gang", "g"}};
  }
  c.ClaimPod("alone-0");
  EXPECT_THAT(Placed(PlanOf(c)), ElementsAre("alone-0 on a: gpu-0"));
}

// The device plugin offers the cards too.
TEST(PlanClaims, ACardIsGivenByOneOfTheTwo) {
  DraCluster c;
  c.DraNode("a", {"r0", "r0"}).devices = {{"nvidia.com/gpu", 2}};
  c.Pod("plugin-0", "nvidia.com/gpu", 1, "a");
  c.Seen(c.snapshot().pods.back(), 0, 0);
  c.ClaimPod("claim-0");
  c.ClaimPod("claim-1").priority = -1;
  c.Pod("plugin-1", "nvidia.com/gpu").priority = -2;
  const Plan plan = PlanOf(c);
  EXPECT_THAT(Placed(plan), ElementsAre("claim-0 on a: gpu-1"));
  EXPECT_EQ(WaitsFor(plan, "claim-1"), "NoRoom");
  EXPECT_EQ(WaitsFor(plan, "plugin-1"), "NoRoom");
}

TEST(PlanClaims, ValidateSeesWhatIsWrong) {
  DraCluster c;
  c.DraNode("a", {"r0", "r0"});
  c.DraNode("b", {"r0"});
  c.ClaimPod("one-0");
  c.ClaimPod("two-0");
  cluster::Normalize(c.snapshot());
  const Plan good = PlanOf(c);
  ASSERT_EQ(good.actions.size(), 2u);
  const auto wrong = [&](auto change) {
    Plan plan = good;
    change(std::get<PlacePod>(plan.actions[0].change));
    return Validate(plan, c.snapshot(), PlaceOnly());
  };
  const auto first = std::get<PlacePod>(good.actions[0].change).devices.front();
  EXPECT_THAT(wrong([](PlacePod& p) { p.devices[0].device.device = "gpu-7"; }),
              Contains(HasSubstr("gpu-7 of pool b is not there")));
  EXPECT_THAT(wrong([](PlacePod& p) { p.node = "a"; }), Contains(HasSubstr("is not for a")));
  EXPECT_THAT(wrong([&](PlacePod& p) { p.devices.push_back(first); }),
              Contains(HasSubstr("gpu-0 of pool b is held by another claim")));
  EXPECT_THAT(wrong([](PlacePod& p) { p.devices.clear(); }),
              Contains(HasSubstr("request gpus gets nothing")));
  EXPECT_THAT(wrong([](PlacePod& p) { p.devices[0].claim = "other"; }),
              Contains(HasSubstr("pod ns/one-0 has no claim other")));
  EXPECT_THAT(wrong([](PlacePod& p) { p.devices[0].device.shared = true; }),
              Contains(HasSubstr("gpu-0 of pool b is held alone, or is not")));
  c.Share("b", "80Gi");
  c.snapshot().claims[0].requests[0].capacity = {{"memory", "30Gi"}};
  const auto takes = [&](const char* amount) {
    return wrong([&](PlacePod& p) {
      p.devices[0].device.shared = true;
      p.devices[0].device.consumed = {{"memory", amount}};
    });
  };
  EXPECT_THAT(takes("20Gi"), Contains(HasSubstr("a claim gets less than it asks for")));
  EXPECT_THAT(takes("90Gi"), Contains(HasSubstr("more is given than there is")));
  EXPECT_THAT(takes("30Gi"), IsEmpty());
  c.snapshot().device_classes[0].selectors = {"false"};
  EXPECT_THAT(Validate(good, c.snapshot(), PlaceOnly()),
              Contains(HasSubstr("gpu-0 of pool b is not chosen by request gpus")));
}

// ---- laws ----

class RandomDra {
 public:
  explicit RandomDra(unsigned seed) : random_(seed) {}

  cluster::Snapshot Make() {
    const int nodes = 1 + Roll(4);
    for (int i = 0; i < nodes; ++i) {
      std::vector<std::string> roots(static_cast<std::size_t>(1 + Roll(4)));
      for (std::string& root : roots) root = Roll(2) ? "r0" : "r1";
      const std::string name = "n" + std::to_string(i);
      cluster::Node& node = cluster_.DraNode(name, roots);
      const auto cards = static_cast<std::int64_t>(roots.size());
      if (Roll(4) == 0) node.devices = {{"nvidia.com/gpu", cards}};
      if (Roll(3) == 0) {
        cluster_.Partition(name);
      } else if (Roll(2) == 0) {
        cluster_.Share(name, "80Gi");
      }
      if (Roll(5) == 0) Last().devices[0].taints = {{"sick", "yes", "NoSchedule"}};
    }
    auto& classes = cluster_.snapshot().device_classes;
    if (Roll(2)) classes[0].extended_resource = "nvidia.com/gpu";
    if (Roll(6) == 0) classes[1].extended_resource = "nvidia.com/gpu";
    const int pods = 2 + Roll(8);
    for (int i = 0; i < pods; ++i) AddPod("p" + std::to_string(i));
    cluster::Normalize(cluster_.snapshot());
    return cluster_.snapshot();
  }

 private:
  int Roll(int sides) { return static_cast<int>(random_() % static_cast<unsigned>(sides)); }
  cluster::ResourceSlice& Last() { return cluster_.snapshot().slices.front(); }

  void AddPod(const std::string& name) {
    const int kind = Roll(8);
    if (kind == 0) {
      cluster_.Pod(name, "nvidia.com/gpu", 1 + Roll(2));
      if (Roll(3) == 0) cluster_.snapshot().pods.back().node = "n0";  // sent there
    } else if (kind == 1 && !cluster_.snapshot().claims.empty()) {
      cluster_.PodOf(name, {cluster_.snapshot().claims.front().name});
    } else if (kind < 4) {
      cluster_.PartPod(name, std::to_string(10 * (1 + Roll(4))) + "Gi");
      if (Roll(3) == 0) HoldPart();
    } else {
      cluster_.ClaimPod(name, 1 + Roll(2), Roll(3) ? "gpu.nvidia.com" : "mig.nvidia.com");
      if (Roll(3) == 0) cluster_.snapshot().claims.back().constraints = {{{}, kRoot, {}}};
      if (Roll(8) == 0) cluster_.snapshot().claims.back().requests[0].all = true;
    }
    cluster_.snapshot().pods.back().priority = Roll(3);
    if (Roll(4) == 0) cluster_.snapshot().pods.back().labels = {{"tangram.dev/gang", "g"}};
  }

  // Of the first card, where several may hold it: the last pod runs there.
  void HoldPart() {
    const cluster::ResourceSlice& slice = cluster_.snapshot().slices.front();
    if (!slice.devices.at(0).shared_by_capacity) return;
    cluster::Claim& claim = cluster_.snapshot().claims.back();
    cluster_.Allocate(claim.name, slice.pool, "gpu-0");
    claim.devices[0].shared = true;
    claim.devices[0].consumed = claim.requests[0].capacity;
    cluster_.snapshot().pods.back().node = slice.pool;
    cluster_.snapshot().pods.back().phase = cluster::PodPhase::kRunning;
  }

  std::mt19937 random_;
  DraCluster cluster_;
};

TEST(PlanClaims, EveryPlanHoldsAgainstItsSnapshot) {
  int devices = 0;
  int shared = 0;
  int of_classes = 0;  // asked for by an extended resource
  for (unsigned seed = 0; seed < (base::kSanitized ? 60 : 600); ++seed) {
    cluster::Snapshot snapshot = RandomDra(seed).Make();
    const Plan plan = MakePlan(snapshot, {});
    ASSERT_THAT(Validate(plan, snapshot, {}), IsEmpty()) << seed;
    for (const Action& action : plan.actions) {
      const auto* place = std::get_if<PlacePod>(&action.change);
      if (place == nullptr) continue;
      devices += static_cast<int>(place->devices.size());
      shared += static_cast<int>(std::count_if(place->devices.begin(), place->devices.end(),
                                               [](const auto& one) { return one.device.shared; }));
      of_classes += static_cast<int>(
          std::count_if(place->devices.begin(), place->devices.end(),
                        [](const auto& one) { return one.claim == kSchedulersClaim; }));
    }
    std::mt19937 random(seed);
    for (auto shuffle : {0, 1}) {
      if (shuffle == 0) std::shuffle(snapshot.pods.begin(), snapshot.pods.end(), random);
      if (shuffle == 1) std::shuffle(snapshot.claims.begin(), snapshot.claims.end(), random);
      std::shuffle(snapshot.slices.begin(), snapshot.slices.end(), random);
    }
    cluster::Normalize(snapshot);
    ASSERT_EQ(MakePlan(snapshot, {}), plan) << seed;
  }
  EXPECT_GT(devices, base::kSanitized ? 20 : 200);
  EXPECT_GT(shared, base::kSanitized ? 5 : 50);
  EXPECT_GT(of_classes, base::kSanitized ? 5 : 50);
}

}  // namespace
}  // namespace tangram::plan

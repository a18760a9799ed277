#include "plan/classes/classes.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "cluster/schedulable.h"
#include "plan/plan_testing.h"

namespace tangram::plan::classes {
namespace {

using cluster::GpuClass;
using testing::Cluster;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::StartsWith;

constexpr const char* kH100 = "NVIDIA-H100-80GB-HBM3";
constexpr const char* kT4 = "Tesla-T4";

base::MiB GiB(std::int64_t n) { return base::MiB(1024) * n; }

GpuClass Class(const std::string& name, std::int64_t gib = 0,
               GpuClass::Isolation isolation = GpuClass::Isolation::kHardware) {
  GpuClass of;
  of.name = name;
  if (gib > 0) of.memory = GiB(gib);
  of.isolation = isolation;
  return of;
}

class ClassesTest : public ::testing::Test {
 protected:
  // A node as feature discovery labels it.
  cluster::Node& Node(const std::string& name, int gpus,
                      const std::string& product = testing::kA100, std::int64_t mib = 40'960) {
    cluster::Node& node = cluster_.Node(name, gpus, product);
    for (cluster::Gpu& gpu : node.gpus) gpu.memory = base::MiB(mib);
    node.labels = {{"kubernetes.io/hostname", name}, {"nvidia.com/gpu.product", product}};
    return node;
  }

  void Observe() { policy_.defaults.mode = Mode::kObserve; }

  Decision Ask(const std::string& name, const cluster::Pod& pod = {}) {
    index_ = Index::Build(cluster_.snapshot(),
                          {.policy = policy_, .classes = classes_, .abilities = abilities_});
    return Decide(*index_, {name, pod});
  }

  Choice Choose(const std::string& name, const cluster::Pod& pod = {}) {
    Decision decision = Ask(name, pod);
    if (const auto* refusal = std::get_if<Refusal>(&decision)) {
      ADD_FAILURE() << refusal->message;
      return {};
    }
    return std::get<Choice>(std::move(decision));
  }

  std::string Refuse(const std::string& name) {
    const Decision decision = Ask(name);
    if (const auto* choice = std::get_if<Choice>(&decision)) {
      ADD_FAILURE() << choice->why;
      return "";
    }
    return std::get<Refusal>(decision).message;
  }

  static std::string ResourceOf(const Choice& choice) {
    const auto* ask = std::get_if<DeviceAsk>(&choice.ask);
    return ask == nullptr ? "a claim" : ask->resource;
  }

  Cluster cluster_;
  PlanPolicy policy_;
  std::vector<GpuClass> classes_;
  Abilities abilities_;
  std::shared_ptr<const Index> index_;
};

TEST_F(ClassesTest, TakesTheCheapestInstanceThatIsFree) {
  Observe();
  cluster::Node& node = Node("a", 2);
  Cluster::Cut(node, 0, {{"1g.5gb", 0}, {"2g.10gb", 2}, {"3g.20gb", 4}});
  classes_ = {Class("small", 8)};

  const Choice choice = Choose("small");
  EXPECT_EQ(choice.fit, Fit::kNow);
  EXPECT_EQ(choice.ask, (decltype(choice.ask)(DeviceAsk{"nvidia.com/mig-2g.10gb", 1})));
  EXPECT_EQ(choice.isolation, Isolation::kHardware);
  EXPECT_THAT(choice.node_terms, IsEmpty()) << "the profile says it all";
  EXPECT_EQ(
      choice.why,
      "1 of nvidia.com/mig-2g.10gb of A100-40GB, the cheapest for class \"small\" (1 GPU with "
      "at least 8 GiB, shared with nobody); 1 free on 1 node");
  EXPECT_EQ(cluster::Find(choice.labels, "tangram.dev/isolation"), "Hardware");
  EXPECT_EQ(cluster::Find(choice.annotations, "tangram.dev/gpu-memory"), "8Gi");
}

TEST_F(ClassesTest, TakesWhatIsFreeBeforeWhatIsCheaperAndHeld) {
  Observe();
  cluster::Node& node = Node("a", 2);
  Cluster::Cut(node, 0, {{"2g.10gb", 0}, {"3g.20gb", 4}});
  cluster_.Pod("holder-1", "nvidia.com/mig-2g.10gb", 1, "a");
  classes_ = {Class("small", 8)};
  EXPECT_EQ(ResourceOf(Choose("small")), "nvidia.com/mig-3g.20gb");
}

TEST_F(ClassesTest, PodsThatWaitTakeWhatIsFree) {
  Observe();
  cluster::Node& node = Node("a", 2);
  Cluster::Cut(node, 0, {{"2g.10gb", 0}, {"3g.20gb", 4}});
  cluster_.Pod("first-1", "nvidia.com/mig-2g.10gb");
  classes_ = {Class("small", 8)};
  EXPECT_EQ(ResourceOf(Choose("small")), "nvidia.com/mig-3g.20gb");
}

TEST_F(ClassesTest, WhatWasGivenOutIsNotGivenTwice) {
  Observe();
  cluster::Node& node = Node("a", 2);
  Cluster::Cut(node, 0, {{"2g.10gb", 0}, {"3g.20gb", 4}});
  classes_ = {Class("small", 8)};
  std::vector<std::int64_t> given;
  std::vector<std::string> got;
  for (int i = 0; i < 4; ++i) {
    Ask("small");
    const auto choice = std::get<Choice>(Decide(*index_, {"small", {}}, given));
    got.push_back(ResourceOf(choice) + (choice.fit == Fit::kNow ? "" : " waits"));
    given.resize(index_->offers().size());
    if (choice.taken) given[choice.taken->offer] += choice.taken->devices;
  }
  EXPECT_THAT(got, ElementsAre("nvidia.com/mig-2g.10gb", "nvidia.com/mig-3g.20gb", "nvidia.com/gpu",
                               "nvidia.com/mig-2g.10gb waits"));
}

// nvidia.com/gpu is a card of one model here and of another there: labels have to say which.
TEST_F(ClassesTest, KeepsThePodOffCardsThatAreLess) {
  Observe();
  Node("big", 4, kH100, 81'559);
  Node("small", 4, kT4, 15'360);
  classes_ = {Class("large", 40)};
  const Choice choice = Choose("large");
  EXPECT_EQ(ResourceOf(choice), "nvidia.com/gpu");
  EXPECT_THAT(choice.node_terms,
              ElementsAre(cluster::SelectorTerm{"nvidia.com/gpu.product", "In", {kH100}}));
}

TEST_F(ClassesTest, RefusesWhatNoLabelTellsApart) {
  Observe();
  Node("big", 4, kH100, 81'559).labels.clear();
  Node("small", 4, kT4, 15'360).labels.clear();
  classes_ = {Class("large", 40)};
  EXPECT_THAT(Refuse("large"), HasSubstr("no node label tells such devices from lesser ones"));
}

// Time-sliced without another name: a whole card is only where the product does not end in -SHARED.
TEST_F(ClassesTest, NeverTakesAShareForIsolation) {
  Observe();
  cluster::Node& shared = Node("shared", 4);
  for (cluster::Gpu& gpu : shared.gpus) {
    gpu.sharing = cluster::Sharing::kTimeSlicing;
    gpu.replicas = 4;
  }
  shared.devices = {{"nvidia.com/gpu", 16}};
  shared.labels.back().second += "-SHARED";
  Node("whole", 4);
  classes_ = {Class("mine"), Class("any", 0, GpuClass::Isolation::kShared)};

  const Choice mine = Choose("mine");
  EXPECT_EQ(mine.isolation, Isolation::kExclusive);
  EXPECT_THAT(mine.node_terms,
              ElementsAre(cluster::SelectorTerm{"nvidia.com/gpu.product", "In", {testing::kA100}}));
  const Choice any = Choose("any");
  EXPECT_EQ(any.isolation, Isolation::kShared);
  EXPECT_THAT(any.node_terms, IsEmpty());
}

TEST_F(ClassesTest, SharesSayWhatIsTheirsOfTheMemory) {
  Observe();
  cluster::Node& node = Node("a", 2);
  Cluster::Share(node, 4);
  classes_ = {Class("notebook", 8, GpuClass::Isolation::kShared)};
  const Choice choice = Choose("notebook");
  EXPECT_EQ(ResourceOf(choice), "nvidia.com/gpu.shared");
  EXPECT_THAT(choice.env, ElementsAre(EnvVar{"TANGRAM_GPU_MEMORY_BYTES", "10737418240"},
                                      EnvVar{"TANGRAM_GPU_MEMORY_FRACTION", "0.23"},
                                      EnvVar{"TANGRAM_GPU_STATIC_MEMORY_FRACTION", "0.20"}));
  EXPECT_THAT(cluster::Find(choice.annotations, "tangram.dev/serving-flags"),
              HasSubstr("vLLM --gpu-memory-utilization=0.23"));
}

TEST_F(ClassesTest, LatencyIsKeptOffCardsThatManyShare) {
  Observe();
  cluster::Node& node = Node("a", 2);
  Cluster::Share(node, 8);
  Node("b", 1);
  GpuClass of = Class("serving", 0, GpuClass::Isolation::kShared);
  of.latency = GpuClass::Latency::kSensitive;
  classes_ = {of};
  EXPECT_EQ(ResourceOf(Choose("serving")), "nvidia.com/gpu");
}

TEST_F(ClassesTest, WaitsForWhatIdleCardsCanBeCutInto) {
  Node("a", 1);
  cluster_.Pod("whole-1", "nvidia.com/gpu", 1, "a");
  Node("b", 1);
  cluster_.Pod("cpu-1", "example.com/other", 0, "b").cpu = base::MilliCpu(9'900);
  classes_ = {Class("small", 8)};
  cluster::Pod pod;
  pod.cpu = base::MilliCpu(4'000);  // the free card's node has no CPU for it
  const Choice choice = Choose("small", pod);
  EXPECT_EQ(choice.fit, Fit::kWaits);
  EXPECT_EQ(ResourceOf(choice), "nvidia.com/mig-1g.10gb");
  EXPECT_THAT(choice.why, HasSubstr("waits: none is free, 4 can be made of idle cards"));
}

TEST_F(ClassesTest, WaitsWhereAllIsHeld) {
  Observe();
  Node("a", 1);
  cluster_.Pod("whole-1", "nvidia.com/gpu", 1, "a");
  classes_ = {Class("any")};
  const Choice choice = Choose("any");
  EXPECT_EQ(choice.fit, Fit::kWaits);
  EXPECT_THAT(choice.why, HasSubstr("waits: 0 of 1 are free"));
}

TEST_F(ClassesTest, FallbacksInTheirOrderAndNeverLessIsolated) {
  Observe();
  Node("a", 1);
  cluster_.Pod("whole-1", "nvidia.com/gpu", 1, "a");
  cluster::Node& cut = Node("b", 1);
  Cluster::Cut(cut, 0, {{"1g.5gb", 0}, {"2g.10gb", 2}});
  cluster::Node& shared = Node("c", 1, kT4, 15'360);
  Cluster::Share(shared, 2);
  GpuClass large = Class("large", 30);
  large.fallbacks = {"loose", "gone", "middle", "small"};
  classes_ = {large, Class("middle", 8), Class("small", 4),
              Class("loose", 6, GpuClass::Isolation::kShared)};
  const Choice choice = Choose("large");
  EXPECT_EQ(choice.class_name, "loose");
  EXPECT_EQ(ResourceOf(choice), "nvidia.com/mig-2g.10gb") << "isolation stays that of the class";
  EXPECT_THAT(choice.why, HasSubstr("\"large\" has no room now"));
}

TEST_F(ClassesTest, RefusesWhatCanNeverBeAndNamesTheNearest) {
  Node("a", 4);
  GpuClass many = Class("many", 30);
  many.count = 8;
  GpuClass wrong = Class("wrong");
  wrong.models = {"H1000"};
  classes_ = {Class("huge", 200), Class("large", 30), many, Class("small", 4), wrong};
  EXPECT_EQ(Refuse("huge"),
            "GpuClass \"huge\" can never be met here: it asks for 1 GPU with at least 200 GiB, "
            "shared with nobody, and the largest such device here has 40 GiB, of A100-40GB; the "
            "nearest class that can is \"large\": 1 GPU with at least 30 GiB, shared with nobody");
  EXPECT_THAT(Refuse("many"), HasSubstr("no node has more than 4 of them"));
  EXPECT_THAT(Refuse("wrong"), HasSubstr("no GPU model is named \"H1000\""));
  EXPECT_EQ(Refuse("larg"), "there is no GpuClass \"larg\"; did you mean \"large\"?");
}

// An autoscaler may bring what is not there; what no GPU is, it cannot bring.
TEST_F(ClassesTest, NodesThatMayComeAreWaitedFor) {
  Node("a", 4, kT4, 15'360);
  classes_ = {Class("large", 60), Class("huge", 2'000)};
  abilities_.nodes_may_come = true;
  const Choice choice = Choose("large");
  EXPECT_EQ(choice.fit, Fit::kWaits);
  EXPECT_EQ(ResourceOf(choice), "nvidia.com/gpu");
  EXPECT_THAT(choice.node_terms,
              Contains(cluster::SelectorTerm{"nvidia.com/gpu.memory", "Gt", {"61439"}}));
  EXPECT_THAT(choice.why, HasSubstr("a new node may"));
  EXPECT_THAT(Refuse("huge"), StartsWith("GpuClass \"huge\" can never be met here"));
}

TEST_F(ClassesTest, InAClusterWithoutGpusNothingIsImpossible) {
  classes_ = {Class("large", 60)};
  EXPECT_EQ(Choose("large").fit, Fit::kWaits);
}

TEST_F(ClassesTest, ToleratesTaintsOfGpusAndNoOthers) {
  Observe();
  cluster::Node& node = Node("a", 1);
  node.taints = {{"nvidia.com/gpu", "present", "NoSchedule"}};
  cluster::Node& other = Node("b", 1);
  other.taints = {{"team", "x", "NoSchedule"}, {"nvidia.com/gpu", "present", "NoSchedule"}};
  classes_ = {Class("any")};
  const Choice choice = Choose("any");
  EXPECT_THAT(choice.tolerations,
              ElementsAre(cluster::Toleration{"nvidia.com/gpu", "Exists", "", "NoSchedule"}));
  EXPECT_THAT(choice.why, HasSubstr("1 free on 1 node"));

  cluster::Pod tolerant;
  tolerant.tolerations = {{"", "Exists", "", ""}};
  EXPECT_THAT(Choose("any", tolerant).tolerations, IsEmpty());
}

TEST_F(ClassesTest, SpotIsForThoseWhoMayBeInterrupted) {
  Observe();
  cluster::Node& spot = Node("spot", 1);
  spot.capacity_type = cluster::CapacityType::kSpot;
  spot.labels.insert(spot.labels.begin(), {"cloud.google.com/gke-spot", "true"});
  spot.taints = {{"cloud.google.com/gke-spot", "true", "NoSchedule"}};
  spot.price->rate = base::MicroUsdPerHour(300'000);
  Node("steady", 1);
  GpuClass batch = Class("batch");
  batch.interruptible = true;
  classes_ = {batch, Class("steady")};

  const Choice interruptible = Choose("batch");
  EXPECT_THAT(
      interruptible.tolerations,
      ElementsAre(cluster::Toleration{"cloud.google.com/gke-spot", "Exists", "", "NoSchedule"}));
  EXPECT_THAT(interruptible.node_terms, IsEmpty());
  EXPECT_EQ(cluster::Find(interruptible.labels, "tangram.dev/interruptible"), "true");
  const Choice steady = Choose("steady");
  EXPECT_THAT(steady.node_terms,
              ElementsAre(cluster::SelectorTerm{"cloud.google.com/gke-spot", "NotIn", {"true"}}));
  EXPECT_THAT(steady.tolerations, IsEmpty());
}

TEST_F(ClassesTest, ThePodMayAskForMoreThanItsClass) {
  Observe();
  cluster::Node& node = Node("a", 2);
  Cluster::Cut(node, 0, {{"2g.10gb", 0}, {"3g.20gb", 4}});
  classes_ = {Class("small", 8, GpuClass::Isolation::kShared)};
  cluster::Pod pod;
  pod.annotations = {{"tangram.dev/gpu-memory", "16Gi"}};
  EXPECT_EQ(ResourceOf(Choose("small", pod)), "nvidia.com/mig-3g.20gb");
  pod.annotations = {{"tangram.dev/gpu-memory", "1Gi"}};
  EXPECT_EQ(ResourceOf(Choose("small", pod)), "nvidia.com/mig-2g.10gb") << "never for less";
  pod.labels = {{"tangram.dev/isolation", "Exclusive"}};
  EXPECT_EQ(ResourceOf(Choose("small", pod)), "nvidia.com/gpu");
}

TEST_F(ClassesTest, NodeSelectorsCountByGroupAndByNode) {
  Observe();
  for (int i = 0; i < 60; ++i) {
    Node("node-" + std::to_string(100 + i), 1);
  }
  cluster_.Pod("whole-1", "nvidia.com/gpu", 1, "node-100");
  classes_ = {Class("any")};
  cluster::Pod pod;
  pod.node_selector = {{"kubernetes.io/hostname", "node-100"}};
  EXPECT_EQ(Choose("any", pod).fit, Fit::kWaits);
  EXPECT_FALSE(index_->IsCommon("kubernetes.io/hostname"));
  EXPECT_EQ(index_->groups().size(), 1U);
  pod.node_selector = {{"kubernetes.io/hostname", "node-101"}};
  EXPECT_THAT(Choose("any", pod).why, HasSubstr("1 free on 1 node"));
  pod.node_selector = {{"nvidia.com/gpu.product", kT4}};
  EXPECT_THAT(Choose("any", pod).why, HasSubstr("leave no node that has one"));
}

TEST_F(ClassesTest, SeveralDevicesAreCardsOfOneNode) {
  Observe();
  cluster::Node& node = Node("a", 4);
  Cluster::Cut(node, 0, {{"3g.20gb", 0}, {"3g.20gb", 4}});
  Node("b", 2);
  GpuClass pair = Class("pair", 10);
  pair.count = 3;
  classes_ = {pair};
  const Choice choice = Choose("pair");
  EXPECT_EQ(choice.ask, (decltype(choice.ask)(DeviceAsk{"nvidia.com/gpu", 3})));
  EXPECT_THAT(choice.why, HasSubstr("on 1 node"));
}

TEST_F(ClassesTest, PriorityIsGivenToPodsThatHaveNone) {
  Observe();
  Node("a", 1);
  GpuClass of = Class("any");
  of.priority_class = "gpu";
  classes_ = {of};
  EXPECT_THAT(Choose("any").warnings, ElementsAre(HasSubstr("which the cluster does not have")));
  cluster_.snapshot().priority_classes = {{"gpu", 10}, {"own", 5}, {"usual", 0, true, true}};
  EXPECT_EQ(Choose("any").priority_class, "gpu");
  cluster::Pod pod;
  pod.priority_class = "usual";
  EXPECT_EQ(Choose("any", pod).priority_class, "gpu");
  pod.priority_class = "own";
  EXPECT_EQ(Choose("any", pod).priority_class, "");
}

class DraTest : public ClassesTest {
 protected:
  cluster::Node& DraNode(const std::string& name, int gpus) {
    cluster::Node& node = Node(name, gpus, kH100, 81'559);
    node.devices.clear();
    node.labels.clear();
    for (cluster::Gpu& gpu : node.gpus) gpu.dra_device = "gpu-" + std::to_string(gpu.index);
    return node;
  }
};

TEST_F(DraTest, AClaimNamesTheAlternativesCheapestFirst) {
  DraNode("dra", 2);
  classes_ = {Class("medium", 38)};
  const Choice choice = Choose("medium");
  EXPECT_EQ(choice.fit, Fit::kNow);
  const auto* claim = std::get_if<ClaimAsk>(&choice.ask);
  ASSERT_NE(claim, nullptr) << choice.why;
  std::vector<std::string> names;
  for (const Alternative& each : claim->alternatives) names.push_back(each.name);
  EXPECT_THAT(names, ElementsAre("mig-3g-40gb", "mig-4g-40gb", "mig-7g-80gb", "card"));
  EXPECT_EQ(claim->alternatives.front().device_class, "mig.nvidia.com");
  EXPECT_THAT(claim->alternatives.front().selectors,
              ElementsAre("device.attributes['gpu.nvidia.com'].?profile.orValue('') == '3g.40gb'",
                          "device.capacity['gpu.nvidia.com'].?memory.orValue(quantity('0'))"
                          ".compareTo(quantity('38912Mi')) >= 0"));
  EXPECT_THAT(claim->template_name, StartsWith("tangram-medium-"));
}

TEST_F(DraTest, OfCardsThatSeveralHoldAPartIsAskedFor) {
  DraNode("dra", 1);
  cluster::ResourceSlice& slice = cluster_.snapshot().slices.emplace_back();
  slice.driver = "gpu.nvidia.com";
  slice.pool = "dra";
  cluster::Device& card = slice.devices.emplace_back();
  card.name = "gpu-0";
  card.capacity = {{"memory", "81559Mi"}};
  card.shared_by_capacity = true;
  classes_ = {Class("notebook", 8, GpuClass::Isolation::kShared),
              Class("whole", 0, GpuClass::Isolation::kExclusive)};
  const Choice choice = Choose("notebook");
  EXPECT_EQ(choice.isolation, Isolation::kShared);
  EXPECT_THAT(choice.why, StartsWith("1 x 8 GiB of a DRA card of H100-80GB, the cheapest"));
  EXPECT_THAT(choice.why, HasSubstr("; 1 free on 1 node")) << "whole or in parts, it is one card";
  const auto& claim = std::get<ClaimAsk>(choice.ask);
  EXPECT_EQ(claim.alternatives.front().name, "part") << "a 1g.10gb costs a quarter of the card";
  EXPECT_EQ(claim.alternatives.front().capacity, (cluster::Labels{{"memory", "8192Mi"}}));
  EXPECT_THAT(claim.alternatives.front().selectors, Contains("device.allowMultipleAllocations"));
  EXPECT_TRUE(claim.alternatives.back().capacity.empty()) << "a card, where nobody has any of it";
  EXPECT_THAT(choice.env, Contains(EnvVar{"TANGRAM_GPU_MEMORY_FRACTION", "0.09"}));

  cluster::Claim& held = cluster_.snapshot().claims.emplace_back();
  held.devices = {{"r", "gpu.nvidia.com", "dra", "gpu-0", false, true, {{"memory", "81559Mi"}}}};
  EXPECT_EQ(Choose("notebook").fit, Fit::kWaits) << "nothing is left of it";
  const Choice all = Choose("whole");
  for (const Alternative& each : std::get<ClaimAsk>(all.ask).alternatives) {
    EXPECT_NE(each.name, "part");
  }
}

TEST_F(DraTest, BesideADevicePluginTheChoiceIsPerPod) {
  DraNode("dra", 1);
  cluster::Node& cut = Node("plugin", 1);
  Cluster::Cut(cut, 0, {{"2g.10gb", 0}});
  classes_ = {Class("large", 60), Class("small", 8)};
  EXPECT_EQ(ResourceOf(Choose("small")), "nvidia.com/mig-2g.10gb");
  EXPECT_EQ(ResourceOf(Choose("large")), "a claim");
  abilities_.claims = false;
  EXPECT_THAT(Refuse("large"), HasSubstr("can never be met here"));
}

TEST_F(DraTest, AnExtendedResourceReachesBothWorlds) {
  DraNode("dra", 1);
  classes_ = {Class("any"), Class("large", 60)};
  abilities_.extended = {{"nvidia.com/gpu", "gpu.nvidia.com"}};
  EXPECT_EQ(ResourceOf(Choose("any")), "nvidia.com/gpu");
  EXPECT_EQ(ResourceOf(Choose("large")), "a claim") << "the resource says nothing of memory";
}

TEST_F(DraTest, SelectorsAreOnlyForDra) {
  Node("plugin", 2);
  GpuClass of = Class("picked");
  of.selectors = {"device.attributes['gpu.nvidia.com'].?brand.orValue('') == 'Nvidia'"};
  classes_ = {of};
  EXPECT_THAT(Refuse("picked"), HasSubstr("only DRA devices can be selected so"));
  DraNode("dra", 1);
  const Choice choice = Choose("picked");
  ASSERT_EQ(ResourceOf(choice), "a claim");
  EXPECT_THAT(std::get<ClaimAsk>(choice.ask).alternatives.back().selectors,
              Contains(of.selectors.front()));
  EXPECT_THAT(choice.why, HasSubstr("for the scheduler to say"));
}

TEST_F(DraTest, OneAlternativeWhereListsAreNotServed) {
  DraNode("dra", 1);
  classes_ = {Class("medium", 38)};
  abilities_.first_available = false;
  const Choice choice = Choose("medium");
  const auto& claim = std::get<ClaimAsk>(choice.ask);
  ASSERT_EQ(claim.alternatives.size(), 1U);
  EXPECT_EQ(claim.alternatives.front().name, "card") << "the one that is known to be there";
}

}  // namespace
}  // namespace tangram::plan::classes

#include "adapter/pod_requests.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <random>
#include <string>

#include "adapter/decode_pod.h"
#include "adapter/decode_testing.h"

namespace tangram::adapter {
namespace {

TEST(ParseCount, RefusesPartsOfADevice) {
  EXPECT_EQ(ParseCount("8"), 8);
  EXPECT_EQ(ParseCount("2k"), 2000);
  EXPECT_EQ(ParseCount("1000m"), 1);
  EXPECT_EQ(ParseCount("1500m"), std::nullopt);
  EXPECT_EQ(ParseCount("-1"), std::nullopt);
  EXPECT_EQ(ParseCount(""), std::nullopt);
  EXPECT_EQ(ParseCount("eight"), std::nullopt);
}

TEST(IsExtendedResource, ByDomain) {
  EXPECT_TRUE(IsExtendedResource("nvidia.com/gpu"));
  EXPECT_TRUE(IsExtendedResource("deviceclass.resource.kubernetes.io/mig.nvidia.com"));
  EXPECT_FALSE(IsExtendedResource("cpu"));
  EXPECT_FALSE(IsExtendedResource("hugepages-2Mi"));
  EXPECT_FALSE(IsExtendedResource("kubernetes.io/batch-cpu"));
  EXPECT_FALSE(IsExtendedResource("requests.nvidia.com/gpu"));
}

ContainerRequest Asks(std::int64_t cpu, std::int64_t gpus, bool restarts = false) {
  ContainerRequest container;
  container.amounts.milli_cpu = cpu;
  if (gpus > 0) container.amounts.devices = {{"nvidia.com/gpu", gpus}};
  container.restarts = restarts;
  return container;
}

struct TotalCase {
  std::string name;
  PodRequests requests;
  std::int64_t cpu;
  std::int64_t gpus;
};
const TotalCase kTotals[] = {
    {"ContainersAdd", {.containers = {Asks(100, 1), Asks(200, 2)}}, 300, 3},
    {"InitIsAMaximum", {.init = {Asks(900, 0)}, .containers = {Asks(100, 1)}}, 900, 1},
    {"SidecarsAddToContainers",
     {.init = {Asks(50, 1, true)}, .containers = {Asks(100, 1)}},
     150,
     2},
    {"InitRunsBesideEarlierSidecars",
     {.init = {Asks(50, 0, true), Asks(900, 0)}, .containers = {Asks(100, 0)}},
     950,
     0},
    {"LaterSidecarsDoNotCountForEarlierInit",
     {.init = {Asks(900, 0), Asks(50, 0, true)}, .containers = {Asks(100, 0)}},
     900,
     0},
    {"OverheadOnTop",
     {.init = {}, .containers = {Asks(100, 1)}, .overhead = Asks(25, 0).amounts},
     125,
     1},
    {"PodLevelWinsForCpu",
     {.containers = {Asks(100, 1), Asks(200, 0)}, .pod_level = Asks(1000, 0).amounts},
     1000,
     1},
};
class TotalTest : public testing::TestWithParam<TotalCase> {};
TEST_P(TotalTest, AsTheSchedulerCounts) {
  Fault fault;
  const Amounts total = TotalOf(GetParam().requests, fault);
  EXPECT_FALSE(fault.Found());
  EXPECT_EQ(total.milli_cpu.value_or(0), GetParam().cpu);
  EXPECT_EQ(cluster::CountOf(total.devices, "nvidia.com/gpu"), GetParam().gpus);
}
INSTANTIATE_TEST_SUITE_P(Table, TotalTest, testing::ValuesIn(kTotals),
                         [](const auto& test) { return test.param.name; });

// ---- law: random pods as JSON against the definition, written in another way ----

using Bag = std::map<std::string, std::int64_t>;  // cpu in millicores, memory in MiB, devices

struct RandomContainer {
  Bag asked;
  bool sidecar = false;
};

std::string QuantityOf(const std::string& name, std::int64_t amount) {
  if (name == "cpu") return std::to_string(amount) + "m";
  if (name == "memory") return std::to_string(amount) + "Mi";
  return std::to_string(amount);
}

// Extended resources only as limits, cpu and memory as requests.
std::string ResourcesJson(const Bag& bag) {
  std::string requests;
  std::string limits;
  for (const auto& [name, amount] : bag) {
    std::string& list = name.find('/') == std::string::npos ? requests : limits;
    list += (list.empty() ? "" : ",") + ("\"" + name + "\":\"" + QuantityOf(name, amount) + "\"");
  }
  return "{\"requests\":{" + requests + "},\"limits\":{" + limits + "}}";
}

std::string ContainersJson(const std::vector<RandomContainer>& containers) {
  std::string list;
  for (const RandomContainer& container : containers) {
    list += list.empty() ? "" : ",";
    list += "{\"env\":[{\"name\":\"A\",\"value\":\"nvidia.com/gpu\"}],\"resources\":" +
            ResourcesJson(container.asked);
    if (container.sidecar) list += ",\"restartPolicy\":\"Always\"";
    list += "}";
  }
  return "[" + list + "]";
}

Bag Plus(Bag a, const Bag& b) {
  for (const auto& [name, amount] : b) a[name] += amount;
  return a;
}

// The largest need at any moment of the pod's life: while each init container runs, and after.
Bag Naive(const std::vector<RandomContainer>& init, const std::vector<RandomContainer>& containers,
          const Bag& overhead) {
  std::vector<Bag> moments;
  Bag sidecars;
  for (const RandomContainer& container : init) {
    moments.push_back(Plus(sidecars, container.asked));
    if (container.sidecar) sidecars = Plus(sidecars, container.asked);
  }
  Bag running = sidecars;
  for (const RandomContainer& container : containers) running = Plus(running, container.asked);
  moments.push_back(running);
  Bag most;
  for (const Bag& moment : moments) {
    for (const auto& [name, amount] : moment) most[name] = std::max(most[name], amount);
  }
  return Plus(most, overhead);
}

Bag RandomBag(std::mt19937& random) {
  Bag bag;
  for (const char* name : {"cpu", "memory", "nvidia.com/gpu", "nvidia.com/mig-1g.5gb"}) {
    if (random() % 2 == 0) bag[name] = static_cast<std::int64_t>(random() % 2000);
  }
  return bag;
}

TEST(TotalOf, EqualsTheDefinitionOnRandomPods) {
  std::mt19937 random(20261121);
  for (int round = 0; round < 2000; ++round) {
    std::vector<RandomContainer> init(random() % 4);
    std::vector<RandomContainer> containers(1 + random() % 3);
    for (RandomContainer& container : init) container = {RandomBag(random), random() % 2 == 0};
    for (RandomContainer& container : containers) container = {RandomBag(random), false};
    const Bag overhead{{"cpu", static_cast<std::int64_t>(random() % 100)}};
    const std::string json = "{\"metadata\":{\"name\":\"p\"},\"spec\":{\"overhead\":{\"cpu\":\"" +
                             QuantityOf("cpu", overhead.at("cpu")) +
                             "\"},\"initContainers\":" + ContainersJson(init) +
                             ",\"containers\":" + ContainersJson(containers) + "}}";
    const auto pod = DecodeText(DecodePod, json);
    ASSERT_TRUE(pod) << pod.error().message;
    const Bag want = Naive(init, containers, overhead);
    const auto of = [&](const char* name) {
      const auto found = want.find(name);
      return found == want.end() ? 0 : found->second;
    };
    ASSERT_EQ(pod->cpu.value(), of("cpu")) << json;
    ASSERT_EQ(pod->memory.value(), of("memory")) << json;
    for (const char* name : {"nvidia.com/gpu", "nvidia.com/mig-1g.5gb"}) {
      ASSERT_EQ(cluster::CountOf(pod->devices, name), of(name)) << json;
    }
  }
}

}  // namespace
}  // namespace tangram::adapter

#include "claims/claims.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <random>
#include <set>
#include <string>
#include <vector>

#include "base/quantity_text.h"
#include "base/sanitized_testing.h"
#include "claims/testing/random_claims_testing.h"

namespace tangram::claims {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

using cluster::AttributeType;
using cluster::Claim;
using cluster::Device;
using cluster::DeviceRequest;
using cluster::ResourceSlice;

const cluster::List<cluster::DeviceClass> kClasses = {{"gpu", {"device.driver == \"d.io\""}, {}}};

Device Named(const std::string& name) {
  Device device;
  device.name = name;
  return device;
}

// A part of a card with so many of its slices.
Device Part(const std::string& name, std::int64_t slices) {
  Device device = Named(name);
  device.attributes = {{"slices", AttributeType::kInt, std::to_string(slices)}};
  device.consumes = {{"card", {{"slices", slices * 1000}}}};
  return device;
}

ResourceSlice SliceOf(const std::string& name, std::vector<Device> devices) {
  ResourceSlice slice;
  slice.name = name;
  slice.driver = "d.io";
  slice.pool = "node";
  slice.pool_slices = 1;
  slice.reach.node = "node";
  slice.devices = std::move(devices);
  return slice;
}

// One card of seven slices: whole, in two parts, or in one.
std::vector<ResourceSlice> Card() {
  std::vector<ResourceSlice> slices = {
      SliceOf("parts", {Part("whole", 7), Part("four", 4), Part("three-a", 3), Part("three-b", 3)}),
      SliceOf("counters", {})};
  slices[1].counters = {{"card", {{"slices", 7000}}}};
  for (ResourceSlice& slice : slices) slice.pool_slices = 2;
  return slices;
}

DeviceRequest OfSize(const std::string& name, int slices) {
  return {name, "gpu", {"device.attributes[\"d.io\"].slices == " + std::to_string(slices)}};
}

struct Asked {
  std::vector<ResourceSlice> slices = Card();
  std::vector<std::string> allocated{};
  std::vector<std::pair<std::string, std::string>> shared{};  // device, and how much of its memory
  std::vector<DeviceRequest> requests;
  std::vector<cluster::DeviceConstraint> constraints{};
};

Answer Ask(const Asked& asked) {
  Scene scene{.slices = asked.slices, .classes = kClasses};
  scene.node.name = "node";
  for (const std::string& name : asked.allocated) {
    scene.allocated.push_back({"", "d.io", "node", name});
  }
  for (const auto& [name, memory] : asked.shared) {
    scene.allocated.push_back({"", "d.io", "node", name, false, true, {{"memory", memory}}});
  }
  Claim& claim = scene.claims.emplace_back();
  claim.ns = "ns";
  claim.name = "claim";
  claim.requests = asked.requests;
  claim.constraints = asked.constraints;
  return scene.Ask();
}

// "request=device"
std::vector<std::string> Devices(const Answer& answer) {
  std::vector<std::string> names;
  if (const auto* fits = std::get_if<Fits>(&answer)) {
    for (const Given& given : fits->devices) {
      names.push_back(given.result.request + "=" + given.result.device);
    }
  }
  return names;
}

bool Refused(const Answer& answer) { return std::holds_alternative<DoesNotFit>(answer); }

TEST(Claims, CountersKeepWhatOverlapsApart) {
  EXPECT_THAT(Devices(Ask({.requests = {OfSize("a", 4), OfSize("b", 3)}})),
              ElementsAre("a=four", "b=three-a"));
  EXPECT_TRUE(Refused(Ask({.requests = {OfSize("a", 7), OfSize("b", 3)}})));
  EXPECT_TRUE(Refused(Ask({.allocated = {"three-a"}, .requests = {OfSize("a", 7)}})));
}

TEST(Claims, WhatOtherNodesTookOfTheCountersCounts) {
  std::vector<ResourceSlice> slices = Card();
  slices.push_back(SliceOf("parts-for-others", {Part("far", 4)}));
  slices.back().reach.node = "far";
  for (ResourceSlice& slice : slices) slice.pool_slices = 3;
  EXPECT_FALSE(Refused(Ask({.slices = slices, .requests = {OfSize("a", 4)}})));
  EXPECT_TRUE(Refused(Ask({.slices = slices, .allocated = {"far"}, .requests = {OfSize("a", 4)}})));
}

TEST(Claims, FirstAlternativeThatFitsIsTaken) {
  const std::vector<DeviceRequest> requests = {OfSize("r/big", 7), OfSize("r/small", 3)};
  EXPECT_THAT(Devices(Ask({.requests = requests})), ElementsAre("r/big=whole"));
  EXPECT_THAT(Devices(Ask({.allocated = {"four"}, .requests = requests})),
              ElementsAre("r/small=three-a"));
}

TEST(Claims, TaintsAreToleratedOnRequest) {
  std::vector<ResourceSlice> slices = {SliceOf("cards", {Named("gpu-0")})};
  slices[0].devices[0].taints = {{"xid", "79", "NoSchedule"}};
  DeviceRequest request{"r", "gpu", {}};
  EXPECT_TRUE(Refused(Ask({.slices = slices, .requests = {request}})));
  request.tolerations = {{"xid", "Exists", "", ""}};
  EXPECT_THAT(Devices(Ask({.slices = slices, .requests = {request}})), ElementsAre("r=gpu-0"));
}

TEST(Claims, CapacityIsLookedAtWhereOneHoldsItAlone) {
  std::vector<ResourceSlice> slices = {SliceOf("cards", {Named("small"), Named("large")})};
  slices[0].devices[0].capacity = {{"memory", "40Gi"}};
  slices[0].devices[1].capacity = {{"memory", "80Gi"}};
  DeviceRequest request{"r", "gpu", {}};
  request.capacity = {{"memory", "60Gi"}};
  EXPECT_THAT(Devices(Ask({.slices = slices, .requests = {request}})), ElementsAre("r=large"));
  request.capacity = {{"memory", "very much"}};
  EXPECT_THAT(std::get<Unknown>(Ask({.slices = slices, .requests = {request}})).why,
              HasSubstr("capacity memory of device small: \"very much\" is no amount"));
}

TEST(Claims, ConstraintsBindDevicesTogether) {
  const auto gpu = [](const std::string& name, const std::string& root) {
    Device device = Named(name);
    device.attributes = {{"resource.kubernetes.io/pcieRoot", AttributeType::kString, root}};
    return device;
  };
  const std::vector<ResourceSlice> slices = {
      SliceOf("cards", {gpu("g0", "a"), gpu("g1", "b"), gpu("g2", "b")})};
  const DeviceRequest two{"r", "gpu", {}, 2};
  const std::string root = "resource.kubernetes.io/pcieRoot";
  EXPECT_THAT(
      Devices(Ask({.slices = slices, .requests = {two}, .constraints = {{{"r"}, root, ""}}})),
      ElementsAre("r=g1", "r=g2"));
  EXPECT_THAT(
      Devices(Ask({.slices = slices, .requests = {two}, .constraints = {{{"r"}, "", root}}})),
      ElementsAre("r=g0", "r=g1"));
  EXPECT_THAT(
      std::get<Unknown>(Ask({.slices = slices, .requests = {two}, .constraints = {{}}})).why,
      HasSubstr("claim ns/claim has a constraint of another kind"));
}

TEST(Claims, APoolThatIsNotWholeGivesNothing) {
  std::vector<ResourceSlice> slices = {SliceOf("cards", {Named("gpu-0")})};
  slices[0].pool_slices = 2;
  DeviceRequest request{"r", "gpu", {}};
  EXPECT_TRUE(Refused(Ask({.slices = slices, .requests = {request}})));
  request.all = true;
  EXPECT_EQ(std::get<Fails>(Ask({.slices = slices, .requests = {request}})).why,
            "claim ns/claim, request r asks for all devices, and resource pool node is not ready: "
            "1 of 2 slices of generation 0 are there");
  slices.push_back(slices[0]);
  slices[1].name = "again";
  EXPECT_THAT(std::get<Fails>(Ask({.slices = slices, .requests = {request}})).why,
              HasSubstr("device gpu-0 is there twice"));
}

TEST(Claims, SelectorsThatFailAndThoseUnknownAreSaid) {
  DeviceRequest request{"r", "gpu", {"device.attributes[\"d.io\"].missing == 1"}};
  const Answer fails = Ask({.requests = {request}});
  EXPECT_THAT(
      std::get<Fails>(fails).why,
      HasSubstr("claim ns/claim, request r, selector 1 (device.attributes[\"d.io\"].missing "
                "== 1) of device whole: line 1, column 27: no such key: \"missing\""));
  request.selectors = {"isIP(\"10.0.0.1\")"};
  EXPECT_THAT(std::get<Unknown>(Ask({.requests = {request}})).why, HasSubstr("isIP()"));
  request = {"r", "none", {}};
  EXPECT_THAT(std::get<Fails>(Ask({.requests = {request}})).why, HasSubstr("no device class none"));
}

// Cards that several may hold, with so much memory each.
std::vector<ResourceSlice> SharedCards(int count, cluster::DeviceCapacity memory) {
  std::vector<Device> cards;
  for (int i = 0; i < count; ++i) {
    cards.push_back(Named("gpu-" + std::to_string(i)));
    cards.back().shared_by_capacity = true;
    cards.back().capacity = {memory};
  }
  return {SliceOf("cards", cards)};
}
DeviceRequest Memory(const std::string& name, const std::string& amount) {
  DeviceRequest request{name, "gpu", {}};
  if (!amount.empty()) request.capacity = {{"memory", amount}};
  return request;
}
// What each given device consumes of its first capacity.
std::vector<std::string> Consumed(const Answer& answer) {
  std::vector<std::string> amounts;
  for (const Given& given : std::get<Fits>(answer).devices) {
    amounts.push_back(given.result.consumed.front().second);
  }
  return amounts;
}

TEST(Claims, SeveralHoldADeviceAsFarAsItsCapacityGoes) {
  const auto cards = SharedCards(2, {"memory", "80"});
  EXPECT_THAT(Devices(Ask({.slices = cards,
                           .requests = {Memory("a", "50"), Memory("b", "40"), Memory("c", "30")}})),
              ElementsAre("a=gpu-0", "b=gpu-1", "c=gpu-0"));
  EXPECT_TRUE(Refused(Ask(
      {.slices = cards, .requests = {Memory("a", "50"), Memory("b", "50"), Memory("c", "40")}})));
  EXPECT_THAT(Consumed(Ask({.slices = cards, .requests = {Memory("a", ""), Memory("b", "80")}})),
              ElementsAre("80", "80"))
      << "who does not say takes all of it";
  EXPECT_TRUE(Refused(Ask({.slices = cards, .requests = {Memory("a", "81")}})));
  DeviceRequest other{"a", "gpu", {}};
  other.capacity = {{"cores", "1"}};
  EXPECT_TRUE(Refused(Ask({.slices = cards, .requests = {other}}))) << "it has none";
}

TEST(Claims, WhatOthersConsumeIsNotThere) {
  Asked asked{.slices = SharedCards(1, {"memory", "80"}), .requests = {Memory("a", "30")}};
  asked.shared = {{"gpu-0", "51"}};
  EXPECT_TRUE(Refused(Ask(asked)));
  asked.shared = {{"gpu-0", "25"}, {"gpu-0", "25"}};
  EXPECT_THAT(Devices(Ask(asked)), ElementsAre("a=gpu-0"));
  asked.allocated = {"gpu-0"};
  EXPECT_TRUE(Refused(Ask(asked))) << "somebody held it alone before it was shared";
}

TEST(Claims, APolicySaysWhatCanBeHad) {
  const auto consumed = [](const cluster::CapacityPolicy& policy, const std::string& asked) {
    const Answer answer =
        Ask({.slices = SharedCards(1, {"memory", "80", policy}), .requests = {Memory("a", asked)}});
    return std::holds_alternative<Fits>(answer) ? Consumed(answer).front() : "none";
  };
  const cluster::CapacityPolicy values{.fallback = "10", .values = {"10", "20", "40"}};
  EXPECT_EQ(consumed(values, ""), "10");
  EXPECT_EQ(consumed(values, "11"), "20");
  EXPECT_EQ(consumed(values, "41"), "none");
  const cluster::CapacityPolicy range{.min = "5", .max = "50", .step = "10"};
  EXPECT_EQ(consumed(range, "1"), "5");
  EXPECT_EQ(consumed(range, "5500m"), "15");
  EXPECT_EQ(consumed(range, "45"), "45");
  EXPECT_EQ(consumed(range, "46"), "none");
  EXPECT_EQ(consumed({.min = "1"}, "1500m"), "1500m");
  const auto cards = SharedCards(1, {"memory", "80", {}, /*has_policy=*/true});
  EXPECT_THAT(std::get<Unknown>(Ask({.slices = cards, .requests = {Memory("a", "1")}})).why,
              HasSubstr("what may be taken of capacity memory of device gpu-0 is not known"));
}

TEST(Claims, LongSearchesEndAsUnknown) {
  std::vector<Device> devices;
  for (int i = 0; i < 64; ++i) {
    devices.push_back(Named("gpu-" + std::to_string(i)));
    devices.back().attributes = {{"d.io/half", AttributeType::kInt, std::to_string(i % 2)}};
  }
  const DeviceRequest many{"r", "gpu", {}, 20};
  const DeviceRequest more{"s", "gpu", {"false"}};
  const Answer answer = Ask({.slices = {SliceOf("cards", devices)},
                             .requests = {many, more},
                             .constraints = {{{}, "d.io/half", ""}}});
  EXPECT_THAT(std::get<Unknown>(answer).why, HasSubstr("too many steps"));
}

// What is given is there and within the counters, and nothing is given twice.
TEST(Claims, WhatIsGivenCanBeGiven) {
  std::mt19937_64 random(3);
  int devices = 0;
  int shared = 0;
  for (int i = 0; i < (base::kSanitized ? 600 : 3000); ++i) {
    Scene scene = RandomScene(random);
    scene.allocated.clear();
    for (Claim& claim : scene.claims) {
      for (DeviceRequest& request : claim.requests) request.admin_access = false;
    }
    const Answer answer = scene.Ask();
    const auto* fits = std::get_if<Fits>(&answer);
    if (fits == nullptr) continue;
    std::set<std::string> given;
    std::map<const Device*, std::map<std::string, std::int64_t>> consumed;
    std::map<std::string, std::int64_t> used;  // by pool and counter
    for (const Given& one : fits->devices) {
      ++devices;
      if (one.result.shared) {
        for (const auto& [name, amount] : one.result.consumed) {
          consumed[one.device][name] += *base::ParseMilli(amount);
        }
        continue;
      }
      EXPECT_TRUE(given.insert(one.result.pool + "/" + one.result.device).second);
      for (const auto& set : one.device->consumes) {
        for (const auto& [name, amount] : set.counters) used[one.result.pool + name] += amount;
      }
    }
    for (const auto& [device, amounts] : consumed) {
      for (const auto& capacity : device->capacity) {
        EXPECT_LE(amounts.at(capacity.name), *base::ParseMilli(capacity.value));
        ++shared;
      }
    }
    for (const ResourceSlice& slice : scene.slices) {
      for (const auto& set : slice.counters) {
        for (const auto& [name, amount] : set.counters) {
          EXPECT_LE(used[slice.pool + name], amount);
        }
      }
    }
  }
  EXPECT_GT(devices, 200);
  EXPECT_GT(shared, 50);
}

}  // namespace
}  // namespace tangram::claims

// How cards are cut while time passes.
#include <gtest/gtest.h>

#include <string>

#include "sim/load.h"
#include "sim/simulation.h"

namespace tangram::sim {
namespace {

using namespace std::chrono_literals;

constexpr const char* kNodes =
    "length: {}\n"
    "migCut: 1m\n"
    "nodes:\n"
    "- {name: n, gpuModel: H100-80GB, gpus: 8, cpu: 192, memoryGiB: 2000, count: {}, layout: {}}\n"
    "workloads:\n";

std::string With(std::string text, const std::string& what) {
  return text.replace(text.find("{}"), 2, what);
}

std::string Nodes(const std::string& length, int count, const std::string& layout) {
  return With(With(With(kNodes, length), std::to_string(count)), layout);
}

std::string Workload(const std::string& name, const std::string& fields,
                     const std::string& profile) {
  return "- {name: " + name + ", " + fields + ", asks: {mig: " + profile + ", cpu: 1}}\n";
}

SimulationResult Simulated(const std::string& text, Cutting cutting) {
  const auto load = ReadLoad(text, "load");
  EXPECT_TRUE(load) << (load ? "" : load.error().message);
  const auto scenario = ScenarioOf(*load, 1);
  EXPECT_TRUE(scenario);
  auto result = Simulate(*scenario, {.cutting = cutting});
  EXPECT_TRUE(result);
  return *std::move(result);
}

TEST(CuttingNames, AreReadAsWritten) {
  for (const std::string_view name : CuttingNames()) EXPECT_EQ(NameOf(*CuttingNamed(name)), name);
  EXPECT_EQ(CuttingNamed("none"), std::nullopt);
}

// A node cut in halves, and pods that want sevenths.
const std::string kSevenths =
    Nodes("4h", 1, "[3g.40gb, 3g.40gb]") +
    Workload("sevenths", "perHour: 10, duration: {fixed: 30m}", "1g.10gb");

TEST(Cutting, FixedLayoutsStay) {
  const auto result = Simulated(kSevenths, Cutting::kFixed);
  EXPECT_GT(result.pods.arrived, 20);
  EXPECT_EQ(result.pods.waiting, result.pods.arrived) << "nothing is made for them";
  EXPECT_EQ(result.recuts, 0);
  EXPECT_EQ(result.served, base::PartsPerMillion(0));
  EXPECT_EQ(result.served_least, base::PartsPerMillion(0));
}

TEST(Cutting, WhatWaitsGetsInstancesInAMinute) {
  const auto result = Simulated(kSevenths, Cutting::kBeside);
  EXPECT_EQ(result.wait.most, 1min);
  EXPECT_EQ(result.disturbed, 0);
  EXPECT_GT(result.recuts, 0);
}

TEST(Cutting, AWipeCutsTheWholeNodeAtTheNextLook) {
  const auto result = Simulated(kSevenths, Cutting::kWipe);
  EXPECT_EQ(result.recuts, 8) << "once, every card of the node";
  EXPECT_LE(result.wait.most, kLookEach + 1min);
  EXPECT_GT(result.wait.most, 1min);
  EXPECT_EQ(result.disturbed, 0) << "nobody ran there";
}

// Halves that are held for ever, and then more sevenths than they are.
TEST(Cutting, AWipeStopsWhoRunsThereAndOthersDoNot) {
  const std::string text =
      Nodes("6h", 1, "[3g.40gb, 3g.40gb]") + Workload("halves", "perHour: 12", "3g.40gb") +
      Workload(
          "sevenths",
          "perHour: 30, duration: {fixed: 3h}, byHour: [0, 0, 1, 1, 1, 1, 0, 0, 0, 0, 0, 0, 0, "
          "0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]",
          "1g.10gb");
  const auto wiped = Simulated(text, Cutting::kWipe);
  EXPECT_GT(wiped.disturbed, 0);
  for (const Cutting cutting : {Cutting::kFixed, Cutting::kBeside, Cutting::kAhead}) {
    EXPECT_EQ(Simulated(text, cutting).disturbed, 0) << NameOf(cutting);
  }
}

// Demand that flips every day, as in examples/flips.yaml on a twenty-fifth of the nodes.
TEST(Cutting, WhatIsExpectedIsReadyBeforeItComes) {
  const std::string text =
      Nodes("336h", 4, "[3g.40gb, 1g.10gb, 1g.10gb, 1g.10gb, 1g.10gb]") +
      Workload(
          "servers",
          "perHour: 8, byHour: [0.2, 0.2, 0.2, 0.2, 0.2, 0.3, 0.5, 1, 1.6, 1.6, 1.6, 1.6, 1.6, "
          "1.6, 1.6, 1.6, 1.6, 1.3, 1, 0.6, 0.4, 0.3, 0.2, 0.2], duration: {exponential: 4h}, "
          "priority: 100",
          "3g.40gb") +
      Workload("batch",
               "perHour: 32, byHour: [2, 2, 2, 2, 1.6, 1, 0.5, 0.3, 0.2, 0.2, 0.2, 0.2, 0.2, 0.2, "
               "0.2, 0.2, 0.3, 0.5, 1, 1.6, 2, 2, 2, 2], duration: {exponential: 2h}",
               "1g.10gb");
  const auto fixed = Simulated(text, Cutting::kFixed);
  const auto beside = Simulated(text, Cutting::kBeside);
  const auto ahead = Simulated(text, Cutting::kAhead);
  EXPECT_GT(beside.served, fixed.served);
  EXPECT_GT(ahead.served, fixed.served);
  EXPECT_LT(ahead.wait.mean, beside.wait.mean) << "no one waits for a cut that was foreseen";
  EXPECT_LT(ahead.recuts, beside.recuts) << "what will be wanted is not taken apart";
}

struct Refused {
  std::string layout;
  std::string more;
  std::string why;
};

TEST(Layout, OnlyWhatStandsOnACardThatStays) {
  for (const auto& [layout, more, why] : {
           Refused{"[1g.5gb]", "", "layout has 1g.5gb, which is no profile of H100-80GB"},
           Refused{"[4g.40gb, 4g.40gb]", "", "layout does not fit on one card"},
           Refused{"[1g.10gb]", "most: 5, ", "layout is of nodes that stay"},
       }) {
    std::string text = Nodes("1h", 1, layout);
    text.replace(text.find("layout:"), 0, more);
    text += Workload("w", "perHour: 1", "1g.10gb");
    const auto load = ReadLoad(text, "load");
    ASSERT_FALSE(load) << layout;
    EXPECT_NE(load.error().message.find(why), std::string::npos) << load.error().message;
  }
}

}  // namespace
}  // namespace tangram::sim

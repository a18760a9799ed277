// The whole report over random and hand-made findings: sums, widths, hostile names.
#include <gtest/gtest.h>

#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>

#include "base/text.h"
#include "plan/leaks/testing.h"
#include "report/json.h"
#include "report/text.h"

namespace tangram::report {
namespace {

using nlohmann::json;
using plan::testing::AddUsage;
using plan::testing::MakeNode;
using plan::testing::MakePod;
using plan::testing::MakeSnapshot;

cluster::Snapshot Mixed() {
  auto snapshot = MakeSnapshot(
      {MakeNode({.name = "a100-0", .gpus = 2, .usd_per_hour = 7}),
       MakeNode({.name = "a100-mig", .usd_per_hour = 4, .instances = {"3g.20gb", "1g.5gb"}}),
       MakeNode({.name = "h100-0",
                 .product = "NVIDIA-H100-80GB-HBM3",
                 .gpus = 8,
                 .usd_per_hour = 55,
                 .spot_usd_per_hour = 22}),
       MakeNode({.name = "t4-0", .product = "Tesla-T4", .usd_per_hour = 1, .replicas = 4}),
       MakeNode({.name = "odd-0", .product = "Z900", .usd_per_hour = 0})},
      {MakePod({.name = "notebook-0",
                .node = "a100-0",
                .owner = {"StatefulSet", "notebook"},
                .team = "research"}),
       MakePod({.name = "slice-0", .node = "a100-mig", .resource = "nvidia.com/mig-3g.20gb"}),
       MakePod({.name = "train-0",
                .node = "h100-0",
                .count = 8,
                .owner = {"Job", "train"},
                .team = "ml"}),
       MakePod({.name = "dev-0", .node = "t4-0", .resource = "nvidia.com/gpu.shared"}),
       MakePod({.name = "odd-pod", .node = "odd-0"}), MakePod({.name = "waits"})});
  AddUsage(snapshot, {.pod = "notebook-0", .node = "a100-0", .memory_mib = 900});
  AddUsage(snapshot, {.pod = "slice-0",
                      .node = "a100-mig",
                      .active_ppm = 50'000,
                      .max_ppm = 90'000,
                      .busy_ppm = 400'000,
                      .memory_mib = 3000,
                      .instance_id = "1",
                      .profile = "3g.20gb"});
  for (int gpu = 0; gpu < 8; ++gpu) {
    AddUsage(snapshot, {.pod = "train-0",
                        .node = "h100-0",
                        .gpu = gpu,
                        .active_ppm = 870'000,
                        .max_ppm = 1'000'000,
                        .busy_ppm = 990'000,
                        .memory_mib = 70'000});
  }
  cluster::Normalize(snapshot);
  snapshot.gaps = {{"poddisruptionbudgets.policy", "forbidden for user \"viewer\"",
                    "allow list on poddisruptionbudgets"}};
  return snapshot;
}

std::string ReadFile(const std::string& path) {
  std::ifstream file(path);
  std::stringstream text;
  text << file.rdbuf();
  return text.str();
}

// Set TANGRAM_UPDATE_GOLDEN=1 to write what is printed now.
void ExpectGolden(const std::string& name, const std::string& text) {
  const std::string path = std::string(TANGRAM_SOURCE_DIR) + "/src/report/testdata/" + name;
  if (std::getenv("TANGRAM_UPDATE_GOLDEN") != nullptr) std::ofstream(path) << text;
  EXPECT_EQ(text, ReadFile(path)) << "TANGRAM_UPDATE_GOLDEN=1 rewrites " << path;
}

TEST(RenderText, IsWhatPeopleRead) {
  const auto snapshot = Mixed();
  const auto findings = plan::FindLeaks(snapshot, {});
  ExpectGolden("mixed.txt", RenderText(snapshot, findings, {}));
}

TEST(RenderText, FitsAHundredColumns) {
  auto snapshot = Mixed();
  for (auto& pod : snapshot.pods) pod.ns = std::string(200, 'n');
  for (auto& node : snapshot.nodes) node.name += std::string(200, 'x');
  for (auto& pod : snapshot.pods) {
    if (!pod.node.empty()) pod.node += std::string(200, 'x');
  }
  snapshot.usage.reset();
  const auto findings = plan::FindLeaks(snapshot, {});
  std::istringstream lines(RenderText(snapshot, findings, {}));
  for (std::string line; std::getline(lines, line);) EXPECT_LE(base::Columns(line), 100U) << line;
}

TEST(RenderText, WritesNoEscapeOfAHostileName) {
  auto snapshot = Mixed();
  snapshot.cluster = "x\x1b]0;title\x07";
  for (auto& pod : snapshot.pods) pod.ns += "\x1b[31m";
  const auto findings = plan::FindLeaks(snapshot, {});
  for (const auto width : {TextOptions::Width::kNormal, TextOptions::Width::kWide}) {
    EXPECT_EQ(RenderText(snapshot, findings, {.width = width}).find('\x1b'), std::string::npos);
  }
}

double Sum(const json& list, const char* field) {
  double sum = 0;
  for (const auto& element : list) {
    if (!element[field].is_null()) sum += element[field].get<double>();
  }
  return sum;
}

TEST(RenderJson, AddsUp) {
  const auto snapshot = Mixed();
  const json report = json::parse(RenderJson(snapshot, plan::FindLeaks(snapshot, {})));
  const json& totals = report["totals"];
  EXPECT_NEAR(totals["wasteUsdPerMonth"].get<double>() + totals["usefulUsdPerMonth"].get<double>() +
                  totals["unmeasuredUsdPerMonth"].get<double>(),
              totals["usdPerMonth"].get<double>(), 1e-6);
  ASSERT_EQ(report["leaks"].size(), 4U);
  EXPECT_NEAR(Sum(report["leaks"], "usdPerMonth"), totals["wasteUsdPerMonth"].get<double>(), 1e-6);
  for (const json& leak : report["leaks"]) {
    EXPECT_NEAR(Sum(leak["findings"], "usdPerMonth"), leak["usdPerMonth"].get<double>(), 1e-6);
  }
  for (const auto& [name, groups] : report["by"].items()) {
    if (name == "workload") continue;  // free capacity is no workload
    EXPECT_NEAR(Sum(groups, "usdPerMonth"), totals["usdPerMonth"].get<double>(), 1e-6) << name;
  }
  EXPECT_EQ(report["cards"].size(), 13U);
  EXPECT_EQ(report["unknownModels"], json::parse(R"([{"product":"Z900","gpus":1}])"));
}

TEST(RenderJson, IsAWholeObjectForAnEmptyCluster) {
  const cluster::Snapshot snapshot;
  const json report = json::parse(RenderJson(snapshot, plan::FindLeaks(snapshot, {})));
  EXPECT_EQ(report["totals"]["gpus"], 0);
  EXPECT_TRUE(report["window"].is_null());
  EXPECT_EQ(report["leaks"].size(), 4U);
}

TEST(RenderJson, ReplacesBytesThatAreNotText) {
  auto snapshot = Mixed();
  snapshot.cluster = "\xff";
  EXPECT_FALSE(json::parse(RenderJson(snapshot, plan::FindLeaks(snapshot, {})), nullptr, false)
                   .is_discarded());
}

TEST(JsonToYaml, KeepsTheValues) {
  const auto yaml = JsonToYaml(R"({"a": [1, 2.5, null, true], "b": {}, "c": [], "d": "yes: no"})");
  ASSERT_TRUE(yaml);
  EXPECT_EQ(*yaml, "a:\n  - 1\n  - 2.5\n  - ~\n  - true\nb:\n  {}\nc:\n  []\nd: \"yes: no\"\n");
}

}  // namespace
}  // namespace tangram::report

// tangram plan, on files.
#include <gmock/gmock.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "cli/run_testing.h"

namespace tangram::cli {
namespace {

using testing::ExpectGolden;
using ::testing::HasSubstr;
using ::testing::Not;
using testing::Ran;
using testing::SourcePath;
using testing::Tangram;

Ran Plan(std::vector<std::string> options) {
  options.insert(options.begin(), {"plan", "--snapshot", SourcePath("examples/messy.json")});
  return Tangram(options);
}

TEST(Plan, ReadsAsADiff) {
  const Ran ran = Plan({"--moves", "replicated"});
  EXPECT_EQ(ran.code, kFoundChanges) << ran.err;
  ExpectGolden("plan.txt", ran.out);
}

TEST(Plan, WideNamesEveryActionAndWhatItNeeds) {
  const Ran ran = Plan({"-o", "wide"});
  EXPECT_THAT(ran.out, HasSubstr("NEEDS"));
  EXPECT_THAT(ran.out, HasSubstr("1g.5gb x7 -> 4g.20gb"));
}

// The seed case: small services that hold whole cards, packed onto MIG instances.
TEST(Plan, FivePercentBecomesFifty) {
  const auto plan =
      nlohmann::json::parse(Tangram({"plan", "--snapshot", SourcePath("examples/five-percent.json"),
                                     "--resize", "--stop-idle", "-o", "json"})
                                .out);
  const auto busy = [&](const char* when) {
    return plan[when]["gpusBusy"].get<double>() / plan[when]["gpus"].get<double>();
  };
  EXPECT_NEAR(busy("before"), 0.05, 0.002);
  EXPECT_GE(busy("after"), 0.49);
  EXPECT_LE(plan["after"]["usdPerHour"].get<double>(),
            plan["before"]["usdPerHour"].get<double>() / 10);
  EXPECT_EQ(plan["certificates"][0]["value"], plan["certificates"][0]["lowerBound"]);
}

TEST(Plan, OfOnePoolTouchesNoOtherNode) {
  const std::string pools = SourcePath("examples/pools.yaml");
  const Ran none = Plan({"--policy", pools, "--pool", "nothing"});
  EXPECT_EQ(none.code, kBadInput);
  EXPECT_THAT(none.err, HasSubstr("there is no GpuPool nothing, but "));
  EXPECT_THAT(Plan({"--pool", "a"}).err, HasSubstr("name a file of them with --policy"));
  const auto plan = nlohmann::json::parse(
      Plan({"--policy", pools, "--pool", "services", "--moves", "controlled", "-o", "json"}).out);
  EXPECT_FALSE(plan["actions"].empty());
  for (const auto& action : plan["actions"]) {
    EXPECT_NE(action["kind"], "PlacePod");
    const auto& node = action.contains("from") ? action["from"] : action["node"];
    EXPECT_THAT(node.get<std::string>(), HasSubstr("a100-balanced"));
  }
}

TEST(Plan, OfOnePoolIsAnObject) {
  const std::vector<std::string> pool = {
      "--policy", SourcePath("examples/pools.yaml"), "--moves", "controlled", "-o", "gpuplan"};
  EXPECT_THAT(Plan(pool).err, HasSubstr("-o gpuplan needs --pool"));
  const auto of = [&](const char* name) {
    std::vector<std::string> options = pool;
    options.insert(options.end(), {"--pool", name});
    return Plan(options);
  };
  EXPECT_EQ(of("services").code, kFoundChanges);
  EXPECT_THAT(of("services").out, HasSubstr("kind: \"GpuPlan\"\nmetadata:\n  name: \"services-"));
  EXPECT_EQ(of("services").out, of("services").out);
  EXPECT_EQ(of("training").out, "") << "it is only observed: there is nothing to propose";
  EXPECT_EQ(of("training").code, kDone);
}

nlohmann::json SeedCase(const char* file, std::vector<std::string> more = {}) {
  std::vector<std::string> arguments{"plan", "--snapshot", SourcePath(file), "-o", "json"};
  arguments.insert(arguments.end(), more.begin(), more.end());
  return nlohmann::json::parse(Tangram(arguments).out);
}

TEST(Plan, TwentyOneServicesOnThreeCards) {
  const auto plan = SeedCase("examples/twenty-one.json");
  EXPECT_EQ(plan["before"]["podsWaiting"], 21);
  EXPECT_EQ(plan["after"]["podsWaiting"], 0);
  EXPECT_EQ(plan["after"]["gpus"], 3);
  EXPECT_EQ(plan["certificates"][0]["value"], 3);
  EXPECT_EQ(plan["certificates"][0]["lowerBound"], 3);
}

TEST(Plan, TwentyEightPodsOnOneCard) {
  const auto plan = SeedCase("examples/twenty-eight.json");
  EXPECT_EQ(plan["before"]["podsWaiting"], 28);
  EXPECT_EQ(plan["after"]["podsWaiting"], 0);
  EXPECT_EQ(plan["after"]["gpus"], 1);
  EXPECT_EQ(plan["actions"][0]["layoutAfter"].size(), 7U);
  EXPECT_EQ(plan["actions"][1]["profile"], "1g.5gb");
  EXPECT_EQ(plan["actions"][1]["replicasAfter"], 4);
}

TEST(Plan, FourDevelopersOnASpotCardPayATenth) {
  const auto plan = SeedCase("examples/shared-developers.json", {"--resize"});
  EXPECT_EQ(plan["before"]["gpus"], 4);
  EXPECT_EQ(plan["after"]["gpus"], 1);
  EXPECT_EQ(plan["actions"][0]["capacityType"], "Spot");
  EXPECT_EQ(plan["actions"][1]["replicasAfter"], 4);
  const double before = plan["before"]["usdPerHour"].get<double>() / 4;
  const double after = plan["after"]["usdPerHour"].get<double>() / 4;
  EXPECT_NEAR(before, 5.7077, 1e-6);
  EXPECT_NEAR(after, 2.3673 / 4, 1e-6);
  EXPECT_NEAR(1 - after / before, 0.90, 0.005);
}

TEST(Plan, JsonAndYamlSayTheSame) {
  const auto json = nlohmann::json::parse(Plan({"-o", "json"}).out);
  EXPECT_EQ(json["format"], "tangram-plan");
  EXPECT_EQ(json["before"]["gpus"], 204);
  ASSERT_FALSE(json["actions"].empty());
  const auto& first = json["actions"][0];
  EXPECT_EQ(first["kind"], "Repartition");
  EXPECT_EQ(first["layoutAfter"][0]["profile"], "4g.20gb");
  for (const auto& waiting : json["waiting"]) {
    EXPECT_FALSE(waiting["remedy"].get<std::string>().empty());
  }
  EXPECT_THAT(Plan({"-o", "yaml"}).out, HasSubstr("format: \"tangram-plan\""));
}

TEST(Plan, ThePageCarriesTheJson) {
  const Ran page = Plan({"-o", "html"});
  EXPECT_EQ(page.code, kFoundChanges);
  EXPECT_THAT(page.out, ::testing::StartsWith("<!doctype html>"));
  EXPECT_THAT(page.out, HasSubstr(R"("format":"tangram-plan","version":1,"cluster":"messy")"));
}

// Each action is in one group, and cards are as the last action of them says.
TEST(Plan, JsonHasTheGroupsAndTheCards) {
  const auto json = nlohmann::json::parse(Plan({"-o", "json", "--moves", "replicated"}).out);
  std::vector<int> grouped;
  for (const auto& group : json["groups"]) {
    for (const auto& id : group["actions"]) grouped.push_back(id);
  }
  std::sort(grouped.begin(), grouped.end());
  ASSERT_EQ(grouped.size(), json["actions"].size());
  EXPECT_EQ(grouped.front(), 0);
  EXPECT_EQ(grouped.back(), static_cast<int>(grouped.size()) - 1);
  int cut = 0;
  for (const auto& action : json["actions"]) {
    if (action["kind"] != "Repartition") continue;
    for (const auto& node : json["nodes"]) {
      if (node["name"] != action["node"]) continue;
      const auto& after = node["cards"][action["gpu"].get<std::size_t>()]["after"];
      EXPECT_EQ(after.size(), action["layoutAfter"].size());
      ++cut;
    }
  }
  EXPECT_EQ(cut, 8);
}

TEST(Plan, NothingToDoIsExitCodeZero) {
  const Ran ran = Plan({"--without", "place,share,partition,scale"});
  EXPECT_EQ(ran.code, kDone);
  EXPECT_THAT(ran.out, HasSubstr("Nothing to do."));
}

TEST(Plan, TimesArePrintedForThePassesThatRan) {
  const Ran ran = Plan({"--without", "share", "--times"});
  EXPECT_THAT(ran.err, HasSubstr("partition"));
  EXPECT_THAT(ran.err, Not(HasSubstr("share")));
}

TEST(Plan, PoolsSayWhatMayBeDoneWhere) {
  const Ran ran = Plan({"--policy", SourcePath("examples/pools.yaml"), "-o", "json"});
  EXPECT_EQ(ran.code, kFoundChanges);
  EXPECT_EQ(ran.err,
            "tangram: GpuPool training is in mode Observe: its 4 nodes are left as found\n");
  const auto plan = nlohmann::json::parse(ran.out);
  for (const auto& action : plan["actions"]) {
    if (action["kind"] == "PlacePod") continue;
    EXPECT_THAT(action.value("node", ""), Not(HasSubstr("a100-odd"))) << action;
  }
}

TEST(Plan, WrongPoolsAreRefused) {
  const Ran wrong =
      Plan({"--policy", SourcePath("src/objects/testdata/gpu_pool/bad/replicas.yaml")});
  EXPECT_EQ(wrong.code, kBadInput);
  EXPECT_THAT(wrong.err, HasSubstr("replicas.yaml: line 4: GpuPool a: spec.sharing.maxReplicas"));
  const Ran missing = Plan({"--policy", "not-there.yaml"});
  EXPECT_EQ(missing.code, kBadInput);
  EXPECT_THAT(missing.err, HasSubstr("not-there.yaml"));
  const auto pool = [](const std::string& name) {
    return "apiVersion: tangram.dev/v1alpha1\nkind: GpuPool\nmetadata: {name: " + name +
           "}\nspec: {mode: Auto, nodeSelector: {}}\n---\n";
  };
  const Ran both =
      Tangram({"plan", "--snapshot", SourcePath("examples/messy.json"), "--policy", "-"},
              pool("x") + pool("y"));
  EXPECT_EQ(both.code, kBadInput);
  EXPECT_THAT(both.err, HasSubstr("GpuPool x and GpuPool y both select node a100-balanced-0"));
}

TEST(Plan, RefusesWhatItDoesNotKnow) {
  EXPECT_EQ(Plan({"--moves", "all"}).code, kBadInput);
  EXPECT_EQ(Plan({"--without", "think"}).code, kBadInput);
  EXPECT_EQ(Plan({"--without", "admit"}).code, kBadInput);
  EXPECT_EQ(Plan({"--most-replicas", "49"}).code, kBadInput);
  EXPECT_THAT(Plan({"--most-replicas", "0"}).err, HasSubstr("--most-replicas"));
}

}  // namespace
}  // namespace tangram::cli

// tangram plan, on files.
#include <gmock/gmock.h>

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

TEST(Plan, RefusesWhatItDoesNotKnow) {
  EXPECT_EQ(Plan({"--moves", "all"}).code, kBadInput);
  EXPECT_EQ(Plan({"--without", "think"}).code, kBadInput);
  EXPECT_EQ(Plan({"--most-replicas", "49"}).code, kBadInput);
  EXPECT_THAT(Plan({"--most-replicas", "0"}).err, HasSubstr("--most-replicas"));
}

}  // namespace
}  // namespace tangram::cli

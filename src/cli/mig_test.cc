// tangram mig pack: how a packing looks, and what is refused.
#include <gmock/gmock.h>

#include <nlohmann/json.hpp>

#include "cli/run_testing.h"

namespace tangram::cli {
namespace {

using nlohmann::json;
using ::testing::HasSubstr;
using testing::Ran;
using testing::Tangram;
using testing::Terminal;

Ran Pack(const std::string& model, const std::string& demand,
         const std::vector<std::string>& more = {}) {
  std::vector<std::string> args = {"mig", "pack", "--model", model, "--demand", demand};
  args.insert(args.end(), more.begin(), more.end());
  return Tangram(args);
}

TEST(MigPackTest, TextIsWhatPeopleRead) {
  std::string text;
  for (const auto& [model, demand] : std::vector<std::pair<std::string, std::string>>{
           {"A100-40GB", "1g.5gb=10,3g.20gb=4"},
           {"h100-80gb", "1g10gb=1"},
           {"RTX-PRO-6000-Blackwell-96GB", "1g.24gb+me.all=3,1g.24gb-me=20,2g.48gb=1500"},
           {"B300-269GB", "1g.34gb=3,7g.269gb=1,4g.135gb=1"},
           {"A30", "1g.6gb=0"}}) {
    const Ran ran = Pack(model, demand);
    EXPECT_EQ(ran.code, 0);
    EXPECT_EQ(ran.err, "");
    text += ran.out + "\n";
  }
  testing::ExpectGolden("mig_pack.txt", text);
}

TEST(MigPackTest, JsonHoldsTheDemandExactly) {
  const Ran ran = Pack("A100-40GB", "1g.5gb=10,3g.20gb=4", {"-o", "json"});
  EXPECT_EQ(ran.code, 0);
  const json all = json::parse(ran.out);
  EXPECT_EQ(all["format"], "tangram-mig-pack");
  EXPECT_EQ(all["model"], "A100-40GB");
  EXPECT_EQ(all["evidence"], "verified");
  EXPECT_EQ(all["gpus"], 4);
  EXPECT_EQ(all["lowerBound"], 4);
  EXPECT_EQ(all["proven"], true);
  EXPECT_EQ(all["proof"]["weights"].size(), 2U);
  std::map<std::string, std::int64_t> held;
  std::int64_t gpus = 0;
  for (const json& layout : all["layouts"]) {
    gpus += layout["count"].get<std::int64_t>();
    for (const json& one : layout["placements"]) {
      held[one["profile"].get<std::string>()] += layout["count"].get<std::int64_t>();
      EXPECT_LE(one["start"].get<int>() + one["size"].get<int>(), 8);
    }
  }
  EXPECT_EQ(gpus, 4);
  EXPECT_EQ(held, (std::map<std::string, std::int64_t>{{"1g.5gb", 10}, {"3g.20gb", 4}}));
}

TEST(MigPackTest, YamlSaysTheSame) {
  const Ran ran = Pack("A100-40GB", "7g.40gb=2", {"-o", "yaml"});
  EXPECT_EQ(ran.code, 0);
  EXPECT_THAT(ran.out, HasSubstr("gpus: 2\nlowerBound: 2\nproven: true\n"));
}

TEST(MigPackTest, WhatIsInferredIsSaid) {
  const Ran text = Pack("B300-269GB", "1g.34gb=3");
  EXPECT_THAT(text.out, HasSubstr("are inferred"));
  const Ran ran = Pack("B300-269GB", "1g.34gb=3", {"-o", "json"});
  EXPECT_EQ(json::parse(ran.out)["evidence"], "inferred");
}

TEST(MigPackTest, WhatIsNotProvenIsSaid) {
  const std::string demand =
      "2g.48gb-me=4,1g.24gb+gfx=2,1g.24gb+me=1,1g.24gb+me.all=5,1g.24gb-me=2";
  const Ran text = Pack("RTX-PRO-6000-Blackwell-96GB", demand, {"--nodes", "1"});
  EXPECT_EQ(text.code, 0);
  EXPECT_THAT(text.out, HasSubstr("7 GPUs; at least 6 are needed. The search stopped after 1 "));
  const Ran ran = Pack("RTX-PRO-6000-Blackwell-96GB", demand, {"--nodes", "1", "-o", "json"});
  EXPECT_EQ(json::parse(ran.out)["proven"], false);
  EXPECT_EQ(json::parse(ran.out)["lowerBound"], 6);
}

TEST(MigPackTest, DemandMayBeRepeated) {
  const Ran ran = Pack("A100-40GB", "1g.5gb=4,1g.5gb=4", {"--demand", "1g.5gb.me=1", "-o", "json"});
  EXPECT_EQ(ran.code, 0) << ran.err;
  EXPECT_EQ(
      json::parse(ran.out)["demand"],
      json::parse(R"([{"profile": "1g.5gb", "count": 8}, {"profile": "1g.5gb+me", "count": 1}])"));
}

TEST(MigPackTest, ColourOnATerminalAlone) {
  const testing::ScopedEnv unset("NO_COLOR", "");
  const std::vector<std::string> args = {"mig",       "pack",     "--model",
                                         "A100-40GB", "--demand", "1g.5gb=10"};
  EXPECT_THAT(Tangram(args, "", Terminal::kYes).out, HasSubstr("\x1b["));
  EXPECT_EQ(Tangram(args).out.find('\x1b'), std::string::npos);
}

TEST(MigPackTest, RefusesWithTheRemedy) {
  struct Refused {
    std::string model;
    std::string demand;
    std::string message;
  };
  const std::vector<Refused> refused = {
      {"A100", "1g.5gb=1", "there is no GPU model \"A100\"; did you mean A100-40GB"},
      {"H100-8GB", "1g.5gb=1", "there is no GPU model \"H100-8GB\"; did you mean H100-80GB"},
      {"", "1g.5gb=1", "there is no GPU model \"\"; the models with MIG are "},
      {"T4", "1g.5gb=1", "T4-16GB has no MIG; the models with MIG are A100-40GB, "},
      {"A100-40GB", "1g.6gb=1", "A100-40GB has no profile \"1g.6gb\"; did you mean 1g.5gb"},
      {"A100-40GB", "whole=1", "A100-40GB has no profile \"whole\"; it has 7g.40gb, "},
      {"A100-40GB", "1g.5gb", "\"1g.5gb\" has no count; write PROFILE=COUNT"},
      {"A100-40GB", "1g.5gb=1,", "\"\" has no count"},
      {"A100-40GB", "1g.5gb=1.5", "the count of 1g.5gb is \"1.5\"; write a whole number from 0"},
      {"A100-40GB", "1g.5gb=-1", "is \"-1\""},
      {"A100-40GB", "1g.5gb=1000000001", "from 0 to 1,000,000,000"},
      {"A100-40GB", "1g.5gb=1000000000,1g.5gb=1", "1000000001 of 1g.5gb are wanted"},
      {"A100-40GB", "1g.5gb=99999999999999999999", "write a whole number"},
      {"RTX-PRO-5000-Blackwell-48GB", "1g.12gb=1", "is not known (evidence: unknown)"},
  };
  for (const Refused& one : refused) {
    const Ran ran = Pack(one.model, one.demand);
    EXPECT_EQ(ran.code, 2) << one.model << " " << one.demand;
    EXPECT_EQ(ran.out, "");
    EXPECT_THAT(ran.err, HasSubstr(one.message));
  }
  EXPECT_EQ(Pack("A100-40GB", "1g.5gb=1", {"--nodes", "0"}).code, 2);
  EXPECT_EQ(Tangram({"mig"}).code, 2);
}

}  // namespace
}  // namespace tangram::cli

// tangram simulate, on traces of a few lines.
#include <fmt/format.h>
#include <gmock/gmock.h>

#include <nlohmann/json.hpp>

#include "cli/run_testing.h"

namespace tangram::cli {
namespace {

using ::testing::HasSubstr;
using testing::Ran;
using ::testing::StartsWith;
using testing::Tangram;

const std::string kNodes =
    "rank,sn,cpu_milli,memory_mib,gpu,model\n"
    "0,a,96000,393216,2,T4\n"
    "1,b,96000,393216,1,P100\n";
const std::string kPods =
    "index,name,cpu_milli,memory_mib,num_gpu,gpu_milli,gpu_spec,qos\n"
    "0,half,6000,12288,1,500,T4,BE\n"
    "1,old,6000,12288,1,1000,P100,LS\n"
    "2,two,6000,12288,2,1000,,LS\n"
    "3,half-2,6000,12288,1,500,T4,BE\n";

class SimulateTest : public testing::InFolder {
 protected:
  Ran Simulate(const std::string& pods, const std::vector<std::string>& options = {}) {
    std::vector<std::string> args = {"simulate", "--nodes", Write("nodes.csv", kNodes), "--pods",
                                     Write("pods.csv", pods)};
    args.insert(args.end(), options.begin(), options.end());
    return Tangram(args);
  }
};

TEST_F(SimulateTest, CountsInJson) {
  const Ran ran = Simulate(kPods, {"--policy", "best-fit", "-o", "json"});
  ASSERT_EQ(ran.code, 0) << ran.err;
  const auto json = nlohmann::json::parse(ran.out);
  EXPECT_EQ(json["policy"], "best-fit");
  EXPECT_EQ(json["placed"], 3);
  EXPECT_EQ(json["failed"], 1);
  EXPECT_EQ(json["gpuCapacityMilli"], 3000);
  EXPECT_EQ(json["gpuAllocatedMilli"], 2000);
  EXPECT_GE(json["wallSeconds"], 0);
  EXPECT_NEAR(json["firstRejectAt"].get<double>(), 3.5 / 3, 1e-5);
}

TEST_F(SimulateTest, SeveralPoliciesOneBound) {
  const Ran json = Simulate(kPods, {"--policy", "fgd, tangram,fgd", "-o", "json"});
  ASSERT_EQ(json.code, 0) << json.err;
  const auto runs = nlohmann::json::parse(json.out);
  ASSERT_EQ(runs.size(), 2U);  // a name twice is one run
  EXPECT_EQ(runs[0]["policy"], "fgd");
  EXPECT_EQ(runs[1]["policy"], "tangram");
  EXPECT_GT(runs[0]["allocationBound"], 0);
  EXPECT_LE(runs[0]["allocationBound"], 1);
  EXPECT_EQ(runs[0]["allocationBound"], runs[1]["allocationBound"]);
  const Ran table = Simulate(kPods, {"--policy", "fgd,tangram"});
  EXPECT_THAT(table.out, HasSubstr(fmt::format("No policy is expected to hold more than {:.2f} %.",
                                               runs[0]["allocationBound"].get<double>() * 100)));
}

TEST_F(SimulateTest, TheCurvesAsCsv) {
  const Ran ran = Simulate(kPods, {"--policy", "fgd,best-fit", "-o", "csv"});
  ASSERT_EQ(ran.code, 0) << ran.err;
  EXPECT_THAT(ran.out,
              StartsWith("policy,arrived,allocated,fragmentation\nfgd,0.166666,0.166666,"));
  EXPECT_THAT(ran.out, HasSubstr("\nbest-fit,1.333333,"));
}

TEST_F(SimulateTest, TangramIsTheDefault) {
  EXPECT_EQ(nlohmann::json::parse(Simulate(kPods, {"-o", "json"}).out)["policy"], "tangram");
}

TEST_F(SimulateTest, NothingIsAskedFor) {
  const Ran ran = Simulate(kPods.substr(0, kPods.find('\n') + 1), {"-o", "json"});
  ASSERT_EQ(ran.code, 0) << ran.err;
  EXPECT_EQ(nlohmann::json::parse(ran.out)["allocationBound"], 0);
}

TEST_F(SimulateTest, EveryPolicyIsALineAndAnElement) {
  const Ran table = Simulate(kPods, {"--policy", "all"});
  ASSERT_EQ(table.code, 0) << table.err;
  const Ran json = Simulate(kPods, {"--policy", "all", "-o", "json"});
  for (const auto& run : nlohmann::json::parse(json.out)) {
    EXPECT_THAT(table.out, HasSubstr("\n  " + run["policy"].get<std::string>() + " "));
  }
}

TEST_F(SimulateTest, TheOrderDependsOnTheSeedAlone) {
  const auto placed = [&](const std::string& seed) {
    auto json = nlohmann::json::parse(
        Simulate(kPods, {"--order", "shuffle", "--seed", seed, "-o", "json"}).out);
    json.erase("wallSeconds");
    return json;
  };
  EXPECT_EQ(placed("5"), placed("5"));
}

TEST_F(SimulateTest, SaysWhatItCannotRead) {
  EXPECT_THAT(Simulate(kPods, {"--policy", "fgd,tangam"}).err,
              HasSubstr("there is no policy \"tangam\"; did you mean tangram?"));
  EXPECT_THAT(Simulate(kPods, {"--policy", "black-magic"}).err,
              HasSubstr("\"black-magic\"; the policies are tangram, fgd"));
  EXPECT_EQ(Simulate(kPods, {"--policy", ""}).code, 2);
  const Ran ran = Simulate(kPods + "4,bad,x,1,0,0,,\n");
  EXPECT_EQ(ran.code, 2);
  EXPECT_THAT(ran.err, HasSubstr("pods.csv"));
  EXPECT_THAT(ran.err, HasSubstr("cpu_milli"));
  const Ran both = Tangram({"simulate", "--nodes", "-", "--pods", "-"}, kNodes);
  EXPECT_EQ(both.code, 2);
  EXPECT_THAT(both.err, HasSubstr("only one of --nodes, --pods"));
}

// ---- in time ----

const std::string kLoad =
    "length: 6h\n"
    "nodes:\n"
    "  - {name: t4, gpuModel: T4, gpus: 2, cpu: 16, memoryGiB: 64, count: 1, least: 1, most: 3,\n"
    "     price: 1.5, boot: 5m, idleAfter: 10m}\n"
    "workloads:\n"
    "  - {name: whole, perHour: 3, duration: {exponential: 40m}, asks: {gpus: 1, cpu: 4}}\n"
    "  - {name: half, perHour: 4, duration: {fixed: 30m}, asks: {share: 0.5}, priority: 5}\n";

class SimulateTimeTest : public SimulateTest {
 protected:
  Ran Load(const std::string& load, const std::vector<std::string>& options = {}) {
    std::vector<std::string> args = {"simulate", "--load", "-"};
    args.insert(args.end(), options.begin(), options.end());
    return Tangram(args, load);
  }
};

TEST_F(SimulateTimeTest, TheTablesOfOneAndOfSeveral) {
  const Ran one = Load(kLoad);
  ASSERT_EQ(one.code, 0) << one.err;
  testing::ExpectGolden("simulate_one.txt", one.out);
  const Ran several = Load(kLoad, {"--policy", "tangram,fgd,random"});
  testing::ExpectGolden("simulate_several.txt", several.out);
}

TEST_F(SimulateTimeTest, CountsInJson) {
  const Ran ran = Load(kLoad, {"-o", "json", "--policy", "fgd"});
  ASSERT_EQ(ran.code, 0) << ran.err;
  const auto json = nlohmann::json::parse(ran.out);
  EXPECT_EQ(json["lengthSeconds"], 21'600);
  EXPECT_EQ(json["arrived"], json["waiting"].get<int>() + json["running"].get<int>() +
                                 json["done"].get<int>() + json["failed"].get<int>());
  double dollars = 0;
  for (const auto& group : json["nodeGroups"]) {
    EXPECT_NEAR(group["dollars"].get<double>(), 1.5 * group["nodeHours"].get<double>(), 1e-3);
    dollars += group["dollars"].get<double>();
  }
  EXPECT_DOUBLE_EQ(json["dollars"].get<double>(), dollars);
  EXPECT_EQ(json["workloads"].size(), 2U);
  EXPECT_EQ(json["curve"].back()["arrived"], json["arrived"]);
}

TEST_F(SimulateTimeTest, TheSeedDecides) {
  const auto without_time = [&](const std::string& seed) {
    auto json = nlohmann::json::parse(Load(kLoad, {"-o", "json", "--seed", seed}).out);
    json.erase("wallSeconds");
    return json;
  };
  EXPECT_EQ(without_time("3"), without_time("3"));
  EXPECT_NE(without_time("3"), without_time("4"));
}

TEST_F(SimulateTimeTest, WaysToCutCards) {
  const Ran table = Load(kLoad, {"--cutting", "fixed, ahead"});
  ASSERT_EQ(table.code, 0) << table.err;
  EXPECT_THAT(table.out, HasSubstr("\n  tangram, fixed "));
  EXPECT_THAT(table.out, HasSubstr("\n  tangram, ahead "));
  EXPECT_THAT(table.out, HasSubstr("  CUTTING "));
  EXPECT_THAT(Load(kLoad).out, ::testing::Not(HasSubstr("CUTTING")));
  const auto json = nlohmann::json::parse(Load(kLoad, {"--cutting", "wipe", "-o", "json"}).out);
  EXPECT_EQ(json["cutting"], "wipe");
  EXPECT_EQ(json["recuts"], 0);
  EXPECT_THAT(Load(kLoad, {"--cutting", "beside,never"}).err,
              HasSubstr("--cutting: there is no way \"never\" to cut cards; write fixed, wipe"));
}

TEST_F(SimulateTimeTest, TheCurveAsCsv) {
  const Ran ran = Load(kLoad, {"-o", "csv", "--policy", "fgd"});
  ASSERT_EQ(ran.code, 0) << ran.err;
  EXPECT_THAT(ran.out, StartsWith("policy,cutting,seconds,nodes,gpuCapacityMilli,"));
  EXPECT_THAT(ran.out, HasSubstr("\nfgd,beside,0.000,1,2000,0,"));
  EXPECT_THAT(ran.out, HasSubstr("\nfgd,beside,21600.000,"));
}

TEST_F(SimulateTimeTest, AsAPage) {
  const Ran ran = Load(kLoad, {"-o", "html", "--policy", "fgd,tangram"});
  ASSERT_EQ(ran.code, 0) << ran.err;
  EXPECT_THAT(ran.out, StartsWith("<!doctype html>"));
  EXPECT_THAT(ran.out, HasSubstr("\"format\":\"tangram-simulation\""));
  EXPECT_THAT(Simulate(kPods, {"-o", "html"}).err, HasSubstr("write --timed or --load"));
}

TEST_F(SimulateTimeTest, ATraceWithTimes) {
  const std::string pods =
      "name,cpu_milli,memory_mib,num_gpu,gpu_milli,gpu_spec,qos,pod_phase,creation_time,"
      "deletion_time,scheduled_time\n"
      "a,1000,1024,2,1000,,LS,Succeeded,0,3600,0\n"
      "b,1000,1024,2,1000,,LS,Succeeded,1800,3600,1900\n"
      "c,1000,1024,1,500,,LS,Pending,100,200,\n"
      "d,1000,1024,1,1000,P100,LS,Running,7200,,7200\n";
  const Ran ran = Simulate(pods, {"--timed", "-o", "json"});
  ASSERT_EQ(ran.code, 0) << ran.err;
  const auto json = nlohmann::json::parse(ran.out);
  EXPECT_EQ(json["arrived"], 3);  // c was never scheduled
  EXPECT_EQ(json["done"], 2);
  EXPECT_EQ(json["running"], 1);
  EXPECT_EQ(json["waitSeconds"]["max"], 1800);  // b waits until a has gone
  EXPECT_EQ(json["lengthSeconds"], 7200);
  EXPECT_THAT(Simulate(pods, {"--timed"}).out, HasSubstr("1 tasks were never scheduled"));
  EXPECT_EQ(nlohmann::json::parse(
                Simulate(pods, {"--timed", "--speed", "2", "-o", "json"}).out)["lengthSeconds"],
            3600);
  const Ran untimed = Simulate(kPods, {"--timed"});
  EXPECT_EQ(untimed.code, 2);
  EXPECT_THAT(untimed.err, HasSubstr("task half: it has no creation_time"));
}

TEST_F(SimulateTimeTest, ASnapshotIsTheStart) {
  const std::string messy = testing::SourcePath("examples/messy.json");
  const Ran ran = Tangram({"simulate", "--snapshot", messy, "-o", "json"});
  ASSERT_EQ(ran.code, 0) << ran.err;
  const auto json = nlohmann::json::parse(ran.out);
  EXPECT_EQ(json["lengthSeconds"], 86'400);
  EXPECT_EQ(json["workloads"][0]["name"], "running before");
  EXPECT_EQ(json["workloads"][0]["running"], json["workloads"][0]["arrived"]);
  EXPECT_GT(json["workloads"][0]["arrived"], 100);
  EXPECT_GT(json["workloads"][1]["running"], 0);  // some that waited find room
  const Ran both = Tangram({"simulate", "--snapshot", messy, "--load", "-", "-o", "json"}, kLoad);
  ASSERT_EQ(both.code, 0) << both.err;
  EXPECT_EQ(nlohmann::json::parse(both.out)["workloads"].size(), 4U);
  EXPECT_EQ(nlohmann::json::parse(both.out)["lengthSeconds"], 21'600);
}

TEST_F(SimulateTimeTest, WhatIf) {
  const std::string five = testing::SourcePath("examples/five-percent.json");
  const Ran table = Tangram({"simulate", "--what-if", "--snapshot", five});
  ASSERT_EQ(table.code, 0) << table.err;
  testing::ExpectGolden("what_if.txt", table.out);
  const auto json = nlohmann::json::parse(
      Tangram({"simulate", "--what-if", "--snapshot", five, "-o", "json"}).out);
  // 20 nodes at $17.63 for 7 days, of which 18 would have gone back.
  EXPECT_NEAR(json["spentDollars"].get<double>(), 20 * 17.63 * 168, 0.01);
  EXPECT_NEAR(json["savedDollars"].get<double>(), 18 * 17.63 * 168, 0.01);
  double leaked = json["usefulDollars"].get<double>() + json["unmeasuredDollars"].get<double>();
  for (const auto& leak : json["leakedDollars"]) leaked += leak.get<double>();
  EXPECT_NEAR(leaked, json["spentDollars"].get<double>(), 1);
}

TEST_F(SimulateTimeTest, SaysWhatItCannotDo) {
  EXPECT_THAT(Load("length: 1x").err, HasSubstr("standard input: line 1: length is \"1x\""));
  EXPECT_EQ(Load("length: 1x").code, 2);
  EXPECT_THAT(Tangram({"simulate"}).err, HasSubstr("name one input"));
  EXPECT_THAT(Tangram({"simulate", "--what-if"}).err, HasSubstr("--what-if looks at one snapshot"));
  EXPECT_THAT(Simulate(kPods, {"--idle-after", "5m"}).err, HasSubstr("write --timed too"));
  EXPECT_THAT(Tangram({"simulate", "--nodes", "x"}).err, HasSubstr("belong together"));
  EXPECT_EQ(Tangram({"simulate", "--snapshot", "x"}).code, 2);
  EXPECT_THAT(Simulate(kPods, {"--timed", "--idle-after", "0s"}).err, HasSubstr("at least 1s"));
  EXPECT_THAT(Load(kLoad, {"--length", "soon"}).err, HasSubstr("--length"));
  const Ran no_usage = Tangram({"simulate", "--what-if", "--snapshot", "-"},
                               R"({"format":"tangram-snapshot","version":1,)"
                               R"("takenAt":"2026-11-21T12:00:00Z","nodes":[],"pods":[]})");
  EXPECT_EQ(no_usage.code, 2);
  EXPECT_THAT(no_usage.err, HasSubstr("the snapshot has no usage"));
}

}  // namespace
}  // namespace tangram::cli

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

}  // namespace
}  // namespace tangram::cli

// tangram import openb, on traces of a few lines.
#include <gmock/gmock.h>

#include "cli/run_testing.h"
#include "cluster/file_form.h"

namespace tangram::cli {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using testing::Ran;
using testing::Tangram;
using testing::TextOf;

const std::string kNodes =
    "sn,cpu_milli,memory_mib,gpu,model\n"
    "b,96000,393216,8,G2\n"
    "a,8000,32768,1,V100M16\n";
const std::string kPods =
    "name,cpu_milli,memory_mib,num_gpu,gpu_milli,gpu_spec,qos,pod_phase,creation_time,"
    "deletion_time,scheduled_time\n"
    "whole,12000,16384,2,1000,T4,LS,Running,10,100,20\n"
    "share,6000,12288,1,460,T4|P100,BE,Failed,11,101,21\n";

class ImportTest : public testing::InFolder {
 protected:
  Ran Import(const std::string& nodes, const std::string& pods,
             const std::vector<std::string>& options = {}) {
    std::vector<std::string> args = {
        "import", "openb", "--nodes", Write("nodes.csv", nodes), "--pods", Write("pods.csv", pods)};
    args.insert(args.end(), options.begin(), options.end());
    return Tangram(args);
  }
};

TEST_F(ImportTest, MakesASnapshotThatCanBeReportedOn) {
  const Ran ran = Import(kNodes, kPods);
  ASSERT_EQ(ran.code, 0) << ran.err;
  EXPECT_EQ(ran.err, "imported 2 nodes and 2 pods\n");
  const auto snapshot = cluster::ReadSnapshot(ran.out);
  ASSERT_TRUE(snapshot) << snapshot.error().message;
  EXPECT_EQ(snapshot->nodes.size(), 2U);
  EXPECT_EQ(snapshot->nodes[1].gpus.size(), 8U);
  EXPECT_EQ(Tangram({"report", "--snapshot", "-"}, ran.out).code, 0);
}

TEST_F(ImportTest, WritesAFile) {
  const Ran ran = Import(kNodes, kPods, {"-f", Path("openb.json")});
  ASSERT_EQ(ran.code, 0) << ran.err;
  EXPECT_EQ(ran.out, "");
  EXPECT_EQ(TextOf(Path("openb.json")), Import(kNodes, kPods).out);
  EXPECT_THAT(Names(), ElementsAre("nodes.csv", "openb.json", "pods.csv"));
}

TEST_F(ImportTest, ReadsOneListFromStandardInput) {
  const std::string pods = Write("pods.csv", kPods);
  const Ran ran = Tangram({"import", "openb", "--nodes", "-", "--pods", pods}, kNodes);
  EXPECT_EQ(ran.code, 0) << ran.err;
  const Ran both = Tangram({"import", "openb", "--nodes", "-", "--pods", "-"}, kNodes);
  EXPECT_EQ(both.code, 2);
  EXPECT_THAT(both.err, HasSubstr("--nodes and --pods cannot both be standard input"));
}

TEST_F(ImportTest, ABadRowIsNamedAndNothingIsWritten) {
  const Ran ran = Import(kNodes + "c,many,1,0,\n", kPods, {"-f", Path("openb.json")});
  EXPECT_EQ(ran.code, 2);
  EXPECT_EQ(ran.out, "");
  EXPECT_THAT(ran.err, HasSubstr(Path("nodes.csv")));
  EXPECT_THAT(ran.err, HasSubstr("4"));
  EXPECT_THAT(ran.err, HasSubstr("many"));
  EXPECT_THAT(Names(), ElementsAre("nodes.csv", "pods.csv"));
}

TEST_F(ImportTest, TheListsTheWrongWayRoundAreSaid) {
  const Ran ran = Import(kPods, kNodes);
  EXPECT_EQ(ran.code, 2);
  EXPECT_THAT(ran.err, HasSubstr("nodes.csv"));
}

TEST_F(ImportTest, AListThatIsNotThereIsSaid) {
  const Ran ran = Tangram({"import", "openb", "--nodes", Path("none.csv"), "--pods", "-"});
  EXPECT_EQ(ran.code, 2);
  EXPECT_EQ(ran.err,
            "tangram: file " + Path("none.csv") + " cannot be read: No such file or directory\n");
}

}  // namespace
}  // namespace tangram::cli

#include "sim/openb.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <random>

#include "base/time_text.h"
#include "gpu/gpu.h"
#include "sim/openb_testing.h"

namespace tangram::sim {
namespace {

using cluster::Find;
using cluster::PodPhase;
using testing::HasSubstr;
using testing::IsEmpty;

const std::string kNodes =
    "sn,cpu_milli,memory_mib,gpu,model\n"
    "b,96000,393216,8,G2\n"
    "a,8000,32768,1,V100M16\n"
    "c,32000,262144,0,\n";
const std::string kPodColumns =
    "name,cpu_milli,memory_mib,num_gpu,gpu_milli,gpu_spec,qos,pod_phase,creation_time,"
    "deletion_time,scheduled_time\n";
const std::string kPods = kPodColumns +
                          "whole,12000,16384,2,1000,T4,LS,Running,10,100,20\n"
                          "share,6000,12288,1,460,T4|P100,BE,Failed,11,101,21\n"
                          "cpu,1000,1024,0,0,,,Pending,12,99,\n";

cluster::Snapshot Import(const OpenbOptions& options = {}) {
  auto snapshot = ImportOpenb(kNodes, kPods, options);
  EXPECT_TRUE(snapshot.has_value()) << (snapshot ? "" : snapshot.error().message);
  return snapshot.value_or(cluster::Snapshot{});
}

TEST(ImportOpenb, ReadsNodes) {
  const cluster::Snapshot snapshot = Import();
  ASSERT_EQ(snapshot.nodes.size(), 3U);
  const cluster::Node& a = snapshot.nodes[0];
  EXPECT_EQ(a.name, "a");
  EXPECT_EQ(a.cpu, base::MilliCpu(8000));
  EXPECT_EQ(a.memory, base::MiB(32768));
  ASSERT_EQ(a.gpus.size(), 1U);
  EXPECT_EQ(gpu::ParseProduct(a.gpus[0].product).model, gpu::ModelNamed("V100-16GB"));
  const cluster::Node& b = snapshot.nodes[1];
  EXPECT_EQ(b.gpus.size(), 8U);
  EXPECT_EQ(b.gpus[7].index, 7);
  EXPECT_EQ(b.gpus[7].product, "G2");
  EXPECT_EQ(CountOf(b.devices, "nvidia.com/gpu"), 8);
  EXPECT_EQ(CountOf(b.devices, kOpenbShareResource), 8000);
  EXPECT_EQ(Find(b.labels, kOpenbModelLabel), "G2");
  EXPECT_THAT(snapshot.nodes[2].gpus, IsEmpty());
  EXPECT_THAT(snapshot.nodes[2].devices, IsEmpty());
}

TEST(ImportOpenb, ReadsPodsWithTheirPhaseAndNoNode) {
  const cluster::Snapshot snapshot = Import();
  ASSERT_EQ(snapshot.pods.size(), 3U);
  const cluster::Pod& cpu = snapshot.pods[0];
  EXPECT_EQ(cpu.phase, PodPhase::kPending);
  EXPECT_FALSE(cpu.started_at.has_value());
  EXPECT_THAT(cpu.devices, IsEmpty());
  EXPECT_THAT(cpu.labels, IsEmpty());

  const cluster::Pod& share = snapshot.pods[1];
  EXPECT_EQ(share.phase, PodPhase::kFailed);
  EXPECT_EQ(CountOf(share.devices, "alibabacloud.com/gpu-milli"), 460);
  EXPECT_EQ(CountOf(share.devices, "nvidia.com/gpu"), 0);
  EXPECT_EQ(Find(share.annotations, kOpenbModelLabel), "T4|P100");
  EXPECT_THAT(share.node_selector, IsEmpty());

  const cluster::Pod& whole = snapshot.pods[2];
  EXPECT_EQ(whole.phase, PodPhase::kRunning);
  EXPECT_EQ(whole.node, "");
  EXPECT_FALSE(HoldsDevices(whole));
  EXPECT_EQ(whole.ns, "openb");
  EXPECT_EQ(CountOf(whole.devices, "nvidia.com/gpu"), 2);
  EXPECT_EQ(Find(whole.node_selector, kOpenbModelLabel), "T4");
  EXPECT_EQ(Find(whole.labels, "openb/qos"), "LS");
  EXPECT_EQ(base::FormatTime(whole.created_at), "1970-01-01T00:00:10Z");
  EXPECT_EQ(base::FormatTime(*whole.started_at), "1970-01-01T00:00:20Z");
}

TEST(ImportOpenb, IsTakenAtTheLastMomentUnlessTold) {
  EXPECT_EQ(base::FormatTime(Import().taken_at), "1970-01-01T00:01:41Z");
  const auto start = *base::ParseTime("2023-06-01T00:00:00Z");
  EXPECT_EQ(base::FormatTime(Import({.start = start}).taken_at), "2023-06-01T00:01:41Z");
  EXPECT_EQ(Import({.start = start, .taken_at = start}).taken_at, start);
}

TEST(ImportOpenb, SaysWhatTheTraceDoesNot) {
  std::string gaps;
  for (const cluster::Gap& gap : Import().gaps) gaps += gap.what + ": " + gap.why + "\n";
  EXPECT_THAT(gaps, HasSubstr("openb publishes no placement: pods are listed, not placed; "
                              "allocation is counted cluster-wide"));
  EXPECT_THAT(gaps, HasSubstr("GPU models G2: openb anonymises them"));
  EXPECT_THAT(gaps, HasSubstr("SXM2 for V100"));
  EXPECT_THAT(gaps, HasSubstr("model choice of 1 pods"));
}

TEST(ImportOpenb, FilesWithoutTimesGivePendingPods) {
  const auto snapshot =
      ImportOpenb(kNodes, "name,cpu_milli,memory_mib,num_gpu,gpu_milli\np,1000,1024,4,1000\n", {});
  ASSERT_TRUE(snapshot.has_value()) << snapshot.error().message;
  EXPECT_EQ(snapshot->pods[0].phase, PodPhase::kPending);
  EXPECT_EQ(CountOf(snapshot->pods[0].devices, "nvidia.com/gpu"), 4);
  EXPECT_EQ(snapshot->taken_at, base::Time{});
}

TEST(ImportOpenb, RefusesTimesThatCannotBeWritten) {
  const auto late = *base::ParseTime("9999-12-31T23:50:00Z");
  EXPECT_TRUE(ImportOpenb(kNodes, kPods, {.start = late}).has_value());
  const auto too_late = late + std::chrono::minutes(9);
  EXPECT_FALSE(ImportOpenb(kNodes, kPods, {.start = too_late}).has_value());
  EXPECT_FALSE(ImportOpenb(kNodes, kPods, {.taken_at = base::Time::min()}).has_value());
  EXPECT_FALSE(ImportOpenb(kNodes, kPods, {.start = base::Time::max()}).has_value());
}

struct BadFileCase {
  std::string name;
  std::string nodes;
  std::string pods;
  std::string message;
};

class BadFileTest : public testing::TestWithParam<BadFileCase> {};
TEST_P(BadFileTest, NamesFileLineColumnAndRemedy) {
  const std::string nodes = GetParam().nodes.empty() ? kNodes : GetParam().nodes;
  const std::string pods = GetParam().pods.empty() ? kPods : GetParam().pods;
  const auto snapshot =
      ImportOpenb(nodes, pods, {.nodes_name = "nodes.csv", .pods_name = "pods.csv"});
  ASSERT_FALSE(snapshot.has_value());
  EXPECT_EQ(snapshot.error().code, base::ErrorCode::kInvalid);
  EXPECT_THAT(snapshot.error().message, HasSubstr(GetParam().message));
}
const BadFileCase kBadFiles[] = {
    {"EmptyNodes", "\n", "", "nodes.csv: it is empty"},
    {"NoColumn", "sn,cpu_milli\n", "", "nodes.csv: line 1: no column memory_mib"},
    {"DoubledColumn", "sn," + kNodes, "", "nodes.csv: line 1: column sn stands there twice"},
    {"Swapped", kPods, kNodes, "nodes.csv: line 1: no column sn"},
    {"Number", kNodes + "d,x,1,0,\n", "",
     "nodes.csv: line 5: column cpu_milli: found \"x\"; write a whole number from 0 to"},
    {"Negative", kNodes + "d,-1,1,0,\n", "", "column cpu_milli: found \"-1\""},
    {"Overflow", kNodes + "d,99999999999999999999,1,0,\n", "", "column cpu_milli"},
    {"TooManyGpus", kNodes + "d,1,1,1025,T4\n", "", "from 0 to 1024"},
    {"NoModel", kNodes + "d,1,1,1,\n", "", "column model: found \"\"; name the model"},
    {"ModelWithoutGpu", kNodes + "d,1,1,0,T4\n", "", "column model: found \"T4\"; leave it blank"},
    {"BadModel", kNodes + "d,1,1,1,T 4\n", "", "column model: found \"T 4\""},
    {"NameTwice", kNodes + "a,1,1,0,\n", "", "line 5: column sn: found \"a\"; line 3 has this"},
    {"BadName", kNodes + "A/B,1,1,0,\n", "", "column sn: found \"A/B\""},
    {"Cells", kNodes + "d,1,1\n", "", "line 5: found 3 cells; the first line has 5"},
    {"Quote", kNodes + "\"d,1,1,0,\n", "", "nodes.csv: line 5: a quote is not closed"},
    {"PartOfHistory", "", "name,cpu_milli,memory_mib,num_gpu,gpu_milli,qos\n",
     "pods.csv: line 1: no column gpu_spec"},
    {"Share", "", kPods + "x,1,1,1,0,,,Pending,1,1,\n", "column gpu_milli: found \"0\""},
    {"ShareOfTwo", "", kPods + "x,1,1,2,500,,,Pending,1,1,\n", "only a task with one GPU"},
    {"ShareOfNone", "", kPods + "x,1,1,0,500,,,Pending,1,1,\n", "write 0 where num_gpu is 0"},
    {"ShareAboveOne", "", kPods + "x,1,1,1,1001,,,Pending,1,1,\n", "from 0 to 1000"},
    {"Phase", "", kPods + "x,1,1,0,0,,,Lost,1,1,\n", "pods.csv: line 5: column pod_phase"},
    {"Spec", "", kPods + "x,1,1,0,0,T4||P100,,Pending,1,1,\n", "column gpu_spec"},
    {"Qos", "", kPods + "x,1,1,0,0,,a b,Pending,1,1,\n", "column qos"},
    {"Time", "", kPods + "x,1,1,0,0,,,Pending,1.5,1,\n", "column creation_time: found \"1.5\""},
    {"EndBeforeStart", "", kPods + "x,1,1,0,0,,,Failed,5,4,5\n", "column deletion_time"},
    {"BoundBeforeStart", "", kPods + "x,1,1,0,0,,,Failed,5,9,4\n", "column scheduled_time"},
    {"PodTwice", "", kPods + "cpu,1,1,0,0,,,Pending,1,1,\n", "line 4 has this name"},
};
INSTANTIATE_TEST_SUITE_P(Table, BadFileTest, testing::ValuesIn(kBadFiles),
                         [](const auto& row) { return row.param.name; });

TEST(ImportOpenb, NeverCrashesOnDamagedFiles) {
  std::mt19937 random(3);
  int refused = 0;
  for (int round = 0; round < 2000; ++round) {
    std::string nodes = kNodes;
    std::string pods = kPods;
    for (std::string* text : {&nodes, &pods}) {
      (*text)[random() % text->size()] = static_cast<char>(random() % 256);
    }
    if (!ImportOpenb(nodes, pods, {})) ++refused;
  }
  EXPECT_GT(refused, 1000);
}

// ---- the published files ----

class PublishedTest : public testing::Test {
 protected:
  void SetUp() override { TANGRAM_NEEDS_OPENB(); }
  static cluster::Snapshot Read(const std::string& pods_file) {
    auto snapshot =
        ImportOpenb(OpenbText("openb_node_list_all_node.csv"), OpenbText(pods_file), {});
    EXPECT_TRUE(snapshot.has_value()) << (snapshot ? "" : snapshot.error().message);
    return snapshot.value_or(cluster::Snapshot{});
  }
};

// Milli-GPUs that all pods together ask for.
std::int64_t Demand(const cluster::Snapshot& snapshot) {
  std::int64_t demand = 0;
  for (const cluster::Pod& pod : snapshot.pods) {
    demand +=
        1000 * CountOf(pod.devices, "nvidia.com/gpu") + CountOf(pod.devices, kOpenbShareResource);
  }
  return demand;
}

TEST_F(PublishedTest, ClusterIsComplete) {
  const cluster::Snapshot snapshot = Read("openb_pod_list_default.csv");
  EXPECT_EQ(snapshot.nodes.size(), 1523U);
  std::map<std::string, int> gpus;
  std::int64_t milli_cpu = 0;
  std::size_t gpu_nodes = 0;
  for (const cluster::Node& node : snapshot.nodes) {
    milli_cpu += node.cpu.value();
    gpu_nodes += node.gpus.empty() ? 0U : 1U;
    for (const cluster::Gpu& gpu : node.gpus) ++gpus[gpu.product];
  }
  EXPECT_EQ(milli_cpu, 125'514'000);
  EXPECT_EQ(gpu_nodes, 1213U);
  const std::map<std::string, int> want = {{"G2", 4392},
                                           {"G3", 312},
                                           {"NVIDIA-A10", 2},
                                           {"Tesla-P100-PCIE-16GB", 265},
                                           {"Tesla-T4", 842},
                                           {"Tesla-V100-SXM2-16GB", 195},
                                           {"Tesla-V100-SXM2-32GB", 204}};
  EXPECT_EQ(gpus, want);
}

TEST_F(PublishedTest, TasksAreComplete) {
  const cluster::Snapshot snapshot = Read("openb_pod_list_default.csv");
  EXPECT_EQ(snapshot.pods.size(), 8152U);
  std::map<PodPhase, int> phases;
  std::map<std::string, int> qos;
  int shares = 0;
  int cpu_only = 0;
  for (const cluster::Pod& pod : snapshot.pods) {
    ++phases[pod.phase];
    ++qos[std::string(Find(pod.labels, kOpenbQosLabel))];
    shares += CountOf(pod.devices, kOpenbShareResource) > 0 ? 1 : 0;
    cpu_only += pod.devices.empty() ? 1 : 0;
  }
  EXPECT_EQ(phases, (std::map<PodPhase, int>{{PodPhase::kRunning, 5193},
                                             {PodPhase::kFailed, 1870},
                                             {PodPhase::kPending, 897},
                                             {PodPhase::kSucceeded, 192}}));
  EXPECT_EQ(qos, (std::map<std::string, int>{
                     {"LS", 4647}, {"BE", 3398}, {"Burstable", 100}, {"Guaranteed", 7}}));
  EXPECT_EQ(shares, 3078);
  EXPECT_EQ(cpu_only, 1088);
  EXPECT_EQ(Demand(snapshot) / 100, 60'868);  // 6,086.8 GPUs
}

TEST_F(PublishedTest, EveryPodListReads) {
  int files = 0;
  for (const auto& entry : std::filesystem::directory_iterator(OpenbFolder())) {
    const std::string name = entry.path().filename().string();
    if (!name.starts_with("openb_pod_list_")) continue;
    EXPECT_GT(Read(name).pods.size(), 7000U) << name;
    ++files;
  }
  EXPECT_GT(files, 0);
}

TEST_F(PublishedTest, SpecifiedModelsAreKept) {
  const cluster::Snapshot snapshot = Read("openb_pod_list_gpuspec20.csv");
  int with_spec = 0;
  for (const cluster::Pod& pod : snapshot.pods) with_spec += pod.annotations.empty() ? 0 : 1;
  EXPECT_EQ(with_spec, 1444);
}

}  // namespace
}  // namespace tangram::sim

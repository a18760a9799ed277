// The reader over a fake libnvidia-ml.so.1, loaded as the real one is.
#include "agent/nvml_reader.h"

#include <gmock/gmock.h>

#include <filesystem>

#include "agent/testing/run_fake.h"

namespace tangram::agent {
namespace {

using base::MiB;
using nlohmann::json;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::Field;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr const char* kFake = TANGRAM_FAKE_NVML_LIBRARY;
constexpr const char* kEarly = TANGRAM_FAKE_NVML_R450;

class NvmlReaderTest : public testing::WithFake {
 protected:
  base::Result<Inventory> Read(const char* library = kFake) {
    NvmlReader reader(library, watch_);
    return ReadInventory(reader, base::Time{});
  }
  static json OneCard(json card = json::object(), json faults = json::array()) {
    if (!card.contains("name")) card["name"] = "NVIDIA A100-SXM4-40GB";
    return {{"cards", json::array({std::move(card)})}, {"faults", std::move(faults)}};
  }
  static json FaultIn(const char* call, int answer) { return {{"call", call}, {"answer", answer}}; }

  CallWatch watch_;
};

auto IsProblem(const std::string& what, const std::string& why) {
  return AllOf(Field(&Problem::what, what), Field(&Problem::why, HasSubstr(why)));
}

TEST_F(NvmlReaderTest, ReadsTheMachine) {
  Play(Recorded("h100.json"));
  const auto read = Read();
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_EQ(read->driver.version, "570.133.20");
  EXPECT_EQ(read->driver.library_version, "12.570.133.20");
  EXPECT_EQ(read->driver.cuda_version, "12.8");
  EXPECT_THAT(read->driver.problems, IsEmpty());
  ASSERT_EQ(read->cards.size(), 4U);
  const Card& whole = read->cards[0];
  EXPECT_EQ(whole.name, "NVIDIA H100 80GB HBM3");
  EXPECT_EQ(whole.uuid, "GPU-00000000-0000-4000-8000-000000000000");
  EXPECT_EQ(whole.pci_bus_id, "0000:19:00.0");
  EXPECT_EQ(whole.minor, 0);
  EXPECT_EQ(whole.numa_node, 0);
  EXPECT_EQ(whole.memory, (Memory{MiB(81559), MiB(61440), MiB(551)}));
  EXPECT_EQ(whole.use, (Use{94, 41}));
  EXPECT_THAT(whole.problems, IsEmpty());
  EXPECT_THAT(whole.processes,
              ElementsAre(Process{41001, ProcessKind::kCompute, MiB(61000), {}, {}},
                          Process{41007, ProcessKind::kMps, MiB(440), {}, {}}));
  EXPECT_EQ(whole.nvlinks, (NvLinks{18, 18, {}}));
  EXPECT_EQ(read->cards[2].numa_node, 1);
}

TEST_F(NvmlReaderTest, ReadsHealth) {
  Play(Recorded("workstation.json"));
  const auto read = Read();
  ASSERT_TRUE(read) << read.error().message;
  const Health want = {
      .celsius = 91,
      .slowdown_celsius = 90,
      .milliwatts = 299'000,
      .limit_milliwatts = 300'000,
      .slowdowns = std::vector{Slowdown::kPowerCap, Slowdown::kHardware, Slowdown::kThermalSoftware,
                               Slowdown::kThermalHardware, Slowdown::kPowerBrake},
      .ecc = EccErrors{1, 7},
      .rows = std::nullopt,
      .pages = RetiredPages{3, 2}};
  EXPECT_EQ(read->cards[0].health, want);
  EXPECT_EQ(read->cards[2].health, Health{});  // has none of it, which is no problem
  EXPECT_THAT(read->cards[2].problems, IsEmpty());
}

TEST_F(NvmlReaderTest, ReadsInstancesByPlacement) {
  Play(Recorded("h100.json"));
  const auto read = Read();
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_FALSE(read->cards[0].mig->enabled);
  EXPECT_THAT(read->cards[0].mig->instances, IsEmpty());
  const Mig& mig = *read->cards[1].mig;
  EXPECT_TRUE(mig.enabled && mig.pending);
  const auto whole = [](int id, int profile, const char* uuid) {
    return std::vector<ComputeInstance>{{id, profile, uuid}};
  };
  EXPECT_THAT(
      mig.instances,
      ElementsAre(Instance{2, 14, {0, 2}, whole(0, 1, "MIG-00000001-0000-4000-8000-000000000002")},
                  Instance{3, 19, {2, 1}, whole(0, 0, "MIG-00000001-0000-4000-8000-000000000003")},
                  Instance{4, 20, {3, 1}, {}},
                  Instance{1, 9, {4, 4}, whole(0, 2, "MIG-00000001-0000-4000-8000-000000000001")}));
  EXPECT_EQ(read->cards[1].processes[0].instance, 1);
  EXPECT_EQ(read->cards[1].processes[1].instance, 3);
  EXPECT_TRUE(read->cards[2].mig->enabled);
  EXPECT_FALSE(read->cards[2].mig->pending);
}

// What the card says of its profiles is what the table holds, with MIG off too.
TEST_F(NvmlReaderTest, ReadsEveryProfileOfEveryModel) {
  for (const gpu::Model& model : gpu::Models()) {
    if (!model.has_mig() || model.memory_slices == 0) continue;
    Play(OneCard({{"name", model.products.front()},
                  {"memory", {{"totalMiB", model.memory.value()}}},
                  {"mig", {{"enabled", model.compute_major == 8}}}}));
    const auto read = Read();
    ASSERT_TRUE(read) << read.error().message;
    const Card& card = read->cards[0];
    ASSERT_EQ(card.mig->profiles.size(), model.profiles.size()) << model.name;
    EXPECT_THAT(card.problems, IsEmpty()) << model.name;
    for (const Profile& profile : card.mig->profiles) {
      const gpu::MigProfile* known = gpu::ProfileById(model, profile.id);
      ASSERT_NE(known, nullptr) << model.name << " " << profile.id;
      EXPECT_EQ(profile.name, known->name);
      EXPECT_EQ(profile.compute_slices, known->compute_slices);
      EXPECT_EQ(profile.most_instances, known->max_instances);
      EXPECT_EQ(profile.placements->size(), known->starts.size());
      EXPECT_EQ(profile.placements->back(),
                (gpu::Placement{known->starts.back(), known->memory_slices}));
      EXPECT_EQ(profile.free.has_value(), card.mig->enabled);
      EXPECT_EQ(profile.free.value_or(known->max_instances), known->max_instances) << known->name;
    }
  }
}

TEST_F(NvmlReaderTest, RoomIsWhatTheInstancesLeave) {
  Play(Recorded("h100.json"));
  const auto read = Read();
  ASSERT_TRUE(read) << read.error().message;
  for (const Profile& profile : read->cards[1].mig->profiles) {
    EXPECT_EQ(profile.free, 0) << profile.name;  // all eight slices are taken
    EXPECT_FALSE(profile.placements->empty())
        << "placements are what is possible, not what is free";
  }
  std::map<std::string, int> room;
  for (const Profile& profile : read->cards[2].mig->profiles) room[profile.name] = *profile.free;
  EXPECT_EQ(room, (std::map<std::string, int>{{"1g.10gb", 7},
                                              {"1g.10gb+me", 1},
                                              {"1g.20gb", 4},
                                              {"2g.20gb", 3},
                                              {"3g.40gb", 2},
                                              {"4g.40gb", 1},
                                              {"7g.80gb", 1}}));
}

TEST_F(NvmlReaderTest, ReadsLinks) {
  Play(Recorded("workstation.json"));
  const auto read = Read();
  ASSERT_TRUE(read) << read.error().message;
  const std::vector<Link>& links = read->links.links;
  ASSERT_EQ(links.size(), 15U);  // between six that can be read
  EXPECT_EQ(links[0], (Link{0, 1, Path::kBoard, 2, true}));
  EXPECT_EQ(links[1], (Link{0, 2, Path::kHostBridge, 0, {}}));
  EXPECT_EQ(links[2], (Link{0, 3, Path::kSwitch, 0, false}));
  EXPECT_EQ(links[3], (Link{0, 4, Path::kSwitches, 0, false}));
  EXPECT_EQ(links[4], (Link{0, 5, Path::kNode, 0, false}));
  EXPECT_EQ(links[5], (Link{1, 2, Path::kSystem, 0, false}));
  EXPECT_EQ(read->cards[0].nvlinks->peers,
            (std::vector<std::string>{"0000:06:00.0", "0000:06:00.0"}));
  EXPECT_EQ(read->cards[0].nvlinks->up, 3);
}

TEST_F(NvmlReaderTest, ALostCardHidesNoOther) {
  Play(Recorded("h100.json"));
  const auto read = Read();
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_EQ(read->cards[3].state, CardState::kLost);
  EXPECT_THAT(read->cards[3].problems, ElementsAre(IsProblem("card", "GPU is lost (15)")));
  EXPECT_EQ(read->cards[2].state, CardState::kOk);
}

TEST_F(NvmlReaderTest, ACardThatIsLostWhileItIsRead) {
  Play(OneCard(json::object(), json::array({FaultIn("nvmlDeviceGetTemperature", 15)})));
  const auto read = Read();
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_EQ(read->cards[0].state, CardState::kLost);
  EXPECT_EQ(read->cards[0].name, "NVIDIA A100-SXM4-40GB");
  EXPECT_THAT(read->cards[0].problems, ElementsAre(IsProblem("card", "fell off the bus")));
}

TEST_F(NvmlReaderTest, ACardThatComesBackIsSeen) {
  Play(OneCard({{"state", "Lost"}}));
  NvmlReader reader(kFake, watch_);
  EXPECT_EQ(ReadInventory(reader, base::Time{})->cards[0].state, CardState::kLost);
  Play(OneCard());
  EXPECT_EQ(ReadInventory(reader, base::Time{})->cards[0].state, CardState::kOk);
}

TEST_F(NvmlReaderTest, RefusalsCostOneFieldEach) {
  Play(OneCard(
      {{"mig", {{"enabled", true}, {"instances", {{{"profile", "3g.20gb"}, {"start", 0}}}}}}},
      {FaultIn("nvmlDeviceGetPowerUsage", 999),
       FaultIn("nvmlDeviceGetGpuInstancePossiblePlacements_v2", 4),
       FaultIn("nvmlDeviceGetTotalEccErrors", 3), FaultIn("nvmlDeviceGetUUID", 4),
       FaultIn("nvmlDeviceGetNvLinkState", 999),
       FaultIn("nvmlDeviceGetComputeRunningProcesses_v3", 4)}));
  const auto read = Read();
  ASSERT_TRUE(read) << read.error().message;
  const Card& card = read->cards[0];
  EXPECT_EQ(card.state, CardState::kOk);
  EXPECT_EQ(card.health.milliwatts, std::nullopt);
  EXPECT_EQ(card.health.ecc, std::nullopt);
  EXPECT_EQ(card.health.celsius, 35);
  ASSERT_EQ(card.mig->instances.size(), 1U);
  EXPECT_EQ(card.mig->profiles[0].placements, std::nullopt);
  // Said once each, whatever the number of calls; what a card does not have is not said.
  EXPECT_THAT(card.problems,
              ElementsAre(IsProblem("uuid", "nvmlDeviceGetUUID answered no permission (4)"),
                          IsProblem("power", "unknown error (999)"),
                          IsProblem("processes", "no permission (4)"),
                          IsProblem("NVLinks", "unknown error (999)"),
                          IsProblem("MIG placements", "no permission (4)"),
                          IsProblem("MIG uuid", "no permission (4)")));
}

TEST_F(NvmlReaderTest, AnEarlyDriverLacksFieldsAndSaysSo) {
  Play(OneCard(
      {{"memory", {{"totalMiB", 40536}, {"usedMiB", 100}, {"reservedMiB", 500}}},
       {"health", {{"slowdowns", {"PowerCap"}}}},
       {"mig", {{"enabled", true}, {"instances", {{{"profile", "1g.5gb"}, {"start", 6}}}}}}}));
  const auto read = Read(kEarly);
  ASSERT_TRUE(read) << read.error().message;
  const Card& card = read->cards[0];
  EXPECT_EQ(card.memory, (Memory{MiB(40536), MiB(600), std::nullopt}));
  EXPECT_EQ(card.health.slowdowns, (std::vector{Slowdown::kPowerCap}));
  EXPECT_EQ(card.numa_node, std::nullopt);
  ASSERT_EQ(card.mig->profiles.size(), 7U);
  EXPECT_EQ(card.mig->profiles[0].name, "7g.40gb") << "from the table";
  EXPECT_EQ(card.mig->instances[0].placement, (gpu::Placement{6, 1}));
  for (const auto& [what, name] : std::vector<std::pair<std::string, std::string>>{
           {"NUMA node", "nvmlDeviceGetMemoryAffinity"},
           {"MIG placements", "nvmlDeviceGetGpuInstancePossiblePlacements_v2"},
           {"MIG compute instances", "nvmlComputeInstanceGetInfo_v2"},
           {"processes", "nvmlDeviceGetComputeRunningProcesses_v3"}}) {
    EXPECT_THAT(card.problems, Contains(IsProblem(what, "this driver's library has no " + name)));
  }
}

TEST_F(NvmlReaderTest, ManyProcesses) {
  json processes = json::array();
  for (int i = 0; i < 300; ++i) processes.push_back({{"pid", 1000 + i}, {"memoryMiB", i}});
  Play(OneCard({{"processes", processes}}));
  const auto read = Read();
  ASSERT_TRUE(read) << read.error().message;
  ASSERT_EQ(read->cards[0].processes.size(), 300U);
  EXPECT_EQ(read->cards[0].processes[299].memory, MiB(299));
  EXPECT_THAT(read->cards[0].problems, IsEmpty());
}

TEST_F(NvmlReaderTest, ADriverThatIsReloadedIsReadAgain) {
  json fault = FaultIn("nvmlDeviceGetPowerUsage", 1);
  fault["times"] = 1;
  Play(OneCard(json::object(), json::array({fault})));
  const auto read = Read();
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_EQ(read->cards[0].health.milliwatts, 70'000);
  EXPECT_THAT(read->cards[0].problems, IsEmpty());
}

TEST_F(NvmlReaderTest, ADriverThatStaysAwayIsWaitedFor) {
  Play(OneCard(json::object(), json::array({FaultIn("nvmlDeviceGetCount_v2", 1)})));
  NvmlReader reader(kFake, watch_);
  const auto away = ReadInventory(reader, base::Time{});
  ASSERT_FALSE(away);
  EXPECT_EQ(away.error().code, base::ErrorCode::kUnavailable);
  EXPECT_THAT(away.error().message, HasSubstr("is being reloaded"));
  Play(OneCard());
  EXPECT_TRUE(ReadInventory(reader, base::Time{}));
}

TEST_F(NvmlReaderTest, SaysInOneSentenceWhatIsMissing) {
  const auto why = [&](const char* library) {
    const auto read = Read(library);
    EXPECT_FALSE(read);
    EXPECT_EQ(read.error().code, base::ErrorCode::kUnavailable);
    return read.error().message;
  };
  EXPECT_THAT(why("libtangram-none.so.1"), HasSubstr("there is no NVIDIA library here"));
  EXPECT_THAT(why("libm.so.6"), HasSubstr("is not NVIDIA's management library"));
  Play(OneCard(json::object(), json::array({FaultIn("nvmlInit_v2", 9)})));
  EXPECT_THAT(why(kFake), HasSubstr("the NVIDIA driver is not loaded on this node"));
  Play(OneCard(json::object(), json::array({FaultIn("nvmlInit_v2", 18)})));
  EXPECT_THAT(why(kFake), HasSubstr("the library is of another driver than the kernel module"));
  Play(OneCard(json::object(), json::array({FaultIn("nvmlInit_v2", 4)})));
  EXPECT_THAT(why(kFake), HasSubstr("/dev/nvidiactl"));
  Play(OneCard(json::object(), json::array({FaultIn("nvmlInit_v2", 77)})));
  EXPECT_THAT(why(kFake), HasSubstr("nvmlInit_v2 answered unknown error (77)"));
}

// ---- limits of memory ----

class MemoryLimitTest : public NvmlReaderTest {
 protected:
  void SetUp() override {
    NvmlReaderTest::SetUp();
    static int count = 0;  // what is set outlives a test, as a driver's limits do
    at_ = {"GPU-00000000-0000-4000-8000-000000000000", Path("one" + std::to_string(++count))};
    std::filesystem::create_directories(at_.cgroup);
    Play(OneCard({{"memoryLimits", true}, {"cgroupUsedMiB", {{"pod2", 300}}}}));
  }
  NvmlReader Limiting(const char* library = kFake) {
    return {library, watch_, {.cut = false, .limit_memory = true}};
  }
  CgroupOnCard at_;
};

TEST_F(MemoryLimitTest, IsReadBackAsItWasSet) {
  NvmlReader reader = Limiting();
  const auto before = reader.ReadMemoryLimit(at_);
  ASSERT_TRUE(before) << before.error().message;
  EXPECT_EQ(before->most, std::nullopt);
  ASSERT_TRUE(reader.SetMemoryLimit(at_, base::MiB(10'240)));
  EXPECT_EQ(reader.ReadMemoryLimit(at_)->most, base::MiB(10'240));
  std::filesystem::create_directories(Path("pod2"));
  const auto other = reader.ReadMemoryLimit({at_.uuid, Path("pod2")});
  EXPECT_EQ(other->most, std::nullopt) << "it is the first one's";
  EXPECT_EQ(other->used, base::MiB(300));
}

TEST_F(MemoryLimitTest, WhoReadsOnlySetsNone) {
  NvmlReader reader(kFake, watch_);
  EXPECT_EQ(reader.SetMemoryLimit(at_, base::MiB(1)).error().code, base::ErrorCode::kDenied);
}

TEST_F(MemoryLimitTest, SaysWhyNot) {
  NvmlReader reader = Limiting();
  EXPECT_THAT(reader.SetMemoryLimit({at_.uuid, Path("gone")}, base::MiB(1)).error().message,
              HasSubstr("it cannot open " + Path("gone")));
  const auto more = reader.SetMemoryLimit(at_, base::MiB(1'000'000));
  EXPECT_EQ(more.error().code, base::ErrorCode::kHardware);
  EXPECT_EQ(reader.ReadMemoryLimit({"GPU-none", at_.cgroup}).error().code,
            base::ErrorCode::kHardware);
  Play(
      OneCard({{"memoryLimits", true}}, json::array({FaultIn("nvmlDeviceSetMemoryLimits_v1", 4)})));
  NvmlReader denied = Limiting();
  EXPECT_EQ(denied.SetMemoryLimit(at_, base::MiB(1)).error().code, base::ErrorCode::kDenied);
}

TEST_F(MemoryLimitTest, CardsAndDriversThatHaveNone) {
  NvmlReader old = Limiting(kEarly);
  EXPECT_EQ(old.ReadMemoryLimit(at_).error().code, base::ErrorCode::kNotFound);
  Play(OneCard());
  NvmlReader reader = Limiting();
  const auto none = reader.ReadMemoryLimit(at_);
  EXPECT_EQ(none.error().code, base::ErrorCode::kNotFound);
  EXPECT_THAT(none.error().message, HasSubstr("R615"));
}

}  // namespace
}  // namespace tangram::agent

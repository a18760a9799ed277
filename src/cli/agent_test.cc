// tangram agent: how a node's GPUs look, and what is said where there are none.
#include <gmock/gmock.h>

#include <nlohmann/json.hpp>

#include "base/text.h"
#include "cli/run_testing.h"

namespace tangram::cli {
namespace {

using nlohmann::json;
using ::testing::HasSubstr;
using testing::Ran;
using testing::ScopedEnv;
using testing::SourcePath;
using testing::Tangram;

class AgentTest : public testing::InFolder {
 protected:
  // `tangram agent --once` where the fake library plays the machine of `path`.
  static Ran Agent(const std::string& path, const std::vector<std::string>& more = {}) {
    const ScopedEnv played("TANGRAM_FAKE_NVML", path);
    std::vector<std::string> args = {"agent", "--once", "--nvml", TANGRAM_FAKE_NVML_LIBRARY};
    args.insert(args.end(), more.begin(), more.end());
    return Tangram(args);
  }
  static std::string Recorded(const std::string& name) {
    return SourcePath("src/agent/testdata/" + name);
  }
};

TEST_F(AgentTest, TextIsWhatPeopleRead) {
  std::string text;
  for (const char* name : {"h100.json", "workstation.json"}) {
    const Ran ran = Agent(Recorded(name));
    EXPECT_EQ(ran.code, 0);
    EXPECT_EQ(ran.err, "");
    text += ran.out + "\n";
  }
  for (const std::string_view line : base::Split(text, '\n')) {
    EXPECT_LE(base::Columns(line), 100U) << line;
  }
  testing::ExpectGolden("agent.txt", text);
}

TEST_F(AgentTest, JsonSaysWhatTheMachineIs) {
  const Ran ran = Agent(Recorded("h100.json"), {"-o", "json"});
  EXPECT_EQ(ran.code, 0);
  const json all = json::parse(ran.out);
  EXPECT_EQ(all["format"], "tangram-agent");
  EXPECT_EQ(all["takenAt"], "2026-11-21T12:00:00Z");
  EXPECT_EQ(all["driverVersion"], "570.133.20");
  ASSERT_EQ(all["cards"].size(), 4U);
  EXPECT_EQ(all["cards"][0]["model"], "H100-80GB");
  EXPECT_EQ(all["cards"][0]["memory"],
            json::parse(R"({"totalMiB": 81559, "usedMiB": 61440, "reservedMiB": 551})"));
  EXPECT_EQ(all["cards"][1]["mig"]["instances"][3], json::parse(R"({
      "id": 1, "profileId": 9, "profile": "3g.40gb", "start": 4, "size": 4, "computeInstances":
      [{"id": 0, "profileId": 2, "uuid": "MIG-00000001-0000-4000-8000-000000000001"}]})"));
  EXPECT_EQ(all["cards"][3]["state"], "Lost");
  EXPECT_EQ(all["cards"][3]["memory"], nullptr);
  EXPECT_EQ(all["links"][1],
            json::parse(R"({"a": 0, "b": 2, "path": "System", "nvlinks": 0, "nvlinkP2p": true})"));
}

// What is printed of a machine is a machine that can be played.
TEST_F(AgentTest, WhatIsPrintedCanBePlayed) {
  for (const char* name : {"h100.json", "workstation.json"}) {
    const Ran first = Agent(Recorded(name), {"-o", "json"});
    const Ran second = Agent(Write("printed.json", first.out), {"-o", "json"});
    EXPECT_EQ(second.err, "");
    EXPECT_EQ(second.out, first.out);
  }
}

TEST_F(AgentTest, YamlSaysTheSame) {
  const Ran ran = Agent(Recorded("h100.json"), {"-o", "yaml"});
  EXPECT_EQ(ran.code, 0);
  EXPECT_THAT(ran.out, HasSubstr("pciBusId: \"0000:19:00.0\""));
}

TEST_F(AgentTest, SaysInOneSentenceThatThereIsNothing) {
  const Ran none = Tangram({"agent", "--once", "--nvml", "libtangram-none.so.1"});
  EXPECT_EQ(none.code, 3);
  EXPECT_EQ(none.out, "");
  EXPECT_THAT(none.err, HasSubstr("tangram: there is no NVIDIA library here ("));
  const Ran empty = Agent(Write("empty.json", R"({"cards": []})"));
  EXPECT_EQ(empty.code, 3);
  EXPECT_EQ(empty.err, "tangram: the NVIDIA driver 570.133.20 runs here, and sees no GPU\n");
  const Ran unloaded = Agent(Write("unloaded.json", R"({"cards": [], "faults":
      [{"call": "nvmlInit_v2", "answer": 9}]})"));
  EXPECT_EQ(unloaded.code, 3);
  EXPECT_THAT(unloaded.err, HasSubstr("tangram: the NVIDIA driver is not loaded on this node"));
}

TEST_F(AgentTest, ACallThatHangsIsSaid) {
  const std::string machine = Write("hangs.json", R"({
      "cards": [{"name": "NVIDIA L4"}, {"name": "NVIDIA L4"}],
      "faults": [{"call": "nvmlDeviceGetName", "card": 0, "milliseconds": -1}]})");
  const Ran ran = Agent(machine, {"--timeout-ms", "300"});
  EXPECT_EQ(ran.code, 0);
  EXPECT_THAT(ran.out, HasSubstr("nvmlDeviceGetName of card 0 did not answer within 300 ms"));
  EXPECT_THAT(ran.out, HasSubstr("    1  L4 "));
}

TEST_F(AgentTest, NoTextMovesTheCursor) {
  const Ran known = Agent(Write("named.json", R"({"cards": [{"name": "Z\u001b[2J",
      "memory": null}], "driverVersion": "1\u001b[2J"})"));
  EXPECT_EQ(known.code, 0) << known.err;
  EXPECT_EQ(known.out.find('\x1b'), std::string::npos);
}

TEST_F(AgentTest, RefusesBadUsage) {
  EXPECT_EQ(Tangram({"agent", "-o", "json"}).code, 2);  // which is of --once
  const struct {
    std::vector<std::string> args;
    const char* message;
  } refused[] = {
      {{"agent", "--every", "often"}, "--every"},
      {{"agent", "--every", "100ms"}, "counters need 1s or more between samples"},
      {{"agent", "--metrics-address", "x"}, "--metrics-address: found \"x\"; write HOST:PORT"},
      {{"agent", "--health-address", ":99999"}, "--health-address"},
      {{"agent", "--metrics-address", "no.such.host.:1"}, "--metrics-address"},
      {{"agent", "--limit-memory", "--pod-resources", ""}, "name its socket with --pod-resources"},
  };
  for (const auto& [args, message] : refused) {
    const Ran ran = Tangram(args);
    EXPECT_EQ(ran.code, 2);
    EXPECT_THAT(ran.err, HasSubstr(message));
  }
  EXPECT_EQ(Agent(Recorded("h100.json"), {"-o", "xml"}).code, 2);
  EXPECT_EQ(Agent(Recorded("h100.json"), {"--timeout-ms", "0"}).code, 2);
}

}  // namespace
}  // namespace tangram::cli

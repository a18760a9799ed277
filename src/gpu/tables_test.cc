// The constexpr tables say what the data files say, field by field.
#include <gtest/gtest.h>

#include <fstream>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "gpu/gpu.h"

namespace tangram::gpu {
namespace {

using nlohmann::json;

json ReadData(const std::string& name) {
  std::ifstream file(std::string(TANGRAM_SOURCE_DIR) + "/data/" + name);
  EXPECT_TRUE(file.is_open()) << name;
  return json::parse(file);
}

template <class Span>
std::vector<std::string> Texts(const Span& span) {
  return {span.begin(), span.end()};
}

int OrZero(const json& value) { return value.is_null() ? 0 : value.get<int>(); }

std::string Mark(const json& mark) {
  if (mark.is_null()) return "unknown";
  const bool inferred =
      mark.is_string() && mark.get<std::string>().find("INFERRED") != std::string::npos;
  return inferred ? "inferred" : "verified";
}

void ExpectSameProfile(const MigProfile& got, const json& want) {
  SCOPED_TRACE(got.name);
  EXPECT_EQ(got.id, want["id"].is_null() ? -1 : want["id"].get<int>());
  EXPECT_EQ(got.compute_slices, want["computeSlices"]);
  EXPECT_EQ(got.memory_slices, OrZero(want["memorySlices"]));
  EXPECT_EQ(got.memory.has_value(), want["memoryMiB"].is_number());
  if (got.memory) {
    EXPECT_EQ(got.memory->value(), want["memoryMiB"]);
  }
  const std::vector<int> starts(got.starts.begin(), got.starts.end());
  EXPECT_EQ(starts, want["placements"].is_null() ? std::vector<int>()
                                                 : want["placements"].get<std::vector<int>>());
  EXPECT_EQ(got.max_instances, want["maxInstances"]);
}

TEST(Tables, ModelsSayWhatTheFileSays) {
  const json models = ReadData("gpu_models.json")["models"];
  EXPECT_EQ(Models().size(), models.size());
  for (const json& want : models) {
    const Model* got = ModelNamed(want["name"].get<std::string>());
    ASSERT_NE(got, nullptr) << want["name"];
    SCOPED_TRACE(got->name);
    EXPECT_EQ(Texts(got->products), want["products"].get<std::vector<std::string>>());
    EXPECT_EQ(Texts(got->pci_ids), want["pciIds"].get<std::vector<std::string>>());
    EXPECT_EQ(NameOf(got->architecture), want["architecture"].get<std::string>());
    EXPECT_EQ(std::to_string(got->compute_major) + "." + std::to_string(got->compute_minor),
              want["computeCapability"].get<std::string>());
    EXPECT_EQ(got->memory.value(), want["memoryMiB"]);
    EXPECT_EQ(got->nvlink.generation, want["nvlink"]["generation"]);
    EXPECT_EQ(got->nvlink.gb_per_second, want["nvlink"]["gbPerSecond"]);
    EXPECT_EQ(got->nvlink.bridge, want["nvlink"]["bridge"]);
    EXPECT_EQ(got->has_mig(), want["mig"].is_string());
  }
}

TEST(Tables, ProfilesSayWhatTheFileSays) {
  const json boards = ReadData("mig_profiles.json");
  int compared = 0;
  const json models = ReadData("gpu_models.json")["models"];
  for (const json& model : models) {
    if (model["mig"].is_null()) continue;
    const Model& got = *ModelNamed(model["name"].get<std::string>());
    const json& board = boards[model["mig"].get<std::string>()];
    SCOPED_TRACE(got.name);
    EXPECT_EQ(got.memory_slices, OrZero(board["memorySlices"]));
    EXPECT_EQ(got.compute_slices, board["computeSlices"]);
    EXPECT_EQ(got.mig_toggle_needs_reset, !board["resetlessMigToggle"].get<bool>());
    EXPECT_EQ(got.profiles.size(), board["profiles"].size());
    for (const json& want : board["profiles"]) {
      const MigProfile* profile = ProfileNamed(got, want["name"].get<std::string>());
      ASSERT_NE(profile, nullptr) << want["name"];
      ExpectSameProfile(*profile, want);
      ++compared;
    }
  }
  EXPECT_GT(compared, 100);
}

TEST(Tables, MarksAreKeptOnTheBoardTheyWereReadFrom) {
  const json boards = ReadData("mig_profiles.json");
  for (const char* name : {"A100-40GB", "A100-80GB", "H100-80GB", "H200-141GB", "GB200-186GB"}) {
    const Model& model = *ModelNamed(name);
    for (const json& want : boards[name]["profiles"]) {
      const MigProfile& profile = *ProfileNamed(model, want["name"].get<std::string>());
      SCOPED_TRACE(std::string(name) + " " + std::string(profile.name));
      EXPECT_EQ(NameOf(profile.placement_evidence), Mark(want["verified"]["placements"]));
      EXPECT_EQ(NameOf(profile.memory_evidence), Mark(want["verified"]["memoryMiB"]));
      const bool known = want["multiprocessors"].is_number();
      EXPECT_EQ(profile.multiprocessors.has_value(), known);
      if (known) {
        EXPECT_EQ(profile.multiprocessors, want["multiprocessors"].get<int>());
      }
    }
  }
}

}  // namespace
}  // namespace tangram::gpu

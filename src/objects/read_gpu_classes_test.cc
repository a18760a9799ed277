// Files that are taken, and files that are refused: testdata/gpu_class has one of each kind.
#include "objects/read_gpu_classes.h"

#include <gmock/gmock.h>

#include <filesystem>
#include <map>

#include "gpu/gpu.h"
#include "objects/files_testing.h"
#include "yaml/load.h"

namespace tangram::objects {
namespace {

using cluster::GpuClass;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::SizeIs;

std::vector<GpuClass> Good(const std::string& name) {
  auto classes = ReadGpuClasses(TextOf(kTestdata / "gpu_class/good" / name));
  EXPECT_TRUE(classes) << classes.error().message;
  return classes.value_or(std::vector<GpuClass>());
}

TEST(ReadGpuClasses, ReadsEveryField) {
  const auto classes = Good("full.yaml");
  ASSERT_THAT(classes, SizeIs(1));
  const GpuClass& one = classes.front();
  EXPECT_EQ(one.name, "every.field-1");
  EXPECT_EQ(one.count, 2);
  EXPECT_EQ(one.memory, base::MiB(20480));
  EXPECT_EQ(one.compute, 40);
  EXPECT_THAT(one.models, ElementsAre("H100-80GB", "A100-80GB"));
  EXPECT_THAT(one.selectors,
              ElementsAre("device.driver == 'gpu.nvidia.com'", HasSubstr("'3g.40gb'\n")));
  EXPECT_EQ(one.isolation, GpuClass::Isolation::kHardware);
  EXPECT_EQ(one.latency, GpuClass::Latency::kSensitive);
  EXPECT_TRUE(one.interruptible);
  EXPECT_EQ(one.topology, "NVLink");
  EXPECT_EQ(one.priority_class, "research.high");
  EXPECT_THAT(one.fallbacks, ElementsAre("b", "a")) << "in their order";
}

TEST(ReadGpuClasses, LeavesTheRestAsTheDefaults) {
  for (const std::string file : {"least.yaml", "nulls.yaml"}) {
    const auto classes = Good(file);
    ASSERT_THAT(classes, SizeIs(1)) << file;
    GpuClass want;
    want.name = classes.front().name;
    EXPECT_EQ(classes.front(), want) << file;
  }
}

TEST(ReadGpuClasses, ReadsWhatTheApiServerReturns) {
  const auto classes = Good("returned.json");
  ASSERT_THAT(classes, SizeIs(1));
  EXPECT_EQ(classes.front().name, "returned");
  EXPECT_THAT(classes.front().uid, SizeIs(36));
  EXPECT_EQ(classes.front().generation, 1);
  EXPECT_EQ(classes.front().isolation, GpuClass::Isolation::kExclusive);
}

TEST(ReadGpuClasses, RoundsMemoryUpToMiB) {
  std::map<std::string, std::int64_t> mib;
  for (const GpuClass& one : Good("memory.yaml")) mib[one.name] = one.memory.value().value();
  const std::map<std::string, std::int64_t> want = {
      {"bytes", 1024}, {"decimal", 1536}, {"decimal-unit", 19074}, {"ki", 1},
      {"least", 1},    {"most", 1 << 20}, {"text-bytes", 1024},    {"up", 2}};
  EXPECT_EQ(mib, want);
}

TEST(ReadGpuClasses, ReadsTheExamples) {
  const auto classes = ReadGpuClasses(TextOf(TANGRAM_SOURCE_DIR "/examples/classes.yaml"));
  ASSERT_TRUE(classes) << classes.error().message;
  EXPECT_THAT(*classes, SizeIs(5));
}

// A file may name a class that is only in the cluster.
TEST(ReadGpuClasses, TakesFallbacksThatAreNotInTheText) {
  EXPECT_THAT(Good("full.yaml").front().fallbacks, SizeIs(2));
}

// Each file ends in the message that it deserves.
TEST(ReadGpuClasses, SaysWhatIsWrong) {
  const auto files = RefusedFiles("gpu_class");
  EXPECT_GT(files.size(), 40U);
  for (const RefusedFile& file : files) {
    const auto classes = ReadGpuClasses(file.text);
    ASSERT_FALSE(classes) << file.name;
    EXPECT_THAT(classes.error().message, HasSubstr(file.message)) << file.name;
    EXPECT_TRUE(classes.error().message.starts_with("line ")) << file.name;
  }
}

// The API server knows the names that this program knows.
TEST(Crds, NameEveryModelAndProfile) {
  const auto names_in = [](const std::string& file, std::string_view section,
                           std::string_view field) {
    const auto crd = yaml::Load(TextOf(std::filesystem::path(TANGRAM_SOURCE_DIR) / "deploy/crds" /
                                       ("tangram.dev_" + file + ".yaml")));
    yaml::Path at = yaml::Path() / "spec" / "versions" / 0U / "schema" / "openAPIV3Schema" /
                    "properties" / "spec" / "properties";
    if (!section.empty()) at = at / section / "properties";
    std::vector<std::string> names;
    for (const yaml::Value& name : yaml::At(crd->front(), at / field / "items" / "enum")->items) {
      names.push_back(name.text);
    }
    return names;
  };
  std::vector<std::string> models;
  std::vector<std::string> profiles;
  for (const gpu::Model& model : gpu::Models()) {
    models.emplace_back(model.name);
    for (const gpu::MigProfile& profile : model.profiles) profiles.emplace_back(profile.name);
  }
  std::sort(profiles.begin(), profiles.end());
  profiles.erase(std::unique(profiles.begin(), profiles.end()), profiles.end());
  EXPECT_EQ(names_in("gpuclasses", "", "models"), models);
  EXPECT_EQ(names_in("gpupools", "partitioning", "allowedProfiles"), profiles);
}

}  // namespace
}  // namespace tangram::objects

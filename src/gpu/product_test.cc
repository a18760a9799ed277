#include <gtest/gtest.h>

#include <string>

#include "gpu/gpu.h"

namespace tangram::gpu {
namespace {

struct ProductCase {
  std::string name;
  std::string product;
  std::optional<base::MiB> memory;
  std::string model;  // "" for unknown
  std::string board;
  std::string mig_profile;
  enum { kAlone, kShared } sharing = kAlone;
};

const std::string kA100 = "NVIDIA-A100-SXM4-40GB";
const std::string kPro5000 = "NVIDIA-RTX-PRO-5000-Blackwell";

const ProductCase kCases[] = {
    {"Plain", kA100, {}, "A100-40GB", kA100, ""},
    {"Mig", kA100 + "-MIG-1g.5gb", {}, "A100-40GB", kA100, "1g.5gb"},
    {"Shared", kA100 + "-SHARED", {}, "A100-40GB", kA100, "", ProductCase::kShared},
    {"MigShared",
     kA100 + "-MIG-1g.5gb-SHARED",
     {},
     "A100-40GB",
     kA100,
     "1g.5gb",
     ProductCase::kShared},
    {"MigInvalid", kA100 + "-MIG-INVALID", {}, "A100-40GB", kA100, "INVALID"},
    {"Blanks", "NVIDIA A100-SXM4-40GB", {}, "A100-40GB", kA100, ""},
    {"NvmlMigDevice", "NVIDIA A100-SXM4-40GB MIG 1g.5gb", {}, "A100-40GB", kA100, "1g.5gb"},
    {"LowerCase", "nvidia-a100-sxm4-40gb", {}, "A100-40GB", "nvidia-a100-sxm4-40gb", ""},
    {"T4", "Tesla-T4", {}, "T4-16GB", "Tesla-T4", ""},
    {"V100", "Tesla-V100-SXM2-16GB", {}, "V100-16GB", "Tesla-V100-SXM2-16GB", ""},
    {"H100Dra", "NVIDIA H100 80GB HBM3", {}, "H100-80GB", "NVIDIA-H100-80GB-HBM3", ""},
    {"MigMemoryDoesNotMislead", kA100 + "-MIG-1g.5gb", base::MiB(4864), "A100-40GB", kA100,
     "1g.5gb"},
    {"Unknown", "NVIDIA-Z9000", {}, "", "NVIDIA-Z9000", ""},
    {"UnknownKeepsSuffixes",
     "NVIDIA-Z9000-MIG-1g.1gb-SHARED",
     {},
     "",
     "NVIDIA-Z9000",
     "1g.1gb",
     ProductCase::kShared},
    {"PrefixIsNotAMatch", "NVIDIA-A100", {}, "", "NVIDIA-A100", ""},
    {"Empty", "", {}, "", "", ""},
    {"OnlySuffixes", "-MIG--SHARED", {}, "", "", "", ProductCase::kShared},
    {"NonAscii", "NVIDIA-A100\xE2\x84\xA2-SXM4-40GB", {}, "A100-40GB", kA100, ""},
    {"ByMemory48", kPro5000, base::MiB(48935), "RTX-PRO-5000-Blackwell-48GB", kPro5000, ""},
    {"ByMemory72", kPro5000, base::MiB(73415), "RTX-PRO-5000-Blackwell-72GB", kPro5000, ""},
    {"ByProfile",
     kPro5000 + "-MIG-1g.12gb",
     {},
     "RTX-PRO-5000-Blackwell-48GB",
     kPro5000,
     "1g.12gb"},
    {"AmbiguousIsUnknown", kPro5000, {}, "", kPro5000, ""},
    {"MemoryOfNeither", kPro5000, base::MiB(60000), "", kPro5000, ""},
    {"NegativeMemory", kPro5000, base::MiB(-1), "", kPro5000, ""},
};

class ParseProductTest : public testing::TestWithParam<ProductCase> {};

TEST_P(ParseProductTest, Reads) {
  const ProductCase& c = GetParam();
  const ProductName name = ParseProduct(c.product, c.memory);
  EXPECT_EQ(name.model == nullptr ? "" : name.model->name, c.model);
  EXPECT_EQ(name.board, c.board);
  EXPECT_EQ(name.mig_profile, c.mig_profile);
  EXPECT_EQ(name.shared, c.sharing == ProductCase::kShared);
  EXPECT_EQ(ModelOfDevice(c.product, c.memory), name.model);
}

INSTANTIATE_TEST_SUITE_P(Table, ParseProductTest, testing::ValuesIn(kCases),
                         [](const auto& test) { return test.param.name; });

TEST(ParseProduct, SurvivesHostileText) {
  const std::string long_text(10'000, 'A');
  EXPECT_EQ(ParseProduct(long_text).model, nullptr);
  std::string many;
  for (int i = 0; i < 1000; ++i) many += "-MIG-1g.5gb-SHARED";
  EXPECT_EQ(ParseProduct(many).model, nullptr);
  std::string bytes;
  for (int i = 0; i < 256; ++i) bytes += static_cast<char>(i);
  EXPECT_EQ(ParseProduct(bytes).model, nullptr);
}

TEST(ParseProduct, EveryProductOfTheTableIsRead) {
  for (const Model& model : Models()) {
    for (const std::string_view product : model.products) {
      const std::string full = std::string(product) + "-SHARED";
      EXPECT_EQ(ParseProduct(full, model.memory).model, &model) << full;
    }
  }
}

}  // namespace
}  // namespace tangram::gpu

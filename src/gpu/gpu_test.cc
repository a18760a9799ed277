#include "gpu/gpu.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <set>
#include <string>

namespace tangram::gpu {
namespace {

TEST(Models, AreOrderedByNameAndSane) {
  ASSERT_FALSE(Models().empty());
  EXPECT_TRUE(std::is_sorted(Models().begin(), Models().end(),
                             [](const auto& a, const auto& b) { return a.name < b.name; }));
  for (const Model& model : Models()) {
    EXPECT_GT(model.memory, base::MiB(0)) << model.name;
    EXPECT_FALSE(model.products.empty()) << model.name;
    EXPECT_EQ(model.nvlink.generation == 0, model.nvlink.gb_per_second == 0) << model.name;
  }
}

TEST(Models, ProfilesStandLargestFirst) {
  for (const Model& model : Models()) {
    for (std::size_t i = 1; i < model.profiles.size(); ++i) {
      const MigProfile& larger = model.profiles[i - 1];
      const MigProfile& smaller = model.profiles[i];
      EXPECT_GE(std::pair(larger.compute_slices, larger.memory_slices),
                std::pair(smaller.compute_slices, smaller.memory_slices))
          << model.name << " " << smaller.name;
    }
  }
}

TEST(Models, OnlyAmpereNeedsAResetToToggleMig) {
  for (const Model& model : Models()) {
    if (!model.has_mig()) continue;
    EXPECT_EQ(model.mig_toggle_needs_reset, model.architecture == Architecture::kAmpere)
        << model.name;
  }
}

TEST(ModelNamed, FindsExactNamesAndFamilies) {
  ASSERT_NE(ModelNamed("A100-40GB"), nullptr);
  EXPECT_EQ(ModelNamed("A100-40GB")->name, "A100-40GB");
  EXPECT_EQ(ModelNamed("a100-40gb"), ModelNamed("A100-40GB"));
  EXPECT_EQ(ModelNamed("T4"), ModelNamed("T4-16GB"));
  EXPECT_EQ(ModelNamed("H100-NVL"), ModelNamed("H100-NVL-94GB"));
  EXPECT_EQ(ModelNamed("A100"), nullptr) << "40 or 80 GB?";
  EXPECT_EQ(ModelNamed(""), nullptr);
  EXPECT_EQ(ModelNamed("A100-40"), nullptr);
  for (const Model& model : Models()) EXPECT_EQ(ModelNamed(model.name), &model);
}

struct NameCase {
  std::string model;
  std::string spelled;
  std::string want;  // "" for none
};

class ProfileNamedTest : public testing::TestWithParam<NameCase> {};

TEST_P(ProfileNamedTest, ReadsEverySpelling) {
  const NameCase& c = GetParam();
  const Model* model = ModelNamed(c.model);
  ASSERT_NE(model, nullptr);
  const MigProfile* profile = ProfileNamed(*model, c.spelled);
  EXPECT_EQ(profile == nullptr ? "" : profile->name, c.want) << c.spelled;
}

INSTANTIATE_TEST_SUITE_P(
    Table, ProfileNamedTest,
    testing::Values(NameCase{"A100-40GB", "1g.5gb", "1g.5gb"},
                    NameCase{"A100-40GB", "1g5gb", "1g.5gb"},
                    NameCase{"A100-40GB", "1g.5gb+me", "1g.5gb+me"},
                    NameCase{"A100-40GB", "1g.5gb.me", "1g.5gb+me"},
                    NameCase{"A100-40GB", "1g5gb-me", "1g.5gb+me"},
                    NameCase{"A100-40GB", "1g.5gb-me", ""}, NameCase{"A100-40GB", "1G.5GB", ""},
                    NameCase{"A100-40GB", "1g.6gb", ""}, NameCase{"A100-40GB", "", ""},
                    NameCase{"H100-80GB", "1g10gb", "1g.10gb"},
                    NameCase{"H100-80GB", "3g.40gb", "3g.40gb"}, NameCase{"T4-16GB", "1g.5gb", ""},
                    NameCase{"RTX-PRO-6000-Blackwell-96GB", "1g.24gb-me", "1g.24gb-me"},
                    NameCase{"RTX-PRO-6000-Blackwell-96GB", "1g.24gb.me", "1g.24gb+me"},
                    NameCase{"RTX-PRO-6000-Blackwell-96GB", "1g.24gb.me.all", "1g.24gb+me.all"},
                    NameCase{"RTX-PRO-6000-Blackwell-96GB", "1g24gb", "1g.24gb"},
                    NameCase{"RTX-PRO-6000-Blackwell-96GB", "1g24gb-me", ""}));

TEST(ProfileNamed, EveryProfileIsFoundByItsOwnSpellings) {
  for (const Model& model : Models()) {
    for (const MigProfile& profile : model.profiles) {
      EXPECT_EQ(ProfileNamed(model, profile.name), &profile);
      const std::string resource = ResourceNameOf(profile);
      ASSERT_TRUE(resource.starts_with("nvidia.com/mig-"));
      EXPECT_EQ(ProfileNamed(model, std::string_view(resource).substr(15)), &profile) << resource;
      EXPECT_LE(resource.size() - std::string("nvidia.com/").size(), 63U);
      if (profile.id >= 0) {
        EXPECT_EQ(ProfileById(model, profile.id), &profile);
      }
      EXPECT_TRUE(IsKnownProfile(profile.name));
    }
    EXPECT_EQ(ProfileById(model, -1), nullptr);
  }
}

TEST(IsKnownProfile, ReadsThreeSpellingsAndNothingElse) {
  for (const char* known :
       {"1g.5gb", "1g5gb", "1g.5gb.me", "1g.5gb+me", "7g.141gb", "1g.24gb-me"}) {
    EXPECT_TRUE(IsKnownProfile(known)) << known;
  }
  for (const char* unknown : {"", "1g", "1g.7gb", "1G.5GB", "mig-1g.5gb", "1g.5gb.shared"}) {
    EXPECT_FALSE(IsKnownProfile(unknown)) << unknown;
  }
}

TEST(ResourceNameOf, SpellsPlusAsDot) {
  const Model& a100 = *ModelNamed("A100-40GB");
  EXPECT_EQ(ResourceNameOf(*ProfileNamed(a100, "1g.5gb")), "nvidia.com/mig-1g.5gb");
  EXPECT_EQ(ResourceNameOf(*ProfileNamed(a100, "1g.5gb+me")), "nvidia.com/mig-1g.5gb.me");
}

TEST(Sharing, MpsClientsByComputeCapability) {
  EXPECT_EQ(MaxMpsClients(*ModelNamed("V100-16GB")), 16);
  EXPECT_EQ(MaxMpsClients(*ModelNamed("T4-16GB")), 48);
  EXPECT_EQ(MaxMpsClients(*ModelNamed("B200-180GB")), 48);
  EXPECT_FALSE(MpsAllowedOnMig());
}

TEST(Facts, MemoryIsNotWhatTheNameSays) {
  EXPECT_EQ(ProfileNamed(*ModelNamed("A100-40GB"), "1g.5gb")->memory, base::MiB(4864));
  EXPECT_EQ(ProfileNamed(*ModelNamed("H200-141GB"), "7g.141gb")->memory, std::nullopt);
}

TEST(Facts, TablesOfSisterBoardsAreInferred) {
  EXPECT_EQ(ModelNamed("H100-80GB")->profiles.front().placement_evidence, Evidence::kVerified);
  EXPECT_EQ(ModelNamed("H800-80GB")->profiles.front().placement_evidence, Evidence::kInferred);
  EXPECT_EQ(ModelNamed("H100-PCIe-80GB")->profiles.front().multiprocessors, std::nullopt);
}

TEST(Names, OfEnums) {
  EXPECT_EQ(NameOf(Architecture::kHopper), "Hopper");
  EXPECT_EQ(NameOf(Evidence::kInferred), "inferred");
}

}  // namespace
}  // namespace tangram::gpu

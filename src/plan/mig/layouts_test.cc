// Layouts against exhaustion over placements.
#include "plan/mig/layouts.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "plan/mig/mig_testing.h"

namespace tangram::plan::mig {
namespace {

using testing::ModelOf;
using testing::Profiles;
using testing::ProfilesOf;

Profiles PlainOf(const gpu::Model& model) {
  Profiles profiles = ProfilesOf(model);
  std::erase_if(profiles, [](const gpu::MigProfile* profile) { return !profile->is_plain(); });
  return profiles;
}

std::set<std::vector<int>> MaximalOf(const std::set<std::vector<int>>& sets) {
  std::set<std::vector<int>> maximal;
  for (const auto& set : sets) {
    const bool inside = std::any_of(sets.begin(), sets.end(), [&](const auto& other) {
      return other != set && std::equal(set.begin(), set.end(), other.begin(), std::less_equal<>());
    });
    if (!inside) maximal.insert(set);
  }
  return maximal;
}

void ExpectPlaced(const gpu::Model& model, const Profiles& profiles, const Layout& layout) {
  testing::Card card;
  std::vector<int> counts(profiles.size(), 0);
  int last = -1;
  for (const gpu::Occupied& one : layout.placements) {
    EXPECT_GT(one.start, last);
    last = one.start;
    EXPECT_EQ(std::count(one.profile->starts.begin(), one.profile->starts.end(), one.start), 1);
    EXPECT_TRUE(card.Add(*one.profile, one.start)) << model.name;
    const auto at = std::find(profiles.begin(), profiles.end(), one.profile);
    ++counts[static_cast<std::size_t>(at - profiles.begin())];
  }
  EXPECT_EQ(counts, layout.counts);
}

TEST(MaximalLayouts, AreThoseOfExhaustionOnEveryModel) {
  int models = 0;
  for (const gpu::Model& model : gpu::Models()) {
    for (const Profiles& profiles : {ProfilesOf(model), PlainOf(model)}) {
      if (profiles.empty()) continue;
      ++models;
      std::set<std::vector<int>> found;
      for (const Layout& layout : MaximalLayouts(model, profiles)) {
        ExpectPlaced(model, profiles, layout);
        EXPECT_TRUE(found.insert(layout.counts).second) << "twice on " << model.name;
      }
      EXPECT_EQ(found, MaximalOf(testing::AllSets(profiles))) << model.name;
    }
  }
  EXPECT_GT(models, 20);
}

struct Known {
  std::string model;
  std::size_t plain;
  std::size_t all;
};

TEST(MaximalLayouts, AreSoMany) {
  for (const Known& known :
       {Known{"A100-40GB", 28, 44}, Known{"H200-141GB", 28, 44}, Known{"A30-24GB", 4, 8},
        Known{"RTX-PRO-6000-Blackwell-96GB", 4, 64}}) {
    const gpu::Model& model = ModelOf(known.model);
    EXPECT_EQ(MaximalLayouts(model, PlainOf(model)).size(), known.plain) << known.model;
    EXPECT_EQ(MaximalLayouts(model, ProfilesOf(model)).size(), known.all) << known.model;
  }
}

TEST(MaximalLayouts, OfOneProfileIsOneFullCard) {
  const gpu::Model& a100 = ModelOf("A100-40GB");
  const Profiles small = {gpu::ProfileNamed(a100, "1g.5gb")};
  const auto layouts = MaximalLayouts(a100, small);
  ASSERT_EQ(layouts.size(), 1U);
  EXPECT_EQ(layouts.front().counts, std::vector<int>{7});
}

TEST(MaximalLayouts, OfNothingOrUnknownPlacementsAreNone) {
  EXPECT_TRUE(MaximalLayouts(ModelOf("A100-40GB"), {}).empty());
  const gpu::Model& unknown = ModelOf("RTX-PRO-5000-Blackwell-48GB");
  const Profiles profiles = {&unknown.profiles.front()};
  EXPECT_TRUE(MaximalLayouts(unknown, profiles).empty());
}

}  // namespace
}  // namespace tangram::plan::mig

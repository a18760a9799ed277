// Laws of placement, each by exhaustion.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <map>
#include <set>
#include <string>

#include "gpu/gpu.h"

namespace tangram::gpu {
namespace {

using Layout = std::vector<Occupied>;
using Multiset = std::vector<const MigProfile*>;  // sorted

std::vector<const MigProfile*> Where(const Model& model,
                                     const std::function<bool(const MigProfile&)>& wanted) {
  std::vector<const MigProfile*> found;
  for (const MigProfile& profile : model.profiles) {
    if (wanted(profile)) found.push_back(&profile);
  }
  return found;
}

// Written apart from Fits(): a bit a memory slice.
bool MayStandTogether(const Layout& layout) {
  unsigned taken = 0;
  int extensions = 0;
  int takes_all = 0;
  int has_media = 0;
  for (const Occupied& one : layout) {
    const unsigned bits = ((1U << one.profile->memory_slices) - 1U) << one.start;
    if ((taken & bits) != 0) return false;
    taken |= bits;
    const std::string_view name = one.profile->name;
    extensions += name.ends_with("+me") ? 1 : 0;
    takes_all += name.ends_with("+me.all") ? 1 : 0;
    has_media += name.ends_with("-me") ? 0 : 1;
  }
  return extensions <= 1 && (takes_all == 0 || has_media == 1);
}

// Calls `visit` with every set of placements of `profiles` that may stand together.
void EachLayout(const std::vector<const MigProfile*>& profiles,
                const std::function<void(const Layout&)>& visit) {
  Layout places;
  for (const MigProfile* profile : profiles) {
    for (const int start : profile->starts) places.push_back({profile, start});
  }
  Layout layout;
  const std::function<void(std::size_t)> extend = [&](std::size_t from) {
    visit(layout);
    for (std::size_t i = from; i < places.size(); ++i) {
      layout.push_back(places[i]);
      if (MayStandTogether(layout)) extend(i + 1);
      layout.pop_back();
    }
  };
  extend(0);
}

int MaximalLayouts(const Model& model, const std::vector<const MigProfile*>& profiles) {
  int count = 0;
  EachLayout(profiles, [&](const Layout& layout) {
    const bool room = std::any_of(profiles.begin(), profiles.end(), [&](const MigProfile* more) {
      return std::any_of(more->starts.begin(), more->starts.end(),
                         [&](int start) { return Fits(model, layout, *more, start); });
    });
    if (!room) ++count;
  });
  return count;
}

bool IsBase(const MigProfile& profile) {
  return profile.is_plain() && (profile.compute_slices != 1 || profile.memory_slices == 1);
}
bool IsPlain(const MigProfile& profile) { return profile.is_plain(); }

TEST(MaximalLayouts, AreAsManyAsNvidiaCounts) {
  const Model& a100 = *ModelNamed("A100-40GB");
  EXPECT_EQ(MaximalLayouts(a100, Where(a100, IsBase)), 19);
  EXPECT_EQ(MaximalLayouts(a100, Where(a100, IsPlain)), 78);
  const Model& a30 = *ModelNamed("A30-24GB");
  EXPECT_EQ(MaximalLayouts(a30, Where(a30, IsPlain)), 5);
  const Model& pro = *ModelNamed("RTX-PRO-6000-Blackwell-96GB");
  EXPECT_EQ(MaximalLayouts(pro, Where(pro, IsPlain)), 5);
}

class LayoutLaw : public testing::TestWithParam<std::string> {
 protected:
  const Model& model() const { return *ModelNamed(GetParam()); }
  std::vector<const MigProfile*> profiles() const {
    return Where(model(), [](const MigProfile&) { return true; });
  }
};

TEST_P(LayoutLaw, FitsAgreesWithBits) {
  EachLayout(profiles(), [&](const Layout& layout) {
    for (const MigProfile* more : profiles()) {
      for (int start = -1; start <= model().memory_slices; ++start) {
        Layout wider = layout;
        wider.push_back({more, start});
        const bool legal = std::count(more->starts.begin(), more->starts.end(), start) > 0;
        ASSERT_EQ(Fits(model(), layout, *more, start), legal && MayStandTogether(wider));
      }
    }
  });
}

TEST_P(LayoutLaw, FindLayoutAgreesWithBruteForce) {
  std::set<Multiset> possible;
  EachLayout(profiles(), [&](const Layout& layout) {
    Multiset names;
    for (const Occupied& one : layout) names.push_back(one.profile);
    std::sort(names.begin(), names.end());
    possible.insert(names);
  });
  int asked = 0;
  Multiset wanted;
  const std::vector<const MigProfile*> all = profiles();
  const std::function<void(std::size_t)> ask = [&](std::size_t from) {
    const auto found = FindLayout(model(), wanted);
    ++asked;
    ASSERT_EQ(found.has_value(), possible.contains(wanted));
    if (found) {
      Layout layout;
      for (std::size_t i = 0; i < wanted.size(); ++i) {
        ASSERT_TRUE(Fits(model(), layout, *wanted[i], (*found)[i]));
        layout.push_back({wanted[i], (*found)[i]});
      }
    }
    if (wanted.size() == 7) return;
    for (std::size_t i = from; i < all.size(); ++i) {
      wanted.push_back(all[i]);
      ask(i);
      wanted.pop_back();
    }
  };
  ask(0);
  EXPECT_GT(asked, 700);
}

TEST_P(LayoutLaw, IntervalsImplyTheMaximumAndTheProcessors) {
  const int whole = model().profiles.front().multiprocessors.value_or(0);
  EachLayout(profiles(), [&](const Layout& layout) {
    std::map<const MigProfile*, int> count;
    int processors = 0;
    for (const Occupied& one : layout) {
      ASSERT_LE(++count[one.profile], one.profile->max_instances) << one.profile->name;
      processors += one.profile->multiprocessors.value_or(0);
    }
    ASSERT_LE(processors, whole);
  });
}

INSTANTIATE_TEST_SUITE_P(Models, LayoutLaw,
                         testing::Values("A100-40GB", "A30-24GB", "H100-80GB",
                                         "RTX-PRO-6000-Blackwell-96GB"),
                         [](const auto& test) {
                           std::string name = test.param;
                           std::erase(name, '-');
                           return name;
                         });

TEST(FindLayout, AnswersInTheOrderAsked) {
  const Model& a100 = *ModelNamed("A100-40GB");
  const MigProfile* small = ProfileNamed(a100, "1g.5gb");
  const MigProfile* large = ProfileNamed(a100, "4g.20gb");
  const MigProfile* const wanted[] = {small, large};
  const auto found = FindLayout(a100, wanted);
  ASSERT_TRUE(found);
  EXPECT_THAT(*found, testing::ElementsAre(testing::Ge(4), 0));
  EXPECT_TRUE(FindLayout(a100, {})->empty());
}

TEST(FindLayout, RefusesWhatIsNotOnTheModel) {
  const Model& a100 = *ModelNamed("A100-40GB");
  const MigProfile* const foreign[] = {ProfileNamed(*ModelNamed("A30-24GB"), "1g.6gb")};
  EXPECT_FALSE(FindLayout(a100, foreign));
  const MigProfile* const nothing[] = {nullptr};
  EXPECT_FALSE(FindLayout(a100, nothing));
  const std::vector<const MigProfile*> many(100'000, ProfileNamed(a100, "1g.5gb"));
  EXPECT_FALSE(FindLayout(a100, many));
}

TEST(UnknownPlacements, NeverFitAndSaySo) {
  const Model& pro = *ModelNamed("RTX-PRO-5000-Blackwell-48GB");
  ASSERT_TRUE(pro.has_mig());
  EXPECT_EQ(pro.memory_slices, 0);
  for (const MigProfile& profile : pro.profiles) {
    EXPECT_EQ(profile.placement_evidence, Evidence::kUnknown);
    EXPECT_TRUE(profile.starts.empty());
    for (int start = 0; start < 12; ++start) EXPECT_FALSE(Fits(pro, {}, profile, start));
    const MigProfile* const one[] = {&profile};
    EXPECT_FALSE(FindLayout(pro, one));
  }
}

TEST(KnownPlacements, EveryOtherModelHoldsEachProfileAlone) {
  for (const Model& model : Models()) {
    if (model.memory_slices == 0) continue;
    for (const MigProfile& profile : model.profiles) {
      const MigProfile* const one[] = {&profile};
      EXPECT_TRUE(FindLayout(model, one)) << model.name << " " << profile.name;
    }
  }
}

}  // namespace
}  // namespace tangram::gpu

// Packings: exact against exhaustion, lawful on random demands, and what is refused.
#include "plan/mig/pack.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <numeric>
#include <random>

#include "base/sanitized_testing.h"
#include "plan/mig/baselines.h"
#include "plan/mig/mig_testing.h"

namespace tangram::plan::mig {
namespace {

using ::testing::HasSubstr;
using testing::ModelOf;
using testing::Profiles;
using testing::ProfilesOf;

using Wants = std::vector<std::pair<std::string, std::int64_t>>;

std::vector<Demand> DemandOf(const gpu::Model& model, const Wants& wants) {
  std::vector<Demand> demand;
  for (const auto& [name, count] : wants) demand.push_back({gpu::ProfileNamed(model, name), count});
  return demand;
}

struct Case {
  std::string model;
  Wants wants;
  std::int64_t gpus;
};

TEST(Pack, KnownDemands) {
  const std::vector<Case> cases = {
      {"A100-40GB", {}, 0},
      {"A100-40GB", {{"1g.5gb", 0}}, 0},
      {"A100-40GB", {{"1g.5gb", 7}}, 1},
      {"A100-40GB", {{"1g.5gb", 8}}, 2},
      {"A100-40GB", {{"1g.5gb", 4}, {"3g.20gb", 1}}, 1},
      // Five would need the seventh slice, which two 4-slice instances leave to nobody.
      {"A100-40GB", {{"1g.5gb", 5}, {"3g.20gb", 1}}, 2},
      {"A100-40GB", {{"4g.20gb", 1}, {"3g.20gb", 1}}, 1},
      {"A100-40GB", {{"4g.20gb", 2}}, 2},
      {"A100-40GB", {{"1g.5gb+me", 2}}, 2},
      {"A100-40GB", {{"1g.5gb+me", 1}, {"1g.5gb", 6}}, 1},
      {"A100-40GB", {{"1g.5gb", 10}, {"3g.20gb", 4}}, 4},
      {"A100-40GB", {{"1g.5gb", 4}, {"1g.5gb", 4}}, 2},  // counts twice
      {"A30-24GB", {{"2g.12gb", 3}, {"1g.6gb", 2}}, 2},
      {"RTX-PRO-6000-Blackwell-96GB", {{"1g.24gb", 2}, {"2g.48gb", 1}}, 1},
      {"RTX-PRO-6000-Blackwell-96GB", {{"1g.24gb+me.all", 1}, {"1g.24gb-me", 3}}, 1},
      {"RTX-PRO-6000-Blackwell-96GB", {{"1g.24gb+me.all", 1}, {"1g.24gb", 3}}, 2},
  };
  for (const Case& one : cases) {
    const gpu::Model& model = ModelOf(one.model);
    const auto demand = DemandOf(model, one.wants);
    const auto packing = Pack(model, demand);
    ASSERT_TRUE(packing) << packing.error().message;
    EXPECT_EQ(packing->gpus, one.gpus) << one.model;
    EXPECT_TRUE(packing->proven());
    EXPECT_TRUE(Holds(model, demand, packing->layouts));
  }
}

// The fewest cards for every demand of `profiles` with at most `most` each, by exhaustion: one card
// off, with any set that fits on it, over all demands from the smallest on.
class Exhaustion {
 public:
  Exhaustion(const Profiles& profiles, int most) : base_(most + 1) {
    std::size_t size = 1;
    for (std::size_t i = 0; i < profiles.size(); ++i) size *= static_cast<std::size_t>(base_);
    const auto sets = testing::AllSets(profiles);
    std::vector<int> demand(profiles.size(), 0);
    fewest_.assign(size, 0);
    for (std::size_t at = 1; at < size; ++at) {
      Next(demand);
      fewest_[at] = 1 + Least(demand, sets);
    }
  }
  std::int64_t Fewest(const std::vector<int>& demand) const { return fewest_[IndexOf(demand)]; }

 private:
  void Next(std::vector<int>& demand) const {
    for (int& count : demand) {
      if (++count < base_) return;
      count = 0;
    }
  }
  std::size_t IndexOf(const std::vector<int>& demand) const {
    std::size_t index = 0;
    for (std::size_t i = demand.size(); i-- > 0;) {
      index = index * static_cast<std::size_t>(base_) + static_cast<std::size_t>(demand[i]);
    }
    return index;
  }
  std::int64_t Least(const std::vector<int>& demand, const std::set<std::vector<int>>& sets) const {
    std::int64_t least = std::accumulate(demand.begin(), demand.end(), std::int64_t{0});
    std::vector<int> rest(demand.size());
    for (const auto& set : sets) {
      bool anything = false;
      for (std::size_t i = 0; i < rest.size(); ++i) {
        rest[i] = std::max(0, demand[i] - set[i]);
        anything = anything || rest[i] < demand[i];
      }
      if (anything) least = std::min(least, fewest_[IndexOf(rest)]);
    }
    return least;
  }

  int base_;
  std::vector<std::int64_t> fewest_;
};

class PackLaw : public ::testing::TestWithParam<std::string> {
 protected:
  const gpu::Model& model() const { return ModelOf(GetParam()); }
  std::int64_t UpTo(std::int64_t most) {
    return static_cast<std::int64_t>(random_() % static_cast<std::uint64_t>(most + 1));
  }
  Profiles Some(std::size_t most) {
    Profiles profiles = ProfilesOf(model());
    std::shuffle(profiles.begin(), profiles.end(), random_);
    profiles.resize(std::min(most, profiles.size()));
    return profiles;
  }

 private:
  std::mt19937_64 random_{20'261'121};
};

// 2,000 instances a model, 10,000 in all.
TEST_P(PackLaw, ExactOnSmallDemands) {
  constexpr int kRounds = base::kSanitized ? 1 : 4;
  constexpr int kInstances = base::kSanitized ? 50 : 500;
  for (int round = 0; round < kRounds; ++round) {
    const Profiles profiles = Some(5);
    const int most = round % 2 == 0 ? 3 : 4;
    const Exhaustion exhaustion(profiles, most);
    for (int instance = 0; instance < kInstances; ++instance) {
      std::vector<int> counts;
      std::vector<Demand> demand;
      for (const gpu::MigProfile* profile : profiles) {
        counts.push_back(static_cast<int>(UpTo(most)));
        demand.push_back({profile, counts.back()});
      }
      const auto packing = Pack(model(), demand);
      ASSERT_TRUE(packing) << packing.error().message;
      ASSERT_EQ(packing->gpus, exhaustion.Fewest(counts)) << ::testing::PrintToString(counts);
      ASSERT_TRUE(packing->proven());
      ASSERT_TRUE(Holds(model(), demand, packing->layouts));
    }
  }
}

TEST_P(PackLaw, LargeDemandsAreProven) {
  for (std::int64_t most = 10; most <= kMostInstances; most *= 10) {
    for (int round = 0; round < (base::kSanitized ? 1 : 5); ++round) {
      std::vector<Demand> demand;
      for (const gpu::MigProfile* profile : Some(12)) demand.push_back({profile, UpTo(most)});
      const auto packing = Pack(model(), demand);
      ASSERT_TRUE(packing) << packing.error().message;
      EXPECT_TRUE(packing->proven()) << packing->lower_bound << " " << packing->gpus;
      EXPECT_TRUE(Holds(model(), demand, packing->layouts));
      const std::int64_t proven = Proves(model(), demand, packing->proof);
      EXPECT_LE(proven, packing->gpus);
      EXPECT_TRUE(proven == packing->gpus || packing->nodes > 1);
    }
  }
}

TEST_P(PackLaw, TheOrderOfTheDemandDoesNotMatter) {
  for (int round = 0; round < (base::kSanitized ? 3 : 20); ++round) {
    std::vector<Demand> demand;
    for (const gpu::MigProfile* profile : Some(12)) demand.push_back({profile, UpTo(100)});
    const auto packing = Pack(model(), demand);
    std::reverse(demand.begin(), demand.end());
    const auto reversed = Pack(model(), demand);
    ASSERT_TRUE(packing && reversed);
    ASSERT_EQ(packing->layouts.size(), reversed->layouts.size());
    for (std::size_t i = 0; i < packing->layouts.size(); ++i) {
      EXPECT_EQ(packing->layouts[i].count, reversed->layouts[i].count);
      EXPECT_EQ(packing->layouts[i].placements.size(), reversed->layouts[i].placements.size());
    }
  }
}

TEST_P(PackLaw, NoSimpleRuleIsBetter) {
  for (int round = 0; round < (base::kSanitized ? 4 : 40); ++round) {
    std::vector<Demand> demand;
    for (const gpu::MigProfile* profile : Some(4)) demand.push_back({profile, UpTo(30)});
    const auto packing = Pack(model(), demand);
    ASSERT_TRUE(packing);
    const Baselines rules = CountBaselines(model(), demand);
    EXPECT_LE(packing->gpus, rules.best_order);
    EXPECT_LE(packing->gpus, rules.first_fit);
    EXPECT_LE(packing->gpus, rules.longest_run);
    EXPECT_LE(rules.best_order, rules.first_fit_decreasing);
    EXPECT_LE(packing->gpus, rules.one_profile_per_card);
  }
}

INSTANTIATE_TEST_SUITE_P(Models, PackLaw, ::testing::ValuesIn(testing::kModels),
                         [](const auto& test) { return testing::TestName(test.param); });

TEST(CountBaselines, AreWhatTheRulesSay) {
  const gpu::Model& a100 = ModelOf("A100-40GB");
  // 1g first takes the low starts, so that 4g (start 0 only) finds no card that is begun.
  const Baselines rules = CountBaselines(a100, DemandOf(a100, {{"1g.5gb", 6}, {"4g.20gb", 2}}));
  EXPECT_EQ(rules.one_profile_per_card, 3);
  EXPECT_EQ(rules.first_fit, 3);
  EXPECT_EQ(rules.first_fit_decreasing, 2);
  EXPECT_EQ(rules.best_order, 2);
  EXPECT_EQ(CountBaselines(a100, {}).best_order, 0);
}

// 1g at the edge leaves 4g its start.
TEST(CountBaselines, TheLongestRunIsKept) {
  const gpu::Model& a100 = ModelOf("A100-40GB");
  const gpu::MigProfile& small = *gpu::ProfileNamed(a100, "1g.5gb");
  EXPECT_EQ(StartBy(StartRule::kLowest, a100, {}, small), 0);
  EXPECT_EQ(StartBy(StartRule::kLongestRun, a100, {}, small), 0) << "slice 7 takes no 1g.5gb";
  EXPECT_EQ(StartBy(StartRule::kLongestRun, a100, {{&small, 0}, {&small, 1}}, small), 2);
  const gpu::MigProfile& whole = *gpu::ProfileNamed(a100, "7g.40gb");
  EXPECT_EQ(StartBy(StartRule::kLongestRun, a100, {{&small, 0}}, whole), std::nullopt);
}

// 3g first takes start 0, the only one of 4g.
TEST(CountBaselines, OrderMatters) {
  const gpu::Model& a100 = ModelOf("A100-40GB");
  const auto demand =
      DemandOf(a100, {{"3g.20gb", 1}, {"4g.20gb", 1}, {"3g.20gb", 1}, {"4g.20gb", 1}});
  const Baselines rules = CountBaselines(a100, demand);
  EXPECT_EQ(rules.one_profile_per_card, 3);
  EXPECT_EQ(rules.first_fit, 3);
  EXPECT_EQ(rules.first_fit_decreasing, 2);
}

TEST(Pack, SaysWhatIsProvenWhereWorkIsCutShort) {
  const gpu::Model& model = ModelOf("RTX-PRO-6000-Blackwell-96GB");
  const auto demand = DemandOf(model, {{"2g.48gb-me", 4},
                                       {"1g.24gb+gfx", 2},
                                       {"1g.24gb+me", 1},
                                       {"1g.24gb+me.all", 5},
                                       {"1g.24gb-me", 2}});
  const auto shortly = Pack(model, demand, {.nodes = 1});
  ASSERT_TRUE(shortly);
  EXPECT_EQ(shortly->lower_bound, 6);
  EXPECT_GE(shortly->gpus, 6);
  EXPECT_TRUE(Holds(model, demand, shortly->layouts));
  const auto packing = Pack(model, demand);
  ASSERT_TRUE(packing);
  EXPECT_EQ(packing->gpus, 6);
  EXPECT_TRUE(packing->proven());
}

TEST(Pack, SaysWhatTheAnswerRestsOn) {
  const gpu::Model& a100 = ModelOf("A100-40GB");
  EXPECT_EQ(Pack(a100, DemandOf(a100, {{"1g.5gb", 1}}))->evidence, gpu::Evidence::kVerified);
  const gpu::Model& b300 = ModelOf("B300-269GB");
  EXPECT_EQ(Pack(b300, DemandOf(b300, {{"1g.34gb", 1}}))->evidence,
            b300.profiles.back().placement_evidence);
}

TEST(Pack, RefusesWhatCannotBePacked) {
  const gpu::Model& a100 = ModelOf("A100-40GB");
  const gpu::Model& unknown = ModelOf("RTX-PRO-5000-Blackwell-48GB");
  const gpu::MigProfile* small = gpu::ProfileNamed(a100, "1g.5gb");
  struct Refused {
    const gpu::Model& model;
    std::vector<Demand> demand;
    std::string message;
  };
  const std::vector<Refused> refused = {
      {a100, {{nullptr, 1}}, "none of A100-40GB"},
      {a100, {{&unknown.profiles[0], 1}}, "none of A100-40GB"},
      {a100, {{small, -1}}, "-1 of 1g.5gb are wanted; the count must be from 0 to 1000000000"},
      {a100, {{small, kMostInstances + 1}}, "1000000001 of 1g.5gb are wanted"},
      {a100, {{small, kMostInstances}, {small, 1}}, "1000000001 of 1g.5gb are wanted"},
      {unknown, {{&unknown.profiles[0], 1}}, "is not known (evidence: unknown)"},
  };
  for (const Refused& one : refused) {
    const auto packing = Pack(one.model, one.demand);
    ASSERT_FALSE(packing);
    EXPECT_EQ(packing.error().code, base::ErrorCode::kInvalid);
    EXPECT_THAT(packing.error().message, HasSubstr(one.message));
  }
}

TEST(Proves, SeesWhatIsWrong) {
  const gpu::Model& a100 = ModelOf("A100-40GB");
  const gpu::MigProfile* small = gpu::ProfileNamed(a100, "1g.5gb");
  const gpu::MigProfile* large = gpu::ProfileNamed(a100, "3g.20gb");
  const std::vector<Demand> demand = {{small, 10}, {large, 4}};
  EXPECT_EQ(Proves(a100, demand, {{{large, 4}, {small, 1}}, 8}), 4);  // 26 eighths
  EXPECT_EQ(Proves(a100, demand, {{{large, 4}}, 8}), 2);
  EXPECT_EQ(Proves(a100, demand, {{{large, 5}, {small, 1}}, 8}), 0);  // two of 3g weigh 10
  EXPECT_EQ(Proves(a100, demand, {{{large, 4}, {small, -1}}, 8}), 0);
  EXPECT_EQ(Proves(a100, demand, {{{large, 0}}, 0}), 0);
}

TEST(Holds, SeesWhatIsWrong) {
  const gpu::Model& a100 = ModelOf("A100-40GB");
  const gpu::MigProfile* small = gpu::ProfileNamed(a100, "1g.5gb");
  const std::vector<Demand> two = {{small, 2}};
  EXPECT_TRUE(Holds(a100, two, std::vector<PackedLayout>{{1, {{small, 0}, {small, 1}}}}));
  EXPECT_TRUE(Holds(a100, two, std::vector<PackedLayout>{{2, {{small, 6}}}}));
  EXPECT_FALSE(Holds(a100, two, std::vector<PackedLayout>{{1, {{small, 0}, {small, 0}}}}));
  EXPECT_FALSE(Holds(a100, two, std::vector<PackedLayout>{{1, {{small, 0}}}}));
  EXPECT_FALSE(Holds(a100, two, std::vector<PackedLayout>{{3, {{small, 0}}}}));
  EXPECT_FALSE(Holds(a100, two, std::vector<PackedLayout>{{2, {{small, 7}}}}));
  EXPECT_FALSE(Holds(a100, {}, std::vector<PackedLayout>{{1, {}}}));
}

}  // namespace
}  // namespace tangram::plan::mig

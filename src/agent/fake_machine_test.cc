// The fake's own rules: a fake that allows what no card does would prove nothing.
#include "agent/testing/fake_machine.h"

#include <gmock/gmock.h>

#include <set>

namespace tangram::agent::testing {
namespace {

using ::testing::HasSubstr;

Mig MigOf(const gpu::Model& model) {
  const auto machine = ParseMachine(
      "{\"cards\": [{\"name\": \"" + std::string(model.products.front()) +
      "\", \"memory\": {\"totalMiB\": " + std::to_string(model.memory.value()) + "}}]}");
  return machine && machine->inventory.cards[0].mig ? *machine->inventory.cards[0].mig : Mig{};
}

// Every layout that can be reached, one instance after another: what may come next is what
// gpu::Fits allows.
void Compare(const gpu::Model& model, Mig& mig, std::vector<gpu::Occupied>& there, int& left) {
  if (--left < 0) return;
  for (const gpu::MigProfile& known : model.profiles) {
    const auto profile = std::find_if(mig.profiles.begin(), mig.profiles.end(),
                                      [&](const Profile& one) { return one.id == known.id; });
    ASSERT_NE(profile, mig.profiles.end());
    for (int start = -1; start <= model.memory_slices; ++start) {
      const bool fits = gpu::Fits(model, there, known, start);
      ASSERT_EQ(MayPlace(mig, *profile, start), fits) << model.name << known.name << start;
      if (!fits) continue;
      there.push_back({&known, start});
      Instance& instance = mig.instances.emplace_back();
      instance.profile_id = known.id;
      instance.placement = {start, known.memory_slices};
      Compare(model, mig, there, left);
      mig.instances.pop_back();
      there.pop_back();
    }
  }
}

TEST(FakeMachineTest, PlacesAsTheTablesSay) {
  int models = 0;
  for (const gpu::Model& model : gpu::Models()) {
    Mig mig = MigOf(model);
    if (mig.profiles.empty() || model.memory_slices == 0) continue;
    ++models;
    std::vector<gpu::Occupied> there;
    int left = 400;  // layouts looked at
    Compare(model, mig, there, left);
  }
  EXPECT_GE(models, 8);
}

TEST(FakeMachineTest, NumbersAreUniqueOnACard) {
  for (const gpu::Model& model : gpu::Models()) {
    std::set<unsigned> numbers;
    const Mig mig = MigOf(model);
    for (const Profile& profile : mig.profiles) {
      EXPECT_TRUE(numbers.insert(NumberOf(profile)).second) << model.name << " " << profile.name;
      EXPECT_LT(NumberOf(profile), kProfileNumbers);
    }
  }
}

TEST(FakeMachineTest, RefusesWhatNoCardCanHold) {
  const auto why = [](const std::string& instances) {
    const auto machine =
        ParseMachine(R"({"cards": [{"name": "NVIDIA A100-SXM4-40GB", "mig": {"enabled": true,
                     "instances": [)" +
                     instances + "]}}]}");
    return machine ? "" : machine.error().message;
  };
  EXPECT_EQ(why(R"({"profile": "3g.20gb", "start": 4}, {"profile": "4g.20gb", "start": 0})"), "");
  EXPECT_THAT(why(R"({"profile": "3g.20gb", "start": 2})"), HasSubstr("no room for 3g.20gb at 2"));
  EXPECT_THAT(why(R"({"profile": "3g.20gb", "start": 4}, {"profile": "1g.5gb", "start": 5})"),
              HasSubstr("card 0 has no room for 1g.5gb at 5"));
  EXPECT_THAT(why(R"({"profile": "1g.6gb", "start": 0})"), HasSubstr("has no profile for"));
  EXPECT_FALSE(ParseMachine("{"));
  EXPECT_FALSE(ParseMachine("{}"));
  EXPECT_FALSE(ParseMachine(R"({"cards": [{"name": "Z900"}]})"));
  EXPECT_FALSE(ParseMachine(R"({"cards": [{"state": "Hot"}]})"));
}

}  // namespace
}  // namespace tangram::agent::testing

#include "agent/memory_limit.h"

#include <gmock/gmock.h>

namespace tangram::agent {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

const PodRef kA{"ns", "a", ""};
const PodRef kB{"ns", "b", ""};
constexpr base::MiB kPart{10'240};

PluginDevices Of(const PodRef& pod, std::vector<std::string> ids) {
  return {{pod.ns, pod.pod, "main"}, "nvidia.com/gpu.shared", std::move(ids)};
}

// One card of 40 GiB, in four replicas.
class LimitsOfTest : public ::testing::Test {
 protected:
  LimitsOfTest() {
    card().uuid = "GPU-1";
    card().memory.emplace().total = base::MiB(40'960);
  }
  Card& card() { return state_.cards[0].reading.card; }
  std::vector<MemoryLimit> Limits(const std::vector<PluginDevices>& held) {
    std::vector<MemoryLimit> limits;
    for (const WantedLimit& one : LimitsOf(held, offered_, state_)) limits.push_back(one.limit);
    return limits;
  }

  NodeState state_ = [] {
    NodeState state;
    state.cards.resize(1);
    return state;
  }();
  std::vector<PluginDevices> offered_ = {
      Of({}, {"GPU-1::0", "GPU-1::1", "GPU-1::2", "GPU-1::3", "GPU-2"})};
};

TEST_F(LimitsOfTest, EachShareIsItsPart) {
  EXPECT_THAT(Limits({Of(kA, {"GPU-1::0"}), Of(kB, {"GPU-1::1", "GPU-1::3"})}),
              ElementsAre(MemoryLimit{"GPU-1", kA, kPart}, MemoryLimit{"GPU-1", kB, kPart * 2}));
}

TEST_F(LimitsOfTest, OfAllContainersTogether) {
  EXPECT_THAT(Limits({Of(kA, {"GPU-1::0"}), Of(kA, {"GPU-1::1"})}),
              ElementsAre(MemoryLimit{"GPU-1", kA, kPart * 2}));
}

TEST_F(LimitsOfTest, WhatIsNotSharedHasNone) {
  EXPECT_THAT(Limits({Of(kA, {"GPU-2"}), Of(kB, {"MIG-3::0"})}), IsEmpty());
  EXPECT_THAT(Limits({Of(kA, {"GPU-1::0", "GPU-1::1", "GPU-1::2", "GPU-1::3"})}), IsEmpty())
      << "all of it";
  EXPECT_THAT(Limits({Of(kA, {"GPU-9::0"})}), IsEmpty()) << "nobody knows that card";
}

TEST_F(LimitsOfTest, NorCardsThatKeepPodsApartThemselves) {
  card().processes.emplace_back().kind = ProcessKind::kMps;
  EXPECT_THAT(Limits({Of(kA, {"GPU-1::0"})}), IsEmpty());
  card().processes.clear();
  card().mig.emplace().enabled = true;
  EXPECT_THAT(Limits({Of(kA, {"GPU-1::0"})}), IsEmpty());
  card().mig.reset();
  card().state = CardState::kLost;
  EXPECT_THAT(Limits({Of(kA, {"GPU-1::0"})}), IsEmpty());
}

TEST_F(LimitsOfTest, WhatAPodUsesIsThatOfAllItsProcesses) {
  for (const char* container : {"main", "side"}) {
    state_.pods[{Place{0, {}}, PodRef{"ns", "a", container}}].use.memory = base::MiB(300);
  }
  EXPECT_EQ(LimitsOf({Of(kA, {"GPU-1::0"})}, offered_, state_).at(0).used, base::MiB(600));
}

}  // namespace
}  // namespace tangram::agent

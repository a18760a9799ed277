// Devices' names as the kubelet writes them, and whose the use of a place is.
#include "agent/attribution.h"

#include <gmock/gmock.h>

namespace tangram::agent {
namespace {

using base::MiB;

const PodRef kA{"ns", "a", "main"};
const PodRef kB{"ns", "b", "main"};

Process In(std::int64_t pid, int memory, std::optional<int> instance = {}) {
  Process process;
  process.pid = pid;
  process.memory = MiB(memory);
  process.instance = instance;
  return process;
}

// Card 0 is whole, card 1 cut in two.
std::vector<Reading> Cards() {
  std::vector<Reading> cards(2);
  for (int i = 0; i < 2; ++i) {
    Card& card = cards[static_cast<std::size_t>(i)].card;
    card.index = i;
    card.minor = i + 4;
    card.uuid = "GPU-" + std::to_string(i);
  }
  Mig mig;
  mig.enabled = true;
  mig.instances = {{3, 9, {0, 4}, {{0, 2, "MIG-x"}}}, {7, 19, {4, 1}, {{0, 0, "MIG-y"}}}};
  cards[1].card.mig = mig;
  cards[1].instances = {{3, {}, Counters{{}, 0.5, {}, {}, {}}}, {7, {}, {}}};
  return cards;
}

struct NameCase {
  std::string name;
  PodDevices devices;
  std::optional<Place> want;
};

PodDevices Plugin(const std::string& id) { return {{{kA, "nvidia.com/gpu", {id}}}, {}}; }
PodDevices Claimed(const std::string& device, const std::string& cdi = "") {
  return {{}, {{kA, "claim", "gpu.nvidia.com", device, {cdi}}}};
}

const NameCase kNames[] = {
    {"Card", Plugin("GPU-0"), Place{0, {}}},
    {"Replica", Plugin("GPU-0::3"), Place{0, {}}},
    {"Instance", Plugin("MIG-x"), Place{1, 3}},
    {"ReplicaOfAnInstance", Plugin("MIG-y::0"), Place{1, 7}},
    {"InstanceAsEarlyDriversNamedIt", Plugin("MIG-GPU-1/7/0"), Place{1, 7}},
    {"NoSuchInstance", Plugin("MIG-GPU-1/8/0"), std::nullopt},
    {"NoSuchCard", Plugin("GPU-9"), std::nullopt},
    {"NoName", Plugin(""), std::nullopt},
    {"ClaimedCard", Claimed("gpu-4"), Place{0, {}}},
    {"ClaimedInstance", Claimed("gpu-5-mig-3g40gb-9-0"), Place{1, 3}},
    {"ClaimedElsewhere", Claimed("gpu-5-mig-3g40gb-9-4"), std::nullopt},
    {"ClaimedByCdiAlone", Claimed("", "k8s.gpu.nvidia.com/claim=0f1e-gpu-5-mig-1g10gb-19-4"),
     Place{1, 7}},
    {"CdiOfTheDevicePlugin", Claimed("", "nvidia.com/gpu=GPU-0"), Place{0, {}}},
    {"Rubbish", Claimed("gpu--mig---", "="), std::nullopt},
};

class ResolveTest : public ::testing::TestWithParam<NameCase> {};
TEST_P(ResolveTest, FindsThePlace) {
  const Holdings holdings = Resolve(GetParam().devices, Cards());
  EXPECT_EQ(holdings.unknown, GetParam().want ? 0 : 1);
  ASSERT_EQ(holdings.held.size(), GetParam().want ? 1U : 0U);
  if (!GetParam().want) return;
  EXPECT_EQ(holdings.held[0].place, *GetParam().want);
}
INSTANTIATE_TEST_SUITE_P(Table, ResolveTest, ::testing::ValuesIn(kNames),
                         [](const auto& one) { return one.param.name; });

TEST(Attribute, SharesACardByWhatTheProcessesUsed) {
  auto cards = Cards();
  cards[0].card.processes = {In(1, 100), In(2, 50), In(2, 50), In(3, 7), In(4, 9)};
  const std::map<std::int64_t, Owner> owners = {
      {1, {OwnerKind::kPod, kA}}, {2, {OwnerKind::kPod, kB}}, {3, {OwnerKind::kHost, {}}}};
  const Holdings holdings =
      Resolve({{{kA, "nvidia.com/gpu", {"GPU-0::1", "GPU-0::2"}}}, {}}, cards);
  const Attribution made = Attribute(
      {{&cards[0], std::map<std::int64_t, double>{{1, 2.5}, {3, 1}}}}, holdings, owners, 10);
  const PodUse& a = made.pods.at({{0, {}}, kA});
  EXPECT_EQ(a.devices, 2);
  EXPECT_EQ(a.sm_seconds, 2.5);
  EXPECT_EQ(a.memory, MiB(100));
  const PodUse& b = made.pods.at({{0, {}}, kB});
  EXPECT_EQ(b.devices, 0);    // it has no right to be there, and is
  EXPECT_EQ(b.processes, 1);  // though it is listed as two kinds
  EXPECT_EQ(b.memory, MiB(50));
  EXPECT_EQ(b.sm_seconds, 0);  // the card tells, and told nothing of it
  EXPECT_EQ(made.others.at({{0, {}}, OwnerKind::kHost}).sm_seconds, 1);
  EXPECT_EQ(made.others.at({{0, {}}, OwnerKind::kGone}).processes, 1);
}

TEST(Attribute, WhatNobodyMeasuredIsNotZero) {
  auto cards = Cards();
  Process silent = In(1, 0);
  silent.memory.reset();
  cards[0].card.processes = {silent};
  const Attribution made =
      Attribute({{&cards[0], std::nullopt}}, {}, {{1, {OwnerKind::kPod, kA}}}, 10);
  const PodUse& use = made.pods.at({{0, {}}, kA});
  EXPECT_EQ(use.sm_seconds, std::nullopt);
  EXPECT_FALSE(use.memory_known);
}

TEST(Attribute, AnInstanceOfOnePodIsItsAsTheCountersSay) {
  auto cards = Cards();
  const Holdings alone = Resolve(Plugin("MIG-x"), cards);
  Attribution made = Attribute({{&cards[1], std::nullopt}}, alone, {}, 10);
  EXPECT_EQ(made.pods.at({{1, 3}, kA}).sm_seconds, 5);
  // Two on one instance: nobody knows whose use it is.
  Holdings shared = alone;
  shared.held.push_back({{1, 3}, kB, "nvidia.com/gpu"});
  made = Attribute({{&cards[1], std::nullopt}}, shared, {}, 10);
  EXPECT_EQ(made.pods.at({{1, 3}, kA}).sm_seconds, std::nullopt);
  EXPECT_EQ(made.pods.at({{1, 3}, kB}).sm_seconds, std::nullopt);
  // Nor where somebody else runs there too.
  cards[1].card.processes = {In(9, 1, 3)};
  made = Attribute({{&cards[1], std::nullopt}}, alone, {{9, {OwnerKind::kHost, {}}}}, 10);
  EXPECT_EQ(made.pods.at({{1, 3}, kA}).sm_seconds, std::nullopt);
  // One without counters.
  made = Attribute({{&cards[1], std::nullopt}}, Resolve(Plugin("MIG-y"), cards), {}, 10);
  EXPECT_EQ(made.pods.at({{1, 7}, kA}).sm_seconds, std::nullopt);
}

}  // namespace
}  // namespace tangram::agent

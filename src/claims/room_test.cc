#include "claims/room.h"

#include <gtest/gtest.h>

#include <limits>

namespace tangram::claims {
namespace {

// A card of seven slices: whole, in two parts, or in one; and a device without counters.
class Room : public ::testing::Test {
 protected:
  Room() {
    card_.name = "card";
    card_.counters = {{"slices", 7'000}};
    for (const auto& [name, slices] : std::vector<std::pair<const char*, int>>{
             {"whole", 7}, {"four", 4}, {"three-a", 3}, {"three-b", 3}}) {
      cluster::Device& part = devices_.emplace_back();
      part.name = name;
      part.consumes = {{"card", {{"slices", slices * 1'000}}}};
    }
    devices_.emplace_back().name = "nic";
    pools_.emplace_back();
    pools_[0].name = "node";
    pools_[0].counters = {&card_};
    for (const cluster::Device& device : devices_) pools_[0].offers.push_back({&device, true});
  }

  const cluster::Device* Named(const std::string& name) const {
    for (const cluster::Device& device : devices_) {
      if (device.name == name) return &device;
    }
    return nullptr;
  }
  std::int64_t Left(const std::vector<std::string>& held,
                    const std::vector<std::string>& more = {}) {
    DeviceSet allocated;
    for (const std::string& name : held) allocated.insert(Named(name));
    std::vector<Given> others;
    for (const std::string& name : more) others.push_back({nullptr, Named(name)});
    return RoomLeft(pools_, allocated, taken_, others);
  }

  cluster::CounterSet card_;
  std::vector<cluster::Device> devices_;
  std::vector<Pool> pools_;
  Capacities taken_;
};

TEST_F(Room, IsWhatCanStillBeGiven) {
  EXPECT_EQ(Left({}), 1'000 + 571 + 428 + 428 + 1'000);
  EXPECT_EQ(Left({"three-a"}), 571 + 428 + 1'000);
  EXPECT_EQ(Left({"four"}), 428 + 428 + 1'000);
  EXPECT_EQ(Left({"four", "three-a"}), 1'000);
  EXPECT_EQ(Left({"whole", "nic"}), 0);
}

TEST_F(Room, WhatComesIsHeldToo) {
  EXPECT_EQ(Left({}, {"three-a"}), Left({"three-a"}));
  EXPECT_EQ(Left({"four"}, {"three-a", "nic"}), 0);
}

TEST_F(Room, MoreIsLostOfWhatNobodyHasYet) {
  cluster::Device& nic = devices_.back();
  nic.shared_by_capacity = true;
  nic.capacity = {{"memory", "80Gi"}};
  const std::int64_t all = Left({});
  const Amounts half = AmountsOf({{"memory", "40Gi"}}, nic);
  taken_.Take(nic, half);
  EXPECT_EQ(all - Left({}), 750);
  Given given{nullptr, &nic, {}, half};
  given.result.shared = true;
  const std::vector<Given> more = {given};
  EXPECT_EQ(Left({}) - RoomLeft(pools_, {}, taken_, more), 250);
}

TEST_F(Room, OfPoolsThatGiveNothingThereIsNone) {
  pools_[0].fault = "1 of 2 slices are there";
  EXPECT_EQ(Left({}), 0);
  pools_[0].fault.clear();
  pools_[0].offers[0].in_reach = false;
  EXPECT_EQ(Left({}), 571 + 428 + 428 + 1'000) << "it is for others";
}

TEST_F(Room, AnyAmountOfACounter) {
  card_.counters = {{"slices", std::numeric_limits<std::int64_t>::max()}};
  EXPECT_EQ(Left({}), 1'000) << "parts of next to nothing";
  card_.counters = {{"slices", 0}};
  EXPECT_EQ(Left({}), 1'000) << "nothing fits";
}

}  // namespace
}  // namespace tangram::claims

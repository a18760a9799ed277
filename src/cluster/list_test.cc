#include "cluster/list.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <thread>
#include <vector>

#include "base/dice.h"

namespace tangram::cluster {
namespace {

// Counts how often one is copied.
struct Counted {
  explicit Counted(int of = 0) : value(of) {}
  Counted(const Counted& from) : value(from.value) { ++copies; }
  Counted& operator=(const Counted& from) {
    value = from.value;
    ++copies;
    return *this;
  }
  Counted(Counted&&) = default;
  Counted& operator=(Counted&&) = default;
  ~Counted() = default;
  bool operator==(const Counted&) const = default;
  int value;
  static inline int copies = 0;
};

List<Counted> Three() {
  List<Counted> list;
  for (int i = 0; i < 3; ++i) list.emplace_back(i);
  Counted::copies = 0;
  return list;
}

TEST(List, ACopySharesItsElements) {
  const List<Counted> list = Three();
  const List<Counted> copy = list;
  EXPECT_EQ(&copy[1], &list[1]);
  EXPECT_EQ(copy, list);
  EXPECT_EQ(Counted::copies, 0);
}

TEST(List, WhatIsWrittenToOneIsNotSeenInAnother) {
  const List<Counted> list = Three();
  List<Counted> copy = list;
  copy[1].value = 7;
  EXPECT_EQ(list[1].value, 1);
  EXPECT_EQ(Counted::copies, 1) << "the one that was written to";
  copy[1].value = 8;
  EXPECT_EQ(Counted::copies, 1) << "it is its own now";
  for (Counted& one : copy) one.value += 10;
  EXPECT_EQ(copy[1].value, 18);
  EXPECT_EQ(list[2].value, 2);
  EXPECT_NE(copy, list);
}

TEST(List, AnElementOutlivesItsList) {
  Shared<Counted> kept;
  {
    const List<Counted> list = Three();
    kept = list.items()[2];
  }
  EXPECT_EQ(kept->value, 2);
  EXPECT_EQ(Counted::copies, 0);
}

// Whatever is done to it, it holds what a vector would, and its copies hold what they held.
TEST(List, IsAsAVector) {
  for (std::uint64_t seed = 0; seed < 200; ++seed) {
    base::Dice dice(seed);
    List<std::string> list;
    std::vector<std::string> model;
    const List<std::string> empty = list;
    List<std::string> copy;
    std::vector<std::string> copied;
    for (int step = 0; step < 60; ++step) {
      const auto at = dice.In(0, static_cast<std::int64_t>(model.size()));
      const auto index = static_cast<std::size_t>(at);
      const std::string text(static_cast<std::size_t>(dice.In(0, 40)), 'x');
      switch (dice.In(0, 6)) {
        case 0:
          list.push_back(text);
          model.push_back(text);
          break;
        case 1:
          EXPECT_EQ(*list.insert(list.begin() + at, text), text);
          model.insert(model.begin() + at, text);
          break;
        case 2:
          if (index == model.size()) break;
          list.erase(list.begin() + at);
          model.erase(model.begin() + at);
          break;
        case 3:
          if (index == model.size()) break;
          list[index] += "y";
          model[index] += "y";
          break;
        case 4:
          std::stable_sort(list.begin(), list.end());
          std::stable_sort(model.begin(), model.end());
          break;
        case 5:
          erase_if(list, [](const std::string& one) { return one.size() % 3 == 0; });
          std::erase_if(model, [](const std::string& one) { return one.size() % 3 == 0; });
          break;
        default:
          copy = list;
          copied = model;
      }
      ASSERT_TRUE(std::equal(list.begin(), list.end(), model.begin(), model.end())) << seed;
      const auto& read = copy;
      ASSERT_TRUE(std::equal(read.begin(), read.end(), copied.begin(), copied.end())) << seed;
    }
    EXPECT_TRUE(empty.empty());
  }
}

// What the model does while others read: an element is replaced, and read elsewhere. (TSan)
TEST(List, CopiesAreReadOnOtherThreads) {
  List<std::string> list(std::vector<std::string>(100, "a"));
  std::vector<std::thread> readers;
  for (int reader = 0; reader < 3; ++reader) {
    readers.emplace_back([copy = list]() mutable {
      std::size_t length = 0;
      for (const std::string& one : std::as_const(copy)) length += one.size();
      EXPECT_EQ(length, 100U);
      copy[3] = "mine";
    });
  }
  for (std::string& one : list) one = "b";
  for (std::thread& reader : readers) reader.join();
  EXPECT_EQ(std::count(list.begin(), list.end(), "b"), 100);
}

}  // namespace
}  // namespace tangram::cluster

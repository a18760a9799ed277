#include "adapter/gzip.h"

#include <gtest/gtest.h>

#include "base/dice.h"

namespace tangram::adapter {
namespace {

constexpr std::size_t kPlenty = std::size_t{1} << 24;

TEST(Gzip, GivesBackWhatItGot) {
  base::Dice dice(1);
  for (const std::size_t size : {0U, 1U, 100U, 65'536U, 1'000'000U}) {
    std::string text(size, 'a');
    for (char& c : text) c = static_cast<char>(dice.In(0, 255));
    const auto back = Gunzip(Gzip(text), kPlenty);
    ASSERT_TRUE(back) << size << ": " << back.error().message;
    EXPECT_EQ(*back, text) << size;
  }
  EXPECT_LT(Gzip(std::string(1'000'000, 'a')).size(), 5'000U);
}

TEST(Gzip, RefusesWhatIsNotWhole) {
  const std::string packed = Gzip("a plan");
  for (std::size_t size = 0; size < packed.size(); ++size) {
    EXPECT_FALSE(Gunzip(packed.substr(0, size), kPlenty)) << size;
  }
  EXPECT_FALSE(Gunzip(packed + "x", kPlenty));
  EXPECT_FALSE(Gunzip("a plan", kPlenty));
}

// A small object that unpacks to more than there is memory for.
TEST(Gzip, StopsAtTheLimit) {
  const std::string packed = Gzip(std::string(1'000'000, 'a'));
  EXPECT_TRUE(Gunzip(packed, 1'000'000));
  EXPECT_FALSE(Gunzip(packed, 999'999));
}

}  // namespace
}  // namespace tangram::adapter

#include "cel/quantity.h"

#include <gtest/gtest.h>

#include <string>

namespace tangram::cel {
namespace {

Quantity Q(const std::string& text) { return Quantity::Parse(text).quantity.value(); }

TEST(Quantity, ComparesExactly) {
  EXPECT_TRUE(Q("1Gi").Equals(Q("1024Mi")));
  EXPECT_TRUE(Q("1500m").Equals(Q("1.5")));
  EXPECT_FALSE(Q("9223372036854775807").Equals(Q("9223372036854775806")));
  EXPECT_EQ(Q("1n").Compare(Q("0")), 1);
  EXPECT_EQ(Q("-10E").Compare(Q("1n")), -1);
  EXPECT_EQ(Q("10E").Compare(Q("1n")), 1);
}

TEST(Quantity, SmallFormGivesIntegers) {
  EXPECT_EQ(Q("80Gi").AsInteger(), std::int64_t{80} << 30);
  EXPECT_EQ(Q("1k").AsInteger(), 1000);
  EXPECT_EQ(Q("1000m").AsInteger(), std::nullopt);
  EXPECT_EQ(Q("1.5Gi").AsInteger(), std::nullopt);
}

TEST(Quantity, RoundsUpToABillionth) { EXPECT_TRUE(Q("0.00000000001").Equals(Q("1n"))); }

TEST(Quantity, BinaryOnesEndAtSixtyThreeBits) {
  EXPECT_TRUE(Q("1000Ei").Equals(Q("9223372036854775807")));
}

TEST(Quantity, FaultsAreToldApart) {
  EXPECT_EQ(Quantity::Parse("").fault, Quantity::Fault::kInvalid);
  EXPECT_EQ(Quantity::Parse("1GiB").fault, Quantity::Fault::kInvalid);
  EXPECT_EQ(Quantity::Parse("1e30").fault, Quantity::Fault::kTooLarge);
  EXPECT_EQ(Quantity::Parse("1e-99999999999").fault, Quantity::Fault::kTooLarge);
  EXPECT_EQ(Quantity::Parse(std::string(200, '9')).fault, Quantity::Fault::kTooLarge);
}

TEST(Quantity, AddingToABigOneChangesItForAllCopies) {
  const Quantity big = Q("1.5Gi");
  const Quantity copy = big;
  const auto sum = big.Plus(Quantity::Of(1));
  EXPECT_TRUE(copy.Equals(*sum));
  const Quantity small = Q("1Gi");
  EXPECT_FALSE(small.Equals(*small.Plus(Quantity::Of(1))));
}

TEST(Quantity, SumsThatDoNotFitAreNone) {
  Quantity sum = Q("100E");
  int additions = 0;
  while (additions < 200) {
    const auto next = sum.Plus(Q(std::string(18, '9') + "e3"));
    if (!next) break;
    sum = *next;
    ++additions;
  }
  EXPECT_EQ(sum.Sign(), 1);
}

}  // namespace
}  // namespace tangram::cel

#include "base/text.h"

#include <gtest/gtest.h>

#include "base/nearest.h"

namespace tangram::base {
namespace {

TEST(Split, KeepsEmptyParts) {
  EXPECT_EQ(Split("a,b,,c", ','), (std::vector<std::string_view>{"a", "b", "", "c"}));
  EXPECT_EQ(Split("", ','), (std::vector<std::string_view>{""}));
}

TEST(Trim, TakesBlanksOffBothSides) {
  EXPECT_EQ(Trim(" a b\r\n"), "a b");
  EXPECT_EQ(Trim(" \t"), "");
}

TEST(Lower, TouchesNothingButLettersOfAscii) {
  EXPECT_EQ(Lower("NVIDIA-A100 Größe Ä_[]@"), "nvidia-a100 größe Ä_[]@");
  EXPECT_TRUE(SameIgnoringCase("Tesla-T4", "TESLA-t4"));
  EXPECT_FALSE(SameIgnoringCase("T4", "T4 "));
  EXPECT_FALSE(SameIgnoringCase("Ä", "ä"));
}

TEST(Shorten, CountsCodePointsNotBytes) {
  EXPECT_EQ(Columns("größe"), 5U);
  EXPECT_EQ(Shorten("größe", 5), "größe");
  EXPECT_EQ(Shorten("größer", 5), "größ…");
  EXPECT_EQ(Shorten("abc", 1), "…");
  EXPECT_EQ(Shorten("abc", 0), "");
}

TEST(WrapText, BreaksAtBlanks) {
  EXPECT_EQ(WrapText("one two three", 7), (std::vector<std::string>{"one two", "three"}));
  EXPECT_EQ(WrapText("a verylongword b", 5), (std::vector<std::string>{"a", "very…", "b"}));
  EXPECT_EQ(WrapText("", 5), (std::vector<std::string>{""}));
  EXPECT_EQ(WrapText("a b", std::string::npos), (std::vector<std::string>{"a b"}));
}

TEST(ParseMillionths, IsExactOrRefuses) {
  EXPECT_EQ(ParseMillionths("98.32"), 98'320'000);
  EXPECT_EQ(ParseMillionths("0.000001"), 1);
  EXPECT_EQ(ParseMillionths("7"), 7'000'000);
  for (const char* bad :
       {"", ".5", "1.", "-1", "+1", "1e3", "nan", "1.2345678", "99999999999999"}) {
    EXPECT_EQ(ParseMillionths(bad), std::nullopt) << bad;
  }
}

TEST(Few, NamesTheFirstAndCountsTheRest) {
  EXPECT_EQ(Few({}), "");
  EXPECT_EQ(Few({"a"}), "a");
  EXPECT_EQ(Few({"a", "b", "c"}, 3), "a, b, c");
  EXPECT_EQ(Few({"a", "b", "c", "d"}, 3), "a, b, c and 1 more");
  EXPECT_EQ(Few(std::vector<std::string>(10'000, "node"), 1), "node and 9999 more");
}

}  // namespace
}  // namespace tangram::base

#include "base/csv.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>

namespace tangram::base {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

CsvRow First(std::string_view text) { return CsvReader(text).Next().value_or(CsvRow{}); }

TEST(CsvReader, ReadsPlainAndQuotedCells) {
  EXPECT_THAT(First("a, b ,,\"c, \"\"d\"\"\"").cells, ElementsAre("a", "b", "", "c, \"d\""));
  EXPECT_THAT(First("\"a\" , \"b\"\r\n").cells, ElementsAre("a", "b"));
  EXPECT_THAT(First("\xEF\xBB\xBF"
                    "a,b\n")
                  .cells,
              ElementsAre("a", "b"));
  EXPECT_THAT(First("a,").cells, ElementsAre("a", ""));
}

TEST(CsvReader, CountsEmptyLinesButSkipsThem) {
  CsvReader reader("\n\r\na\n   \nb");
  EXPECT_EQ(reader.Next()->line, 3);
  EXPECT_EQ(reader.Next()->line, 5);
  EXPECT_FALSE(reader.Next().has_value());
}

struct ProblemCase {
  std::string name;
  std::string text;
  std::string problem;
};

class CsvProblemTest : public testing::TestWithParam<ProblemCase> {};
TEST_P(CsvProblemTest, SpoilsItsLineOnly) {
  const std::string text = GetParam().text + "\nfine,1\n";
  CsvReader reader(text);
  EXPECT_THAT(reader.Next()->problem, HasSubstr(GetParam().problem));
  const auto next = reader.Next();
  ASSERT_TRUE(next.has_value());
  EXPECT_EQ(next->problem, "");
  EXPECT_THAT(next->cells, ElementsAre("fine", "1"));
}
const ProblemCase kProblems[] = {
    {"OpenQuote", "a,\"b", "not closed"},
    {"TextBehindQuote", "\"a\"b,c", "behind a closing quote"},
    {"QuoteInside", "a\"b,c", "inside a cell"},
    {"Control", std::string("a\0b", 3), "control character"},
    {"LoneReturn", "a\rb", "control character"},
    {"NotUtf8", "a\xFF", "not UTF-8"},
    {"Overlong", "a\xC0\xAF", "not UTF-8"},
    {"Surrogate", "a\xED\xA0\x80", "not UTF-8"},
    {"LongLine", std::string(10'000'000, 'x'), "10000000 bytes"},
};
INSTANTIATE_TEST_SUITE_P(Table, CsvProblemTest, testing::ValuesIn(kProblems),
                         [](const auto& row) { return row.param.name; });

TEST(IsUtf8, AcceptsEveryLength) {
  EXPECT_TRUE(IsUtf8("a\xC3\xA9\xE2\x82\xAC\xF0\x9F\x98\x80"));
  EXPECT_FALSE(IsUtf8("\xE2\x82"));
  EXPECT_FALSE(IsUtf8("\xF4\x90\x80\x80"));
}

TEST(CsvReader, WrittenCellsReadBack) {
  std::mt19937 random(7);
  const std::string alphabet = "ab,\" x";
  for (int round = 0; round < 500; ++round) {
    std::vector<std::string> cells(1 + random() % 4);
    std::string text;
    for (std::string& cell : cells) {
      for (auto n = random() % 6; n > 0; --n) cell += alphabet[random() % alphabet.size()];
      text += text.empty() ? "\"" : ",\"";
      for (const char c : cell) text += c == '"' ? "\"\"" : std::string(1, c);
      text += '"';
    }
    const CsvRow row = First(text);
    EXPECT_EQ(row.problem, "") << text;
    EXPECT_EQ(row.cells, cells) << text;
  }
}

}  // namespace
}  // namespace tangram::base

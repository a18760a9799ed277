#include "report/html.h"

#include <gtest/gtest.h>

#include <random>
#include <string>
#include <string_view>

namespace tangram::report {
namespace {

constexpr std::string_view kOpen = "<script type=\"application/json\" id=\"tangram-data\">";
constexpr std::string_view kClose = "</script>";

// What a browser reads as the data of the page.
std::string DataOf(const std::string& page) {
  const std::size_t from = page.find(kOpen);
  if (from == std::string::npos) return "no data element";
  const std::size_t start = from + kOpen.size();
  return page.substr(start, page.find(kClose, start) - start);
}

struct DataCase {
  std::string name;
  std::string json;
  std::string want;
};

const DataCase kCases[] = {
    {"Plain", R"({"a":1})", R"({"a":1})"},
    {"Empty", "", ""},
    {"EndOfScript", R"("</script>")", R"("\u003c/script\u003e")"},
    {"Comment", R"("<!--<script>")", R"("\u003c!--\u003cscript\u003e")"},
    {"Entity", R"("&lt;")", R"("\u0026lt;")"},
    {"BackslashBefore", R"("\\<")", R"("\\\u003c")"},
    {"QuotesStay", R"("\"'`${x}")", R"("\"'`${x}")"},
    {"Marker", R"("__TANGRAM_DATA__")", R"("__TANGRAM_DATA__")"},
    {"LineSeparators", "\"\u2028\u2029\"", R"("\u2028\u2029")"},
    {"Unicode", "\"\u00e9 \u05e9 \u202e \U0001f9e9\"", "\"\u00e9 \u05e9 \u202e \U0001f9e9\""},
    {"LoneContinuation", "\"\x80\"", "\"\uFFFD\""},
    {"CutShort", "\"\xE2\x80\"", "\"\uFFFD\uFFFD\""},
    {"CutShortAtEnd", "\xF0\x9F\xA7", "\uFFFD\uFFFD\uFFFD"},
    {"Overlong", "\"\xC0\xBC\"", "\"\uFFFD\uFFFD\""},
    {"OverlongThree", "\"\xE0\x80\xBC\"", "\"\uFFFD\uFFFD\uFFFD\""},
    {"Surrogate", "\"\xED\xA0\x80\"", "\"\uFFFD\uFFFD\uFFFD\""},
    {"PastTheLast", "\"\xF4\x90\x80\x80\"", "\"\uFFFD\uFFFD\uFFFD\uFFFD\""},
    {"ByteWithoutMeaning", "\"\xFF<\"", "\"\uFFFD\\u003c\""},
};

class DataTest : public testing::TestWithParam<DataCase> {};
TEST_P(DataTest, StaysData) { EXPECT_EQ(DataOf(RenderHtml(GetParam().json)), GetParam().want); }
INSTANTIATE_TEST_SUITE_P(Table, DataTest, testing::ValuesIn(kCases),
                         [](const auto& test) { return test.param.name; });

TEST(RenderHtml, IsOneFileThatLoadsNothing) {
  const std::string page = RenderHtml("{}");
  EXPECT_EQ(page.rfind("<!doctype html>", 0), 0U);
  EXPECT_NE(page.find("default-src 'none'; script-src 'sha256-"), std::string::npos);
  EXPECT_EQ(page.find("<link rel=\"stylesheet\""), std::string::npos);
  EXPECT_EQ(page.find(" src="), std::string::npos);
  EXPECT_NE(page.find("</html>"), std::string::npos);
}

TEST(RenderPlanHtml, IsOneFileThatLoadsNothing) {
  const std::string page = RenderPlanHtml(R"({"format":"tangram-plan","cluster":"</script>"})");
  EXPECT_EQ(DataOf(page), R"({"format":"tangram-plan","cluster":"\u003c/script\u003e"})");
  EXPECT_NE(page.find("<title>GPU plan</title>"), std::string::npos);
  EXPECT_NE(page.find("default-src 'none'; script-src 'sha256-"), std::string::npos);
  EXPECT_EQ(page.find(" src="), std::string::npos);
}

TEST(RenderHtml, NoBytesLeaveTheDataElement) {
  const std::size_t around = RenderHtml("").size();
  const std::string_view alphabet = "<>&/!-script\"\\\xE2\x80\xA8\xA9\xF0\xED\xC0\xFF{}";
  std::mt19937 random(20261121);
  for (int round = 0; round < 2000; ++round) {
    std::string json;
    for (std::size_t length = random() % 40; length > 0; --length) {
      json += alphabet[random() % alphabet.size()];
    }
    const std::string page = RenderHtml(json);
    const std::string data = DataOf(page);
    EXPECT_EQ(page.size(), around + data.size()) << json;
    EXPECT_EQ(data.find_first_of("<>&"), std::string::npos) << json;
  }
}

}  // namespace
}  // namespace tangram::report

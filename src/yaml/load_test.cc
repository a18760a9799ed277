// Hostile text: a clear error with its line, or plain values; never a crash.
#include "yaml/load.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace tangram::yaml {
namespace {

using testing::HasSubstr;

std::string Repeat(const std::string& text, int times) {
  std::string all;
  for (int i = 0; i < times; ++i) all += text;
  return all;
}

// Nine levels of ten aliases each: a billion values once written out.
std::string AliasBomb() {
  std::string text = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n";
  for (int i = 1; i < 9; ++i) {
    const std::string last = "*a" + std::to_string(i - 1);
    text += "a" + std::to_string(i) + ": &a" + std::to_string(i) + " [" + last +
            Repeat(", " + last, 9) + "]\n";
  }
  return text;
}

struct HostileCase {
  std::string name;
  std::string text;
  std::string message;  // what it must say; "" where the text is readable
};

const HostileCase kCases[] = {
    {"Empty", "", ""},
    {"OnlyComments", "# a\n---\n# b\n", ""},
    {"AliasBomb", AliasBomb(), "too large once its aliases are written out"},
    {"AliasToItself", "a: &a [*a]\n", "line 1: "},
    {"BigScalar", "a: " + std::string(10U << 20U, 'x'), "split it"},
    {"DeepLists", std::string(100'000, '['), "line 1: nested deeper"},
    {"DeepMaps", Repeat("{a: ", 10'000), "line 1: "},
    {"DeepBlocks", Repeat("- ", 100'000), "line 1: "},
    {"DeepQuestions", Repeat("? ", 10'000), "line 1: nested deeper"},
    {"DeepKeys",
     "a:\n" +
         [] {
           std::string text;
           for (int i = 1; i < 200; ++i)
             text += std::string(static_cast<std::size_t>(i), ' ') + "a:\n";
           return text;
         }(),
     "nested deeper"},
    {"Truncated", "a: [1, 2", "line "},
    {"TruncatedQuote", "a: \"x", "line "},
    {"Binary", std::string("a: \0b", 5), "line 1: a control character"},
    {"Elf",
     "\n\x7F"
     "ELF\x02\x01",
     "line 2: a control character"},
    {"Tabs", "a:\n\tb: 1\n", "line 2: "},
    {"UnknownAlias", "a: 1\nb: *c\n", "line 2: "},
    {"HelmTemplate", "a:\n  {{- if .Values.b }}\n  c: 1\n", "helm template"},
    {"MapAsKey", "? {a: 1}\n: b\n", "line 1: a key that is not plain text"},
    {"NotUtf8", "b: 1\na: \xFF\xFE\xC0\n", "line 2: a byte that is not UTF-8"},
    {"BehindDocumentEnd", "a: 1\n...\nb: 2\n", ""},
    {"DocumentEnds", "a: 1\n...\n# b\n---\nc: ...\n...\n", ""},
    {"CommaFirst", "a: 1\n---\n,: &a [x *b]\n", "line 3: "},
    {"CutCharacter", "a: {\xCC\xCC", "line 1: a byte that is not UTF-8"},
    {"Characters", "a: \xC3\xA9 \xE2\x82\xAC \xF0\x9F\x98\x80\n", ""},
    {"OnlyDashes", "---\n---\n---\n", ""},
    {"WindowsLines", "a: 1\r\nb: 2\r\n", ""},
};

class Hostile : public testing::TestWithParam<HostileCase> {};

TEST_P(Hostile, IsReadOrRefused) {
  const auto loaded = Load(GetParam().text);
  if (GetParam().message.empty()) {
    EXPECT_TRUE(loaded.has_value()) << loaded.error().message;
    return;
  }
  ASSERT_FALSE(loaded.has_value());
  EXPECT_THAT(loaded.error().message, HasSubstr(GetParam().message));
  EXPECT_TRUE(loaded.error().message.starts_with("line ")) << loaded.error().message;
}

INSTANTIATE_TEST_SUITE_P(Table, Hostile, testing::ValuesIn(kCases),
                         [](const auto& test) { return test.param.name; });

TEST(Load, WritesAliasesOutAndAppliesMergeKeys) {
  const auto documents = Load("a: &a {x: 1, y: 2}\nb:\n  <<: *a\n  y: 3\nc: *a\n");
  ASSERT_TRUE(documents);
  const Value& root = documents->front();
  EXPECT_EQ(At(root, Path{} / "b" / "x")->text, "1");
  EXPECT_EQ(At(root, Path{} / "b" / "y")->text, "3");
  EXPECT_EQ(At(root, Path{} / "c" / "y")->text, "2");
  EXPECT_EQ(root.Find("c")->line, 1);
}

TEST(Load, KeepsOrderTypesAndLines) {
  const auto documents = Load("b: '1'\na: 1\nt: |\n  two\n  lines\n");
  ASSERT_TRUE(documents);
  const Value& root = documents->front();
  EXPECT_EQ(root.members.front().key, "b");
  EXPECT_EQ(root.Find("b")->style, Value::Style::kQuoted);
  EXPECT_EQ(root.Find("a")->style, Value::Style::kPlain);
  EXPECT_EQ(root.Find("a")->line, 2);
  EXPECT_EQ(root.Find("t")->text, "two\nlines\n");
}

TEST(PathText, QuotesOddKeys) {
  EXPECT_EQ(TextOf(Path{} / "spec" / "items" / 3 / "a.b/c"), "spec.items[3][\"a.b/c\"]");
}

}  // namespace
}  // namespace tangram::yaml

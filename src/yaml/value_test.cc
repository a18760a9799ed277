#include "yaml/value.h"

#include <gtest/gtest.h>

#include "yaml/load.h"

namespace tangram::yaml {
namespace {

bool IsText(const std::string& yaml) { return Load("a: " + yaml)->front().Find("a")->is_text(); }

TEST(Value, KnowsWhatKubernetesReadsAsText) {
  for (const char* text : {"ml", "v1", "'1'", "\"true\"", "cafe", "1g.5gb", "1-2", "a1e5", "0x",
                           "''", "nope", "e5", "-a", "10.0.0.1", "x86"}) {
    EXPECT_TRUE(IsText(text)) << text;
  }
  for (const char* text : {"1",    "-1",   "+1",   "1.30",  ".5",    "1e5",  "1_000", "0x1F",
                           "0o17", "0b11", "true", "False", "yes",   "NO",   "on",    "off",
                           "~",    "null", "",     ".inf",  "-.inf", ".NaN", "[a]",   "{a: b}"}) {
    EXPECT_FALSE(IsText(text)) << text;
  }
}

TEST(Value, OfOneKeyTheLastCounts) {
  Value root = Load("{a: 1, b: [{c: 1, d: 2, c: 3}], a: {a: 4, a: 5}}")->front();
  DropHidden(root);
  ASSERT_EQ(root.members.size(), 2U);
  EXPECT_EQ(root.members.front().key, "b");
  EXPECT_EQ(root.Find("b")->items.front().members.size(), 2U);
  EXPECT_EQ(root.Find("b")->items.front().TextOf("c"), "3");
  ASSERT_EQ(root.Find("a")->members.size(), 1U);
  EXPECT_EQ(root.Find("a")->TextOf("a"), "5");
}

}  // namespace
}  // namespace tangram::yaml

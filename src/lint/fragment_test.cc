// What is written can be read again, and is what was read.
#include "lint/fragment.h"

#include <gtest/gtest.h>

#include "yaml/load.h"

namespace tangram::lint {
namespace {

using yaml::Load;

TEST(Emit, KeepsOrderTypesAndLines) {
  const std::string text = "b: '1'\na: 1\nn:\nl: []\nm: {}\nt: |\n  two\n  lines\n";
  const auto documents = Load(text);
  ASSERT_TRUE(documents);
  const std::string again = Emit(documents->front());
  EXPECT_TRUE(again.starts_with("b: \"1\"\na: 1\n")) << again;
  const auto reloaded = Load(again);
  ASSERT_TRUE(reloaded);
  EXPECT_EQ(Emit(reloaded->front()), again);
  EXPECT_EQ(documents->front().Find("a")->line, 2);
  EXPECT_EQ(reloaded->front().Find("t")->text, "two\nlines\n");
}

TEST(Apply, SetsThenRemovesLaterItemsFirst) {
  const auto documents = Load("l: [a, b, c]\nm: {x: 1}\n");
  ASSERT_TRUE(documents);
  const Path l = Path{} / "l";
  const Value changed = Apply(documents->front(), {{l / 0, std::nullopt, std::nullopt},
                                                   {l / 2, std::nullopt, std::nullopt},
                                                   {l / 1, Text("B"), std::nullopt},
                                                   {Path{} / "n" / "k", Text("v"), std::nullopt}});
  EXPECT_EQ(At(changed, l)->items.size(), 1U);
  EXPECT_EQ(At(changed, l / 0)->text, "B");
  EXPECT_EQ(At(changed, Path{} / "n" / "k")->text, "v");
}

}  // namespace
}  // namespace tangram::lint

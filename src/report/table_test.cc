#include "report/table.h"

#include <gtest/gtest.h>

#include "base/text.h"

namespace tangram::report {
namespace {

TEST(RenderTable, AlignsAndCuts) {
  const std::string text =
      RenderTable({{"NAME", Column::Align::kLeft, 6}, {"COUNT", Column::Align::kRight}},
                  {{{"größer-als"}, {"7"}}, {{"b"}, {"1,234"}}}, ColorMode::kPlain);
  EXPECT_EQ(text,
            "  NAME    COUNT\n"
            "  größe…      7\n"
            "  b       1,234\n");
}

TEST(Printable, LetsNoNameMoveTheCursor) {
  EXPECT_EQ(Printable("a\x1b[2Jb"), "a?[2Jb");
  EXPECT_EQ(Printable("a\nb\tc\r"), "a?b?c?");
  EXPECT_EQ(Printable("\xff\xfe"), "??");
  EXPECT_EQ(Printable("\xe2\x80\xaetxt"), "?txt");  // right-to-left override
  EXPECT_EQ(Printable("\xc2\x9b"
                      "31m"),
            "?31m");  // C1 control sequence introducer
  EXPECT_EQ(Printable("größe ✓"), "größe ✓");
  EXPECT_EQ(Printable("\xe2\x82"), "??");  // cut short
}

TEST(Paint, IsSilentInPlainMode) {
  EXPECT_EQ(Paint("x", Color::kRed, ColorMode::kPlain), "x");
  EXPECT_EQ(Paint("x", Color::kRed, ColorMode::kAnsi), "\x1b[31mx\x1b[0m");
  EXPECT_EQ(Paint("", Color::kRed, ColorMode::kAnsi), "");
}

}  // namespace
}  // namespace tangram::report

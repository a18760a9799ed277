#include "cli/progress.h"

#include <gtest/gtest.h>

#include <sstream>

namespace tangram::cli {
namespace {

using std::chrono::milliseconds;

class ProgressTest : public ::testing::Test {
 protected:
  // What a command that shows a step every `every` for `span` writes to `err`.
  std::string Shown(milliseconds span, milliseconds every, bool terminal) {
    std::istringstream in;
    std::ostringstream out;
    std::ostringstream err;
    Streams streams{in, out, err, false, terminal};
    std::chrono::steady_clock::time_point now{};
    {
      ProgressLine line(streams, [&] { return now; });
      for (milliseconds passed = every; passed <= span; passed += every) {
        now = std::chrono::steady_clock::time_point(passed);
        line.Show("at " + std::to_string(passed.count()));
      }
    }
    EXPECT_EQ(out.str(), "");
    return err.str();
  }
};

TEST_F(ProgressTest, QuickCommandsShowNothing) {
  EXPECT_EQ(Shown(milliseconds(1900), milliseconds(100), false), "");
  EXPECT_EQ(Shown(milliseconds(1900), milliseconds(100), true), "");
}

TEST_F(ProgressTest, ALineEveryTwoSecondsInAFile) {
  EXPECT_EQ(Shown(milliseconds(7000), milliseconds(250), false), "at 2000\nat 4000\nat 6000\n");
}

TEST_F(ProgressTest, OneLineWrittenOverAndRemovedOnATerminal) {
  EXPECT_EQ(Shown(milliseconds(2300), milliseconds(50), true),
            "\r\x1b[Kat 2000\r\x1b[Kat 2100\r\x1b[Kat 2200\r\x1b[Kat 2300\r\x1b[K");
}

TEST_F(ProgressTest, ALongStepStaysOnOneLineOfATerminal) {
  std::istringstream in;
  std::ostringstream out;
  std::ostringstream err;
  Streams streams{in, out, err, false, true};
  std::chrono::steady_clock::time_point now{};
  ProgressLine line(streams, [&] { return now; });
  now += milliseconds(2000);
  line.Show(std::string(200, 'x'));
  EXPECT_EQ(err.str(), "\r\x1b[K" + std::string(78, 'x') + "…");
}

}  // namespace
}  // namespace tangram::cli

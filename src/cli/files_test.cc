#include <fcntl.h>
#include <gmock/gmock.h>
#include <sys/stat.h>

#include <thread>

#include "base/file.h"
#include "cli/command.h"
#include "cli/run_testing.h"

namespace tangram::cli {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using testing::TextOf;

class FilesTest : public testing::InFolder {
 protected:
  static base::Result<void> WriteTo(const std::string& path, std::string_view text) {
    std::ostringstream out;
    auto written = WriteText(path, text, out);
    EXPECT_EQ(out.str(), "");
    return written;
  }
  static mode_t ModeOf(const std::string& path) {
    struct stat info = {};
    EXPECT_EQ(stat(path.c_str(), &info), 0);
    return info.st_mode & 07777U;
  }
};

TEST_F(FilesTest, ReadsAFileAndStandardInput) {
  std::istringstream in("from the stream");
  EXPECT_EQ(ReadText(Write("a", "from the file"), in), "from the file");
  EXPECT_EQ(ReadText("-", in), "from the stream");
  std::istringstream large(std::string(5'000'000, 'x') + "end");
  EXPECT_EQ(ReadText("-", large), std::string(5'000'000, 'x') + "end");
}

TEST_F(FilesTest, ReadingNamesPathAndReason) {
  std::istringstream in;
  const auto missing = ReadText(Path("none"), in);
  ASSERT_FALSE(missing);
  EXPECT_EQ(missing.error().message,
            "file " + Path("none") + " cannot be read: No such file or directory");
  in.setstate(std::ios::badbit);
  EXPECT_EQ(ReadText("-", in).error().message, "standard input cannot be read");
}

TEST_F(FilesTest, WritesToTheStreamForADash) {
  std::ostringstream out;
  ASSERT_TRUE(WriteText("-", "one ", out));
  ASSERT_TRUE(WriteText("", "two", out));
  EXPECT_EQ(out.str(), "one two");
}

TEST_F(FilesTest, LeavesNothingElseInTheFolder) {
  ASSERT_TRUE(WriteTo(Path("a"), "first, and longer"));
  ASSERT_TRUE(WriteTo(Path("a"), "second"));
  EXPECT_EQ(TextOf(Path("a")), "second");
  EXPECT_THAT(Names(), ElementsAre("a"));
}

// The old text stays readable through a descriptor that was open before: it was not written over.
TEST_F(FilesTest, ReplacesInOneStep) {
  Write("a", "old");
  const int before = open(Path("a").c_str(), O_RDONLY | O_CLOEXEC);
  ASSERT_GE(before, 0);
  ASSERT_TRUE(WriteTo(Path("a"), "new"));
  EXPECT_EQ(base::ReadFile("/dev/fd/" + std::to_string(before), 100), "old");
  close(before);
  EXPECT_EQ(TextOf(Path("a")), "new");
}

TEST_F(FilesTest, KeepsTheModeOfTheOldFile) {
  ASSERT_EQ(chmod(Write("secret", "old").c_str(), 0600), 0);
  ASSERT_TRUE(WriteTo(Path("secret"), "new"));
  EXPECT_EQ(ModeOf(Path("secret")), 0600U);
}

TEST_F(FilesTest, WritesThroughALink) {
  Write("target", "old");
  std::filesystem::create_symlink("target", Path("link"));
  ASSERT_TRUE(WriteTo(Path("link"), "new"));
  EXPECT_TRUE(std::filesystem::is_symlink(Path("link")));
  EXPECT_EQ(TextOf(Path("target")), "new");
}

TEST_F(FilesTest, WhatAKilledRunLeftIsNoObstacle) {
  const std::string left = "a.tmp-" + std::to_string(getpid()) + "-0";
  Write(left, "half");
  ASSERT_TRUE(WriteTo(Path("a"), "whole"));
  EXPECT_EQ(TextOf(Path("a")), "whole");
  EXPECT_EQ(TextOf(Path(left)), "half");
}

TEST_F(FilesTest, ADeviceIsWrittenToAndStays) {
  ASSERT_TRUE(WriteTo("/dev/null", "text"));
  EXPECT_TRUE(std::filesystem::is_character_file("/dev/null"));
  const auto full = WriteTo("/dev/full", "text");
  ASSERT_FALSE(full);
  EXPECT_EQ(full.error().message, "cannot write /dev/full: No space left on device");
}

TEST_F(FilesTest, APipeIsWrittenToAndStays) {
  ASSERT_EQ(mkfifo(Path("pipe").c_str(), 0600), 0);
  base::Result<std::string> read;
  std::thread reader([&] { read = base::ReadFile(Path("pipe"), 1 << 20); });
  const auto written = WriteTo(Path("pipe"), std::string(200'000, 'x'));
  reader.join();
  EXPECT_TRUE(written);
  EXPECT_EQ(read, std::string(200'000, 'x'));
  EXPECT_TRUE(std::filesystem::is_fifo(Path("pipe")));
}

TEST_F(FilesTest, WritingNamesPathAndReason) {
  const auto missing = WriteTo(Path("none/a"), "text");
  ASSERT_FALSE(missing);
  EXPECT_EQ(missing.error(),
            (base::Error{base::ErrorCode::kInvalid, "cannot write " + Path("none/a") +
                                                        ": its folder does not exist; make it, or "
                                                        "name another"}));
  std::filesystem::create_directory(Path("folder"));
  const auto folder = WriteTo(Path("folder"), "text");
  ASSERT_FALSE(folder);
  EXPECT_THAT(folder.error().message, HasSubstr("it is a directory; name a file in it"));
  EXPECT_THAT(Names(), ElementsAre("folder"));
}

}  // namespace
}  // namespace tangram::cli

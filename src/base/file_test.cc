#include "base/file.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <thread>

#include "base/file_testing.h"

namespace tangram::base {
namespace {

constexpr std::size_t kMost = 1000;

using FileTest = testing::InFolder;

// Texts of every length around a border, none of them periodic.
std::string TextOf(std::size_t bytes) {
  std::string text(bytes, '\0');
  for (std::size_t i = 0; i < bytes; ++i) text[i] = static_cast<char>((i * i + i / 251) % 256);
  return text;
}

TEST_F(FileTest, ReadsWhatIsThere) {
  for (const std::size_t bytes : {0UL, 1UL, 999UL, 65535UL, 65536UL, 65537UL, 300'000UL}) {
    const std::string text = TextOf(bytes);
    EXPECT_EQ(ReadFile(Write("a", text), 1 << 20), text) << bytes;
    EXPECT_EQ(ReadFile(Path("a"), bytes), text) << bytes;
  }
}

TEST_F(FileTest, LeavesZerosBehindTheText) {
  for (const std::size_t bytes : {0UL, 5UL, 65536UL, 200'000UL}) {
    const std::string text = TextOf(bytes);
    const auto file = LoadFile(Write("a", text), {.most_bytes = 1 << 20, .zeros_behind = 64});
    ASSERT_TRUE(file) << file.error().message;
    EXPECT_EQ(file->text(), text);
    ASSERT_GE(file->capacity(), bytes + 64);
    const char* behind = file->text().data() + bytes;
    EXPECT_EQ(std::count(behind, behind + 64, '\0'), 64);
  }
}

TEST_F(FileTest, RefusesOneByteTooMany) {
  EXPECT_TRUE(ReadFile(Write("fits", TextOf(kMost)), kMost));
  const auto longer = ReadFile(Write("longer", TextOf(kMost + 1)), kMost);
  ASSERT_FALSE(longer);
  EXPECT_EQ(longer.error(), (Error{ErrorCode::kInvalid, "file " + Path("longer") +
                                                            " cannot be read: it is longer than "
                                                            "1000 bytes"}));
}

TEST_F(FileTest, EndsOnADeviceWithoutAnEnd) {
  const auto zeros = ReadFile("/dev/zero", kMost);
  ASSERT_FALSE(zeros);
  EXPECT_NE(zeros.error().message.find("longer than 1000 bytes"), std::string::npos);
}

TEST_F(FileTest, ReadsFilesThatSayTheyAreEmpty) {
  const auto status = ReadFile("/proc/self/status", 1 << 20);
  ASSERT_TRUE(status) << status.error().message;
  EXPECT_NE(status->find("Name:"), std::string::npos);
}

TEST_F(FileTest, ReadsAPipeToItsEnd) {
  ASSERT_EQ(mkfifo(Path("pipe").c_str(), 0600), 0);
  const std::string text = TextOf(300'000);
  std::thread writer([&] { std::ofstream(Path("pipe"), std::ios::binary) << text; });
  const auto read = ReadFile(Path("pipe"), 1 << 20);
  writer.join();
  EXPECT_EQ(read, text);
}

TEST_F(FileTest, SaysWhatIsWrongWithAPath) {
  const auto missing = ReadFile(Path("none"), kMost);
  ASSERT_FALSE(missing);
  EXPECT_EQ(missing.error(),
            (Error{ErrorCode::kNotFound,
                   "file " + Path("none") + " cannot be read: No such file or directory"}));
  const auto folder = ReadFile(Folder(), kMost);
  ASSERT_FALSE(folder);
  EXPECT_EQ(folder.error(), (Error{ErrorCode::kInvalid,
                                   "file " + Folder() +
                                       " cannot be read: it is a directory; name the file in it"}));
  const auto below = ReadFile(Write("a", "x") + "/b", kMost);
  ASSERT_FALSE(below);
  EXPECT_EQ(below.error().code, ErrorCode::kInvalid);
  EXPECT_NE(below.error().message.find("Not a directory"), std::string::npos);
}

}  // namespace
}  // namespace tangram::base

#include "cluster/file_form.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>

#include "cluster/testing/random_snapshot.h"

namespace tangram::cluster {
namespace {

RandomSize SizeFor(int seed) {
  return {.nodes = seed % 7,
          .gpus_per_node = 1 + seed % 8,
          .pods = seed % 31,
          .usage_rows = seed % 13,
          .text = seed % 2 == 0 ? RandomText::kUsual : RandomText::kAnyCharacter};
}

Snapshot RandomFor(int seed) {
  return RandomSnapshot(static_cast<std::uint64_t>(seed), SizeFor(seed));
}

TEST(SnapshotFile, ReadsBackWhatWasWritten) {
  for (int seed = 0; seed < 100; ++seed) {
    const Snapshot snapshot = RandomFor(seed);
    const std::string text = WriteSnapshot(snapshot);
    const auto read = ReadSnapshot(text);
    ASSERT_TRUE(read) << seed << ": " << read.error().message;
    ASSERT_EQ(*read, snapshot) << seed << "\n" << text;
    ASSERT_EQ(WriteSnapshot(*read), text) << seed;
  }
}

// Another writer's order of keys and blanks: sorted keys, indented.
TEST(SnapshotFile, ReadsAnyOrderOfFields) {
  for (int seed = 0; seed < 30; ++seed) {
    const Snapshot snapshot = RandomFor(seed);
    const std::string text = nlohmann::json::parse(WriteSnapshot(snapshot)).dump(3, ' ', true);
    const auto read = ReadSnapshot(text);
    ASSERT_TRUE(read) << seed << ": " << read.error().message;
    ASSERT_EQ(*read, snapshot) << seed;
  }
}

TEST(SnapshotFile, RandomSnapshotsDifferBySeedOnly) {
  EXPECT_EQ(RandomFor(5), RandomFor(5));
  EXPECT_NE(RandomSnapshot(5), RandomSnapshot(6));
}

TEST(SnapshotFile, CutShortIsRefused) {
  const std::string text = WriteSnapshot(
      RandomSnapshot(3, {.nodes = 2, .gpus_per_node = 2, .pods = 3, .usage_rows = 2}));
  for (std::size_t length = 0; length + 2 < text.size(); length += 3) {
    ASSERT_FALSE(ReadSnapshot(std::string_view(text).substr(0, length))) << length;
  }
}

// Whatever a byte becomes: read, or refused with a sentence; what is read can be written.
TEST(SnapshotFile, AnyChangedByteIsReadOrRefused) {
  const std::string text = WriteSnapshot(
      RandomSnapshot(4, {.nodes = 1, .gpus_per_node = 2, .pods = 2, .usage_rows = 1}));
  for (std::size_t at = 0; at < text.size(); at += 3) {
    for (const char byte : {'"', '{', '}', ',', '[', '0', '-', '\\', '\x80', '\0'}) {
      std::string changed = text;
      changed[at] = byte;
      const auto read = ReadSnapshot(changed);
      if (!read) {
        ASSERT_TRUE(read.error().message.starts_with("snapshot: ")) << read.error().message;
        continue;
      }
      ASSERT_EQ(ReadSnapshot(WriteSnapshot(*read)), *read) << changed;
    }
  }
}

TEST(SnapshotFile, WritesOneRowALine) {
  Snapshot snapshot;
  snapshot.taken_at = base::Time(std::chrono::milliseconds(1'790'000'000'000));
  snapshot.nodes.resize(2);
  snapshot.nodes[0].name = "a";
  snapshot.nodes[1].name = "b";
  snapshot.nodes[1].gpus.resize(1);
  snapshot.nodes[1].gpus[0].memory = base::MiB(40'960);
  EXPECT_EQ(
      WriteSnapshot(snapshot),
      "{\"format\":\"tangram-snapshot\",\n\"version\":6,\n\"takenAt\":\"2026-09-21T14:13:20Z\",\n"
      "\"nodes\":[\n{\"name\":\"a\"},\n"
      "{\"name\":\"b\",\"gpus\":[{\"index\":0,\"memoryMiB\":40960}]}\n]}\n");
}

TEST(SnapshotFile, ReadsEarlierVersions) {
  const auto read =
      ReadSnapshot(R"({"format":"tangram-snapshot","version":1,"takenAt":"2026-11-21T13:20:41Z",)"
                   R"("pods":[{"namespace":"a","name":"b","phase":"Pending"}]})");
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_EQ(read->pods[0].affinity, Affinity());
}

TEST(SnapshotFile, WhatIsNotUtf8IsWrittenAsReplacementCharacters) {
  Snapshot snapshot;
  snapshot.cluster = "a\xFFz\xE2\x82";
  const auto read = ReadSnapshot(WriteSnapshot(snapshot));
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_EQ(read->cluster, "a\uFFFDz\uFFFD\uFFFD");
}

TEST(SnapshotFile, LargeListsComeInPieces) {
  const Snapshot snapshot = RandomSnapshot(1, {.nodes = 200, .pods = 3000, .usage_rows = 500});
  std::size_t pieces = 0;
  std::size_t longest = 0;
  std::string text;
  WriteSnapshot(snapshot, [&](std::string_view piece) {
    ++pieces;
    longest = std::max(longest, piece.size());
    text += piece;
  });
  EXPECT_GT(pieces, 3U);
  EXPECT_LT(longest, std::size_t{600'000});
  EXPECT_EQ(ReadSnapshot(text), snapshot);
}

class SnapshotPath : public ::testing::Test {
 protected:
  std::string Path() const { return ::testing::TempDir() + "tangram_snapshot_test.json"; }
  void TearDown() override { std::remove(Path().c_str()); }
};

TEST_F(SnapshotPath, ReadsAFile) {
  const Snapshot snapshot = RandomSnapshot(9, {.nodes = 300});
  std::ofstream(Path(), std::ios::binary) << WriteSnapshot(snapshot);
  EXPECT_EQ(ReadSnapshotFile(Path()), snapshot);
}

TEST_F(SnapshotPath, SaysWhatIsWrongWithAPath) {
  const auto missing = ReadSnapshotFile(Path());
  ASSERT_FALSE(missing);
  EXPECT_EQ(missing.error().message,
            "snapshot: file " + Path() + " cannot be read: No such file or directory");
  const auto folder = ReadSnapshotFile(::testing::TempDir());
  ASSERT_FALSE(folder);
  EXPECT_NE(folder.error().message.find("it is a directory; name the file in it"),
            std::string::npos);
  std::ofstream(Path(), std::ios::binary) << "";
  const auto empty = ReadSnapshotFile(Path());
  ASSERT_FALSE(empty);
  EXPECT_EQ(empty.error().message, "file \"" + Path() +
                                       "\": snapshot: the file is empty; write one with 'tangram "
                                       "snapshot'");
}

// docs/schema/snapshot.schema.json is written by this test where TANGRAM_WRITE_SCHEMA is set.
TEST(SnapshotSchema, IsTheOneInDocs) {
  const std::string path = std::string(TANGRAM_SOURCE_DIR) + "/docs/schema/snapshot.schema.json";
  if (std::getenv("TANGRAM_WRITE_SCHEMA") != nullptr) {
    std::ofstream(path, std::ios::binary) << SnapshotSchema();
  }
  std::ostringstream text;
  text << std::ifstream(path, std::ios::binary).rdbuf();
  EXPECT_EQ(text.str(), SnapshotSchema())
      << "run this test once with TANGRAM_WRITE_SCHEMA=1 and look at the difference";
}

}  // namespace
}  // namespace tangram::cluster

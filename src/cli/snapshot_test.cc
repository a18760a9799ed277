// tangram snapshot, made of a recorded one.
#include <gmock/gmock.h>

#include "cli/run_testing.h"
#include "cluster/file_form.h"

namespace tangram::cli {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;
using testing::Ran;
using testing::SourcePath;
using testing::Tangram;
using testing::TextOf;

const std::string kMessy = SourcePath("examples/messy.json");

class SnapshotTest : public testing::InFolder {};

TEST_F(SnapshotTest, WritesWhatItRead) {
  const Ran ran = Tangram({"snapshot", "--snapshot", kMessy});
  ASSERT_EQ(ran.code, 0) << ran.err;
  EXPECT_EQ(ran.err, "");
  EXPECT_EQ(ran.out, TextOf(kMessy));
}

TEST_F(SnapshotTest, WritesAFileAndSaysWhatIsInIt) {
  const Ran ran = Tangram({"snapshot", "--snapshot", kMessy, "-f", Path("s.json")});
  ASSERT_EQ(ran.code, 0) << ran.err;
  EXPECT_EQ(ran.out, "");
  EXPECT_THAT(ran.err, ::testing::StartsWith("wrote " + Path("s.json") + ": 40 nodes, "));
  EXPECT_EQ(TextOf(Path("s.json")), TextOf(kMessy));
  EXPECT_THAT(Names(), ElementsAre("s.json"));
}

TEST_F(SnapshotTest, HashedNamesAreGoneAndTheReportStays) {
  const Ran ran =
      Tangram({"snapshot", "--snapshot", kMessy, "--hash-names", "--hash-key", "a key of ours"});
  ASSERT_EQ(ran.code, 0) << ran.err;
  const auto before = cluster::ReadSnapshotFile(kMessy);
  ASSERT_TRUE(before) << before.error().message;
  for (const cluster::Node& node : before->nodes) EXPECT_THAT(ran.out, Not(HasSubstr(node.name)));
  for (const cluster::Pod& pod : before->pods) EXPECT_THAT(ran.out, Not(HasSubstr(pod.name)));
  EXPECT_THAT(ran.out + ran.err, Not(HasSubstr("a key of ours")));
  const auto hidden = cluster::ReadSnapshot(ran.out);
  ASSERT_TRUE(hidden) << hidden.error().message;
  EXPECT_EQ(hidden->pods.size(), before->pods.size());
}

TEST_F(SnapshotTest, TheKeyMayComeFromTheEnvironment) {
  const Ran option =
      Tangram({"snapshot", "--snapshot", kMessy, "--hash-names", "--hash-key", "the key"});
  const testing::ScopedEnv key("TANGRAM_HASH_KEY", "the key");
  const Ran environment = Tangram({"snapshot", "--snapshot", kMessy, "--hash-names"});
  EXPECT_EQ(environment.code, 0) << environment.err;
  EXPECT_EQ(environment.out, option.out);
}

TEST_F(SnapshotTest, NamesAreNotHashedWithoutAKey) {
  const testing::ScopedEnv key("TANGRAM_HASH_KEY", "");
  const Ran ran = Tangram({"snapshot", "--snapshot", kMessy, "--hash-names"});
  EXPECT_EQ(ran.code, 2);
  EXPECT_EQ(ran.out, "");
  EXPECT_THAT(ran.err, HasSubstr("--hash-names needs --hash-key or TANGRAM_HASH_KEY"));
}

TEST_F(SnapshotTest, AFolderThatIsNotThereIsSaid) {
  const Ran ran = Tangram({"snapshot", "--snapshot", kMessy, "-f", Path("none/s.json")});
  EXPECT_EQ(ran.code, 2);
  EXPECT_THAT(ran.err, HasSubstr("cannot write " + Path("none/s.json")));
}

}  // namespace
}  // namespace tangram::cli

#include "cluster/gang.h"

#include <gtest/gtest.h>

namespace tangram::cluster {
namespace {

struct GangCase {
  const char* name;
  Labels labels;
  Labels annotations;
  std::string_view gang;
  std::optional<int> size;
  std::string_view owner{};  // "kind/name"
};

const GangCase kCases[] = {
    {"None", {{"app", "x"}}, {}, "", std::nullopt},
    {"Ours", {{"tangram.dev/gang", "g"}, {"tangram.dev/gang-size", "4"}}, {}, "g", 4},
    {"SizeAsAnnotation", {{"tangram.dev/gang", "g"}}, {{"tangram.dev/gang-size", "4"}}, "g", 4},
    {"SizeThatIsNoNumber",
     {{"tangram.dev/gang", "g"}, {"tangram.dev/gang-size", "4x"}},
     {},
     "g",
     std::nullopt},
    {"SizeBelowOne",
     {{"tangram.dev/gang", "g"}, {"tangram.dev/gang-size", "-4"}},
     {},
     "g",
     std::nullopt},
    {"OfAJob",
     {{"tangram.dev/gang", "g"}, {"batch.kubernetes.io/job-name", "train"}},
     {},
     "g",
     std::nullopt,
     "jobs.batch/train"},
    {"OfAJobSet",
     {{"tangram.dev/gang", "g"},
      {"batch.kubernetes.io/job-name", "train-workers-0"},
      {"jobset.sigs.k8s.io/jobset-name", "train"}},
     {},
     "g",
     std::nullopt,
     "jobsets.jobset.x-k8s.io/train"},
    {"OwnSizeBeforeTheJobs",
     {{"tangram.dev/gang", "g"},
      {"tangram.dev/gang-size", "4"},
      {"batch.kubernetes.io/job-name", "train"}},
     {},
     "g",
     4},
    {"AJobIsNoGangByItself", {{"batch.kubernetes.io/job-name", "train"}}, {}, "", std::nullopt},
    {"Kueue",
     {{"kueue.x-k8s.io/pod-group-name", "k"}},
     {{"kueue.x-k8s.io/pod-group-total-count", "3"}},
     "k",
     3},
    {"Volcano",
     {},
     {{"scheduling.k8s.io/group-name", "v"}},
     "v",
     std::nullopt,
     "podgroups.scheduling.volcano.sh/v"},
    {"Kai", {}, {{"pod-group-name", "k"}}, "k", std::nullopt, "podgroups.scheduling.run.ai/k"},
    {"Coscheduling",
     {{"scheduling.x-k8s.io/pod-group", "c"}},
     {},
     "c",
     std::nullopt,
     "podgroups.scheduling.x-k8s.io/c"},
    {"OursBeforeOthers",
     {{"kueue.x-k8s.io/pod-group-name", "k"}, {"tangram.dev/gang", "g"}},
     {},
     "g",
     std::nullopt},
};

class GangTest : public testing::TestWithParam<GangCase> {};
TEST_P(GangTest, IsReadFromThePod) {
  Pod pod;
  pod.labels = GetParam().labels;
  pod.annotations = GetParam().annotations;
  const Gang gang = GangOf(pod);
  EXPECT_EQ(gang.name, GetParam().gang);
  EXPECT_EQ(gang.size, GetParam().size);
  const std::string owner = std::string(gang.owner_kind) + "/" + std::string(gang.owner);
  EXPECT_EQ(owner == "/" ? "" : owner, GetParam().owner);
}
INSTANTIATE_TEST_SUITE_P(Table, GangTest, testing::ValuesIn(kCases),
                         [](const auto& one) { return one.param.name; });

Pod OfJob(const std::string& job, const std::string& gang = "g") {
  Pod pod;
  pod.ns = "ns";
  pod.labels = {{"batch.kubernetes.io/job-name", job}, {"tangram.dev/gang", gang}};
  return pod;
}

Pod OfGroup(const std::string& group) {
  Pod pod;
  pod.ns = "ns";
  pod.pod_group = group;
  return pod;
}

Snapshot With(std::vector<GangOwner> owners) {
  Snapshot snapshot;
  snapshot.gang_owners = std::move(owners);
  snapshot.gang_kinds = {"jobs.batch", "podgroups.scheduling.k8s.io"};
  Normalize(snapshot);
  return snapshot;
}

TEST(GangBook, JobsOfOneGangAreSummed) {
  const Snapshot snapshot = With({{"ns", "jobs.batch/launcher", {{"g", 1}}},
                                  {"ns", "jobs.batch/workers", {{"g", 4}}},
                                  {"ns", "jobs.batch/other", {{"h", 7}}},
                                  {"elsewhere", "jobs.batch/workers", {{"g", 9}}},
                                  {"ns", "podgroups.scheduling.k8s.io/g", {{"g", 30}}}});
  const GangBook book(snapshot);
  const Pod pod = OfJob("launcher");
  EXPECT_EQ(book.Of(pod).name, "g");
  EXPECT_EQ(book.Of(pod).size, 5);
  EXPECT_EQ(book.MissingFor(pod), "");
}

TEST(GangBook, SumsStayWithinAnInt) {
  const std::int64_t most = 2'147'483'647;
  const Snapshot snapshot =
      With({{"ns", "jobs.batch/a", {{"g", most}}}, {"ns", "jobs.batch/b", {{"g", most}}}});
  EXPECT_EQ(GangBook(snapshot).Of(OfJob("a")).size, most);
}

TEST(GangBook, AnOwnerThatIsNotThereIsMissedWhereItsKindWasRead) {
  Snapshot snapshot = With({});
  EXPECT_EQ(GangBook(snapshot).MissingFor(OfJob("train")), "jobs.batch/train");
  EXPECT_EQ(GangBook(snapshot).MissingFor(OfGroup("g")), "podgroups.scheduling.k8s.io/g");
  EXPECT_EQ(GangBook(snapshot).MissingFor(Pod{}), "");
  snapshot.gang_kinds.clear();
  EXPECT_EQ(GangBook(snapshot).MissingFor(OfJob("train")), "");
  const Pod pod = OfJob("train");
  EXPECT_EQ(GangBook(snapshot).Of(pod).name, "g");
  EXPECT_EQ(GangBook(snapshot).Of(pod).size, std::nullopt);
}

TEST(GangBook, APodGroupOfOnePodIsNoGang) {
  const Snapshot snapshot = With({{"ns", "podgroups.scheduling.k8s.io/basic", {{"basic", 1}}},
                                  {"ns", "podgroups.scheduling.k8s.io/four", {{"four", 4}}}});
  const GangBook book(snapshot);
  const Pod basic = OfGroup("basic");
  const Pod four = OfGroup("four");
  EXPECT_EQ(book.Of(basic).name, "");
  EXPECT_EQ(book.Of(four).name, "four");
  EXPECT_EQ(book.Of(four).size, 4);
}

TEST(GangBook, PodsThatEndedWellAreThereWhileTheirJobGoesOn) {
  const Snapshot snapshot = With({{"ns", "jobs.batch/tonight", {{"g", 4}}}});
  const GangBook book(snapshot);
  Pod pod = OfJob("tonight");
  EXPECT_TRUE(book.IsThere(pod));
  pod.phase = PodPhase::kSucceeded;
  EXPECT_TRUE(book.IsThere(pod));
  EXPECT_FALSE(book.IsThere([] {
    Pod done = OfJob("yesterday");
    done.phase = PodPhase::kSucceeded;
    return done;
  }()));
  pod.phase = PodPhase::kFailed;
  EXPECT_FALSE(book.IsThere(pod));
  pod.phase = PodPhase::kRunning;
  EXPECT_TRUE(book.IsThere(pod));
  pod.terminating = true;
  EXPECT_FALSE(book.IsThere(pod)) << "of an earlier run, or soon gone";
}

}  // namespace
}  // namespace tangram::cluster

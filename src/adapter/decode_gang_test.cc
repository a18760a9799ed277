#include "adapter/decode_gang.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <functional>
#include <string>

#include "adapter/decode_testing.h"

namespace tangram::adapter {
namespace {

using Decode = base::Result<std::optional<cluster::GangOwner>> (*)(simdjson::ondemand::object);

struct GangCase {
  const char* name;
  Decode decode;
  std::string json;  // behind metadata
  std::string want;  // "kind/name gang=pods ..."; "nothing"; or the error
};

std::string Template(const std::string& gang) {
  return R"("template":{"metadata":{"labels":{"tangram.dev/gang":")" + gang + R"("}}})";
}
std::string Job(const std::string& rest, const std::string& gang = "g") {
  return R"("spec":{)" + rest + (rest.empty() ? "" : ",") + Template(gang) + "}";
}
std::string Part(const std::string& gang, int replicas, int parallelism,
                 const std::string& more = "") {
  return fmt::format(R"({{"replicas":{},"template":{{"spec":{{"parallelism":{},{}}}}}{}}})",
                     replicas, parallelism, Template(gang), more);
}
std::string JobSet(const std::string& parts, const std::string& more = "") {
  return R"("spec":{"replicatedJobs":[)" + parts + "]" + more + "}";
}

const GangCase kCases[] = {
    {"Job", DecodeJob, Job(R"("parallelism":4,"completions":4)"), "jobs.batch/x g=4"},
    {"JobOfOnePod", DecodeJob, Job(""), "jobs.batch/x g=1"},
    {"JobWithoutCompletions", DecodeJob, Job(R"("parallelism":4,"completions":null)"),
     "jobs.batch/x g=4"},
    {"JobOfFewerPodsThanAtOnce", DecodeJob, Job(R"("parallelism":8,"completions":3)"),
     "jobs.batch/x g=3"},
    {"JobOfMorePodsThanAtOnce", DecodeJob, Job(R"("parallelism":4,"completions":100)"),
     "jobs.batch/x g=4"},
    {"JobOfNoGang", DecodeJob, R"("spec":{"parallelism":4,"template":{"metadata":{}}})", "nothing"},
    {"JobThatIsStopped", DecodeJob, Job(R"("parallelism":0)"), "nothing"},
    {"JobThatWaitsInAQueue", DecodeJob, Job(R"("parallelism":4,"suspend":true)"),
     "jobs.batch/x g=4"},
    {"JobThatIsOver", DecodeJob,
     Job("") + R"(,"status":{"conditions":[{"type":"Complete","status":"True"}]})", "nothing"},
    {"JobThatIsNotOver", DecodeJob,
     Job("") + R"(,"status":{"conditions":[{"type":"Failed","status":"False"},
                                          {"type":"Suspended","status":"True"}]})",
     "jobs.batch/x g=1"},
    {"JobOfLessThanNothing", DecodeJob, Job(R"("parallelism":-4)"),
     "Job ns/x: spec.parallelism: expected a count of pods from 0 to 2147483647, found -4"},
    {"JobOfTooMany", DecodeJob, Job(R"("completions":3000000000)"),
     "Job ns/x: spec.completions: expected a count of pods from 0 to 2147483647, found 3000000000"},
    {"JobOfText", DecodeJob, Job(R"("parallelism":"four")"),
     "Job ns/x: spec.parallelism: expected a whole number, found text"},
    {"JobSet", DecodeJobSet,
     JobSet(Part("g", 1, 1) + "," + Part("g", 2, 4) + "," + Part("h", 3, 1)),
     "jobsets.jobset.x-k8s.io/x g=9 h=3"},
    {"JobSetOfDefaults", DecodeJobSet, JobSet(R"({"template":{"spec":{)" + Template("g") + "}}}"),
     "jobsets.jobset.x-k8s.io/x g=1"},
    {"JobSetInOrder", DecodeJobSet,
     JobSet(Part("g", 1, 1) + "," + Part("g", 2, 4),
            R"(,"startupPolicy":{"startupPolicyOrder":"InOrder"})"),
     "jobsets.jobset.x-k8s.io/x g=1"},
    {"JobSetWhosePartsWait", DecodeJobSet,
     JobSet(Part("driver", 1, 1) + "," + Part("g", 2, 4, R"(,"dependsOn":[{"name":"a"}])")),
     "jobsets.jobset.x-k8s.io/x driver=1 g=8"},
    {"JobSetWithoutBound", DecodeJobSet,
     JobSet(Part("g", 2147483647, 2147483647) + "," + Part("g", 1, 2147483647)),
     "jobsets.jobset.x-k8s.io/x g=2147483647"},
    {"JobSetThatIsOver", DecodeJobSet,
     JobSet(Part("g", 1, 1)) + R"(,"status":{"conditions":[{"type":"Failed","status":"True"}]})",
     "nothing"},
    {"PodGroup", DecodePodGroup, R"("spec":{"schedulingPolicy":{"gang":{"minCount":4}}})",
     "podgroups.scheduling.k8s.io/x x=4"},
    {"PodGroupWithoutGang", DecodePodGroup, R"("spec":{"schedulingPolicy":{"basic":{}}})",
     "podgroups.scheduling.k8s.io/x x=1"},
    {"PodGroupOfLessThanNothing", DecodePodGroup,
     R"("spec":{"schedulingPolicy":{"gang":{"minCount":-1}}})",
     "PodGroup ns/x: spec.schedulingPolicy.gang.minCount: expected a count of pods from 0 to "
     "2147483647, found -1"},
    {"Volcano", DecodeVolcanoPodGroup, R"("spec":{"minMember":4,"queue":"q"})",
     "podgroups.scheduling.volcano.sh/x x=4"},
    {"Kai", DecodeKaiPodGroup, R"("spec":{"minMember":4})", "podgroups.scheduling.run.ai/x x=4"},
    {"Coscheduling", DecodeCoschedulingPodGroup, R"("spec":{"minMember":4})",
     "podgroups.scheduling.x-k8s.io/x x=4"},
    {"MinMemberOfZero", DecodeVolcanoPodGroup, R"("spec":{"minMember":0})",
     "podgroups.scheduling.volcano.sh/x x=1"},
};

class DecodeGangTest : public testing::TestWithParam<GangCase> {};
TEST_P(DecodeGangTest, SaysHowManyPods) {
  const std::string json = R"({"metadata":{"namespace":"ns","name":"x"},)" + GetParam().json + "}";
  const auto owner = DecodeText(GetParam().decode, json);
  std::string found = "nothing";
  if (!owner) found = owner.error().message;
  if (owner && owner->has_value()) {
    EXPECT_EQ((*owner)->ns, "ns");
    found = (*owner)->name;
    for (const auto& [gang, pods] : (*owner)->gangs) found += fmt::format(" {}={}", gang, pods);
  }
  EXPECT_EQ(found, GetParam().want);
}
INSTANTIATE_TEST_SUITE_P(Table, DecodeGangTest, testing::ValuesIn(kCases),
                         [](const auto& one) { return one.param.name; });

TEST(DecodeJob, APartOfAJobSetIsLeftToIt) {
  const auto owner = DecodeText(DecodeJob, R"({"metadata":{"namespace":"ns","name":"x",
    "ownerReferences":[{"kind":"JobSet","name":"train","controller":true}]},)" +
                                               Job("") + "}");
  ASSERT_TRUE(owner);
  EXPECT_FALSE(owner->has_value());
}

}  // namespace
}  // namespace tangram::adapter

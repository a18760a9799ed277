// GpuPlans: what is written is read again, and what people see of them.
#include "report/proposal_text.h"

#include <gmock/gmock.h>

#include "base/time_text.h"
#include "plan/proposal_testing.h"
#include "report/plan_json.h"
#include "report/status_json.h"

namespace tangram::report {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

const base::Time kNow = *base::ParseTime("2026-11-22T12:00:00Z");

plan::Proposal Example() { return plan::testing::EmptiesOneNode(kNow - std::chrono::minutes(5)); }

TEST(ProposalText, ListsWhatAPersonHasToDecide) {
  const std::string text = RenderProposals({Example()}, kNow, ColorMode::kPlain);
  EXPECT_THAT(text, HasSubstr(Example().name));
  EXPECT_THAT(text, HasSubstr("services"));
  EXPECT_THAT(text, HasSubstr("-$8,935"));
  EXPECT_THAT(text, HasSubstr("waits for approval"));
  EXPECT_THAT(text, HasSubstr("5m"));
}

TEST(ProposalText, ShowsEachActionAndHowFarItIs) {
  plan::Proposal plan = Example();
  plan.records = {{.id = 0, .state = plan::ActionRecord::State::kDone, .message = "evicted"}};
  const std::string text = RenderProposal(plan, kNow, ColorMode::kPlain);
  EXPECT_THAT(text, AllOf(HasSubstr("$17,870 -> $8,935 a month (-50 %)"), HasSubstr("move"),
                          HasSubstr("team/web-0"), HasSubstr("give back"), HasSubstr("Done")));
  for (std::size_t begin = 0; begin < text.size();) {
    const std::size_t end = text.find('\n', begin);
    EXPECT_LE(end - begin, 110U) << text.substr(begin, end - begin);
    begin = end + 1;
  }
}

TEST(ProposalText, SaysWhereAPlanIs) {
  plan::Proposal plan = Example();
  EXPECT_EQ(StateText(plan), "waits for approval");
  plan.approved = true;
  EXPECT_EQ(StateText(plan), "approved");
  cluster::Say(plan.conditions, {.type = "Executing", .holds = true, .reason = "ActionsUnderWay"},
               kNow);
  EXPECT_EQ(StateText(plan), "under way");
  cluster::Say(plan.conditions, {.type = "Executing", .holds = true, .reason = "WaitsForPeople"},
               kNow);
  EXPECT_EQ(StateText(plan), "waits for people");
  cluster::Say(plan.conditions, {.type = "Superseded", .holds = true}, kNow);
  EXPECT_EQ(StateText(plan), "out of date");
}

TEST(StatusJson, SaysOnlyWhatIsKnown) {
  plan::Proposal plan = Example();
  plan.generation = 3;
  plan.records = {{.id = 0, .started_at = kNow, .pod_uid = "uid"}};
  EXPECT_EQ(RenderPlanStatus(plan, ""),
            R"({"actions":[{"id":0,"state":"Running","podUid":"uid",)"
            R"("startedAt":"2026-11-22T12:00:00Z"}],"observedGeneration":3,"conditions":[]})");
  EXPECT_THAT(RenderPlanStatus(plan, "a/1"), HasSubstr(R"("fence":"a/1")"));
  EXPECT_THAT(RenderPoolStatus({.nodes = 2, .mode = plan::Mode::kAuto}, ""),
              AllOf(HasSubstr(R"("nodes":2)"), HasSubstr(R"("mode":"Auto")")));
}

TEST(GpuPlanJson, IsOursOnlyWhereTangramMadeIt) {
  plan::Proposal plan = Example();
  EXPECT_THAT(RenderGpuPlan(plan), Not(HasSubstr("managed-by")));
  plan.ours = true;
  EXPECT_THAT(RenderGpuPlan(plan), HasSubstr("\"app.kubernetes.io/managed-by\":\"tangram\""));
}

}  // namespace
}  // namespace tangram::report

// tangram apply, against an API server of fixed answers.
#include <gmock/gmock.h>

#include <nlohmann/json.hpp>

#include "base/time_text.h"
#include "cli/run_testing.h"
#include "net/testing/test_server.h"
#include "plan/proposal_testing.h"
#include "report/plan_json.h"
#include "report/status_json.h"

namespace tangram::cli {
namespace {

using net::testing::Answer;
using net::testing::Reply;
using net::testing::SeenRequest;
using nlohmann::json;
using ::testing::AllOf;
using ::testing::HasSubstr;
using testing::Ran;
using testing::Tangram;

constexpr const char* kGroup = "/apis/tangram.dev/v1alpha1";

plan::Proposal Example() {
  plan::Proposal proposal = plan::testing::EmptiesOneNode(*base::ParseTime("2026-11-21T11:50:00Z"));
  proposal.uid = "uid";
  proposal.version = "7";
  return proposal;
}

// Has one plan, and notes what is written to it.
class PlanServer {
 public:
  explicit PlanServer(plan::Proposal plan)
      : plan_(std::move(plan)),
        server_([this](const SeenRequest& request) { return AnswerTo(request); }) {}

  std::string Kubeconfig() const {
    return R"({"apiVersion":"v1","kind":"Config","current-context":"c","clusters":[{"name":"c",)"
           R"("cluster":{"server":")" +
           server_.Url() +
           R"("}}],"contexts":[{"name":"c","context":{"cluster":"c","user":"u"}}],)"
           R"("users":[{"name":"u","user":{"token":"t"}}]})";
  }
  // Bodies of PATCH requests.
  std::vector<json> Patches() const {
    std::vector<json> bodies;
    for (const SeenRequest& request : server_.Requests()) {
      if (request.method == "PATCH") bodies.push_back(json::parse(request.body));
    }
    return bodies;
  }
  int patch_status = 200;

 private:
  json Object() const {
    json object = json::parse(report::RenderGpuPlan(plan_));
    object["metadata"]["uid"] = plan_.uid;
    object["metadata"]["resourceVersion"] = plan_.version;
    object["spec"]["approved"] = plan_.approved;
    object["status"] = json::parse(report::RenderPlanStatus(plan_, ""));
    return object;
  }
  static Answer Json(int status, const json& body) {
    return Reply(status, body.dump(), {{"content-type", "application/json"}});
  }
  Answer AnswerTo(const SeenRequest& request) const {
    const std::string path = request.target.substr(0, request.target.find('?'));
    if (path == kGroup) {
      return Json(200, {{"kind", "APIResourceList"},
                        {"groupVersion", "tangram.dev/v1alpha1"},
                        {"resources", {{{"name", "gpuplans"}}}}});
    }
    if (path == std::string(kGroup) + "/gpuplans") {
      return Json(200, {{"kind", "GpuPlanList"},
                        {"apiVersion", "tangram.dev/v1alpha1"},
                        {"metadata", {{"resourceVersion", "9"}}},
                        {"items", {Object()}}});
    }
    if (path == std::string(kGroup) + "/gpuplans/" + plan_.name) {
      if (request.method == "GET") return Json(200, Object());
      if (patch_status == 200) return Json(200, Object());
      return Json(patch_status, {{"kind", "Status"},
                                 {"status", "Failure"},
                                 {"message", "approving a plan needs the verb approve"},
                                 {"code", patch_status}});
    }
    return Json(404, {{"kind", "Status"}, {"message", "not found"}, {"code", 404}});
  }

  const plan::Proposal plan_;
  net::testing::TestServer server_;
};

class ApplyTest : public testing::InFolder {
 protected:
  Ran Apply(const PlanServer& server, std::vector<std::string> args) {
    const std::string kubeconfig = Write("kubeconfig", server.Kubeconfig());
    args.insert(args.begin(), "apply");
    args.insert(args.end(), {"--kubeconfig", kubeconfig});
    return Tangram(std::move(args));
  }
};

TEST_F(ApplyTest, ListsWhatWaits) {
  const PlanServer server(Example());
  const Ran ran = Apply(server, {});
  EXPECT_EQ(ran.code, 1) << ran.err;
  EXPECT_THAT(ran.out,
              AllOf(HasSubstr(Example().name), HasSubstr("waits for approval"), HasSubstr("10m")));
}

TEST_F(ApplyTest, ApprovesWhatWasRead) {
  const PlanServer server(Example());
  const Ran ran = Apply(server, {Example().name});
  EXPECT_EQ(ran.code, 0) << ran.err;
  EXPECT_THAT(ran.out, AllOf(HasSubstr("team/web-0"), HasSubstr("give back")));
  EXPECT_THAT(ran.err, HasSubstr("is approved"));
  ASSERT_EQ(server.Patches().size(), 1U);
  EXPECT_EQ(server.Patches()[0], json({{"metadata", {{"uid", "uid"}, {"resourceVersion", "7"}}},
                                       {"spec", {{"approved", true}}}}));
}

TEST_F(ApplyTest, ADryRunApprovesNothing) {
  const PlanServer server(Example());
  EXPECT_EQ(Apply(server, {Example().name, "--dry-run"}).code, 1);
  EXPECT_TRUE(server.Patches().empty());
}

TEST_F(ApplyTest, WhatIsOutOfDateIsNotApproved) {
  plan::Proposal plan = Example();
  cluster::Say(plan.conditions,
               {.type = "Superseded",
                .holds = true,
                .reason = "NewerPlan",
                .message = "GpuPlan services-2 takes its place"},
               {});
  const PlanServer server(plan);
  const Ran ran = Apply(server, {plan.name});
  EXPECT_EQ(ran.code, 2);
  EXPECT_THAT(ran.err, HasSubstr("is out of date: GpuPlan services-2 takes its place"));
  EXPECT_TRUE(server.Patches().empty());
  EXPECT_EQ(Apply(server, {}).out, "") << "it is over";
  EXPECT_THAT(Apply(server, {"--all"}).out, HasSubstr("out of date"));
}

TEST_F(ApplyTest, FailuresSayWhatToDo) {
  PlanServer server(Example());
  std::string near = Example().name;
  near.back() = near.back() == 'x' ? 'y' : 'x';
  const Ran missing = Apply(server, {near});
  EXPECT_EQ(missing.code, 2);
  EXPECT_THAT(missing.err, AllOf(HasSubstr("there is no GpuPlan " + near),
                                 HasSubstr("did you mean " + Example().name)));
  server.patch_status = 403;
  const Ran denied = Apply(server, {Example().name});
  EXPECT_EQ(denied.code, 3);
  EXPECT_THAT(denied.err, HasSubstr("needs the verb approve"));
}

TEST_F(ApplyTest, WaitsUntilOnlyPeopleCanGoOn) {
  plan::Proposal plan = Example();
  plan.approved = true;
  cluster::Say(plan.conditions,
               {.type = "Executing",
                .holds = true,
                .reason = "WaitsForPeople",
                .message = "1 done, 1 for people to do"},
               {});
  const PlanServer server(plan);
  const Ran ran = Apply(server, {plan.name, "--wait"});
  EXPECT_EQ(ran.code, 1);
  EXPECT_THAT(ran.err, AllOf(HasSubstr("was approved before"),
                             HasSubstr("waits for people (1 done, 1 for people to do)")));
}

TEST_F(ApplyTest, TheObjectIsShownAsItIs) {
  const PlanServer server(Example());
  const Ran ran = Apply(server, {Example().name, "--dry-run", "-o", "yaml"});
  EXPECT_THAT(ran.out, AllOf(HasSubstr("kind: \"GpuPlan\""), HasSubstr("pool: \"services\"")));
}

}  // namespace
}  // namespace tangram::cli

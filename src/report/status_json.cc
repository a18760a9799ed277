#include "report/status_json.h"

#include <nlohmann/json.hpp>
#include <optional>

#include "base/text.h"
#include "base/time_text.h"
#include "report/plan_words.h"

namespace tangram::report {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::size_t kLongestMessage = 1'024;

Json ConditionsJson(const std::vector<cluster::Condition>& conditions, std::int64_t generation) {
  Json list = Json::array();
  for (const cluster::Condition& condition : conditions) {
    list.push_back({{"type", condition.type},
                    {"status", condition.holds ? "True" : "False"},
                    {"observedGeneration", generation},
                    {"lastTransitionTime", base::FormatTime(condition.since)},
                    {"reason", condition.reason},
                    {"message", base::Shorten(condition.message, kLongestMessage)}});
  }
  return list;
}

Json RecordJson(const plan::ActionRecord& record) {
  Json json = {{"id", record.id}, {"state", Name(record.state)}};
  if (!record.pod_uid.empty()) json["podUid"] = record.pod_uid;
  if (record.started_at) json["startedAt"] = base::FormatTime(*record.started_at);
  if (record.finished_at) json["finishedAt"] = base::FormatTime(*record.finished_at);
  if (!record.message.empty()) json["message"] = base::Shorten(record.message, kLongestMessage);
  return json;
}

std::string_view Name(plan::StepRecord::State state) {
  switch (state) {
    case plan::StepRecord::State::kRunning:
      return "Running";
    case plan::StepRecord::State::kDone:
      return "Done";
    case plan::StepRecord::State::kFailed:
      return "Failed";
    case plan::StepRecord::State::kRolledBack:
      return "RolledBack";
  }
  return "Running";
}

Json StepJson(const plan::StepRecord& record) {
  Json json = {{"name", plan::NameOf(record.step)},
               {"state", Name(record.state)},
               {"startedAt", base::FormatTime(record.started_at)},
               {"attempts", record.attempts}};
  if (record.finished_at) json["finishedAt"] = base::FormatTime(*record.finished_at);
  if (!record.message.empty()) json["message"] = base::Shorten(record.message, kLongestMessage);
  return json;
}

std::string Status(Json status, std::int64_t generation, std::string_view fence,
                   const std::vector<cluster::Condition>& conditions) {
  status["observedGeneration"] = generation;
  if (!fence.empty()) status["fence"] = fence;
  status["conditions"] = ConditionsJson(conditions, generation);
  return status.dump(-1, ' ', false, Json::error_handler_t::replace);
}

}  // namespace

std::string RenderPlanStatus(const plan::Proposal& plan, std::string_view fence) {
  Json actions = Json::array();
  for (const plan::ActionRecord& record : plan.records) actions.push_back(RecordJson(record));
  return Status({{"actions", std::move(actions)}}, plan.generation, fence, plan.conditions);
}

std::string RenderOperationStatus(const plan::NodeOperation& operation, std::string_view fence) {
  Json steps = Json::array();
  for (const plan::StepRecord& record : operation.steps) steps.push_back(StepJson(record));
  const std::string_view step = operation.step ? plan::NameOf(*operation.step) : "";
  return Status({{"step", step}, {"steps", std::move(steps)}}, operation.generation, fence,
                operation.conditions);
}

std::string RenderPoolStatus(const plan::PoolStatus& status, std::string_view fence) {
  return Status({{"nodes", status.nodes}, {"gpus", status.gpus}, {"mode", Name(status.mode)}},
                status.generation, fence, status.conditions);
}

std::string RenderClassStatus(const plan::ClassStatus& status, std::string_view fence) {
  return Status({{"capacity", {{"free", status.free}, {"total", status.total}}}}, status.generation,
                fence, status.conditions);
}

}  // namespace tangram::report

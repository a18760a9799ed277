#include "adapter/view_request.h"

#include <fmt/format.h>

#include <array>
#include <nlohmann/json.hpp>
#include <utility>

#include "adapter/gzip.h"
#include "base/time_text.h"
#include "kube/base64.h"

namespace tangram::adapter {
namespace {

using nlohmann::json;

// A status is not longer than this; an object of the API server may have 1.5 MiB in all.
constexpr std::size_t kMostStatus = std::size_t{1} << 20;
// Shorter ones can be read with kubectl.
constexpr std::size_t kMostPlain = std::size_t{16} << 10;
constexpr std::size_t kMostUnpacked = std::size_t{256} << 20;

constexpr std::array<std::pair<ViewCommand, const char*>, 3> kCommands = {
    {{ViewCommand::kExplain, "Explain"}, {ViewCommand::kPlan, "Plan"}, {ViewCommand::kTop, "Top"}}};

std::string NameOf(ViewCommand command) {
  return kCommands.at(static_cast<std::size_t>(command)).second;
}

base::Error Unreadable(const std::string& what) {
  return {base::ErrorCode::kInvalid, "ViewRequest: " + what};
}

base::Result<ViewQuestion> ReadQuestion(const json& spec) {
  ViewQuestion question;
  const std::string command = spec.at("command");
  const auto* known = std::find_if(kCommands.begin(), kCommands.end(),
                                   [&](const auto& one) { return one.second == command; });
  if (known == kCommands.end()) {
    return tl::unexpected(Unreadable(fmt::format("found the command \"{}\"", command)));
  }
  question.command = known->first;
  question.arguments = spec.value("arguments", question.arguments);
  question.cluster = spec.value("cluster", "");
  question.terminal = spec.value("terminal", false);
  return question;
}

base::Result<ViewAnswer> ReadAnswer(const json& status) {
  ViewAnswer answer;
  answer.refused = status.at("outcome") != "Answered";
  answer.exit_code = status.value("exitCode", 0);
  answer.messages = status.value("messages", "");
  answer.output = status.value("output", "");
  if (const auto at = base::ParseTime(status.value("takenAt", ""))) answer.taken_at = *at;
  if (status.value("encoding", "Text") == "Text") return answer;
  const auto packed = kube::DecodeBase64(answer.output);
  if (!packed) return tl::unexpected(Unreadable("its output is not Base64"));
  auto output = Gunzip(*packed, kMostUnpacked);
  if (!output) return tl::unexpected(output.error());
  answer.output = *std::move(output);
  return answer;
}

json StatusOf(const ViewAnswer& answer, const std::string& fence) {
  json status = {{"outcome", answer.refused ? "Refused" : "Answered"},
                 {"exitCode", answer.exit_code},
                 {"encoding", "Text"},
                 {"output", answer.output},
                 {"messages", answer.messages}};
  if (answer.taken_at != base::Time()) status["takenAt"] = base::FormatTime(answer.taken_at);
  if (!fence.empty()) status["fence"] = fence;
  return status;
}

// Text of people and servers may hold bytes that are no UTF-8.
std::string Dump(const json& object) {
  return object.dump(-1, ' ', false, json::error_handler_t::replace);
}

}  // namespace

base::Result<ViewRequest> ReadViewRequest(std::string_view text) {
  try {
    const json object = json::parse(text);
    ViewRequest request;
    request.name = object.at("metadata").at("name");
    request.uid = object.at("metadata").value("uid", "");
    auto question = ReadQuestion(object.at("spec"));
    if (!question) return tl::unexpected(question.error());
    request.question = *std::move(question);
    const auto status = object.find("status");
    if (status == object.end() || !status->contains("outcome")) return request;
    auto answer = ReadAnswer(*status);
    if (!answer) return tl::unexpected(answer.error());
    request.answer = *std::move(answer);
    return request;
  } catch (const json::exception& error) {
    return tl::unexpected(Unreadable(error.what()));
  }
}

std::string RenderViewRequest(const ViewQuestion& question) {
  json spec = {{"command", NameOf(question.command)}, {"arguments", question.arguments}};
  if (!question.cluster.empty()) spec["cluster"] = question.cluster.substr(0, 253);
  if (question.terminal) spec["terminal"] = true;
  return Dump({{"apiVersion", "tangram.dev/v1alpha1"},
               {"kind", "ViewRequest"},
               {"metadata", {{"generateName", "view-"}}},
               {"spec", std::move(spec)}});
}

std::string RenderViewStatus(const ViewAnswer& answer, const std::string& fence) {
  json status = StatusOf(answer, fence);
  if (answer.output.size() > kMostPlain) {
    status["encoding"] = "Gzip";
    status["output"] = kube::EncodeBase64(Gzip(answer.output));
  }
  std::string text = Dump(status);
  if (text.size() <= kMostStatus) return text;
  ViewAnswer refusal;
  refusal.refused = true;
  refusal.messages = fmt::format(
      "the answer takes {} KiB, and an object of the API server holds {}; read the cluster with "
      "--from cluster\n",
      text.size() >> 10, kMostStatus >> 10);
  return Dump(StatusOf(refusal, fence));
}

}  // namespace tangram::adapter

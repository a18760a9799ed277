#include "kube/exec_plugin.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/text.h"
#include "base/time_text.h"

namespace tangram::kube {
namespace {

using nlohmann::json;

constexpr std::size_t kTokenLike = 24;
constexpr std::size_t kMaxStderrShown = 800;

bool IsTokenCharacter(char c) {
  const bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
  return letter || (c >= '0' && c <= '9') ||
         std::string_view("-_.+=~").find(c) != std::string::npos;
}

base::Result<ExecCredential> Bad(const std::string& what) {
  return base::Fail(base::ErrorCode::kInvalid, "what it printed is not an ExecCredential: " + what);
}

// The string at `name`; empty where there is none.
std::string TextAt(const json& object, const char* name) {
  const auto found = object.find(name);
  return found != object.end() && found->is_string() ? found->get<std::string>() : std::string();
}

// KUBERNETES_EXEC_INFO.
std::string ExecInfo(const ExecPlugin& plugin, bool interactive) {
  json info = {{"apiVersion", plugin.api_version},
               {"kind", "ExecCredential"},
               {"spec", {{"interactive", interactive}}}};
  if (!plugin.cluster_info_json.empty()) {
    auto cluster = json::parse(plugin.cluster_info_json, nullptr, /*allow_exceptions=*/false);
    if (!cluster.is_discarded()) info["spec"]["cluster"] = std::move(cluster);
  }
  return info.dump(-1, ' ', false, json::error_handler_t::replace);
}

std::string Hint(const ExecPlugin& plugin) {
  return plugin.install_hint.empty() ? std::string() : "; " + plugin.install_hint;
}

std::string ShownStderr(std::string_view err) {
  std::string clean = MaskSecrets(err);
  for (char& c : clean) c = static_cast<unsigned char>(c) < 0x20 || c == 0x7f ? ' ' : c;
  return base::Shorten(base::Trim(clean), kMaxStderrShown);
}

}  // namespace

std::string MaskSecrets(std::string_view text) {
  std::string masked;
  while (!text.empty()) {
    const auto end = std::find_if_not(text.begin(), text.end(), IsTokenCharacter);
    const std::string_view run = text.substr(0, static_cast<std::size_t>(end - text.begin()));
    const bool secret =
        run.size() >= kTokenLike && run.find_first_of("0123456789") != std::string_view::npos;
    masked += secret ? std::string_view("***") : run;
    text.remove_prefix(run.size());
    if (text.empty()) break;
    masked += text.front();
    text.remove_prefix(1);
  }
  return masked;
}

base::Result<ExecCredential> ParseExecCredential(std::string_view text,
                                                 const std::string& api_version) {
  const json root = json::parse(text, nullptr, /*allow_exceptions=*/false);
  if (!root.is_object()) return Bad("no JSON object");
  if (TextAt(root, "kind") != "ExecCredential") return Bad("its kind is another");
  if (TextAt(root, "apiVersion") != api_version) {
    return Bad("its apiVersion is not " + api_version + ", as the kubeconfig says");
  }
  const auto status = root.find("status");
  if (status == root.end() || !status->is_object()) return Bad("it has no status");
  ExecCredential credential{.token = TextAt(*status, "token"),
                            .client_cert_pem = TextAt(*status, "clientCertificateData"),
                            .client_key_pem = TextAt(*status, "clientKeyData"),
                            .expires = std::nullopt};
  if (credential.client_cert_pem.empty() != credential.client_key_pem.empty()) {
    return Bad("clientCertificateData and clientKeyData come together");
  }
  if (credential.token.empty() && credential.client_cert_pem.empty()) {
    return Bad("status has neither token nor clientCertificateData");
  }
  if (const std::string when = TextAt(*status, "expirationTimestamp"); !when.empty()) {
    const auto expires = base::ParseTime(when);
    if (!expires) return Bad("expirationTimestamp is no RFC 3339 time");
    credential.expires = *expires;
  }
  return credential;
}

base::Result<ExecCredential> RunExecPlugin(const ExecPlugin& plugin, const StopFlag& stop) {
  const std::string name = "credential plugin " + plugin.command;
  const bool terminal = isatty(STDIN_FILENO) != 0;
  if (plugin.interactive == ExecPlugin::Interactive::kAlways && !terminal) {
    return base::Fail(base::ErrorCode::kDenied,
                      name +
                          " wants a terminal (interactiveMode: Always) and there is none; log in "
                          "with kubectl first, or use a service account");
  }
  const bool interactive = plugin.interactive != ExecPlugin::Interactive::kNever && terminal;
  Command command;
  command.argv.push_back(plugin.command);
  command.argv.insert(command.argv.end(), plugin.args.begin(), plugin.args.end());
  command.env = plugin.env;
  command.env.emplace_back("KUBERNETES_EXEC_INFO", ExecInfo(plugin, interactive));
  command.input = interactive ? Command::Input::kTerminal : Command::Input::kNone;
  command.deadline = plugin.deadline;
  const auto result = RunCommand(command, stop);
  if (!result) {
    if (result.error().code != base::ErrorCode::kNotFound) return base::Wrap(result.error(), name);
    return base::Fail(base::ErrorCode::kNotFound,
                      name + " is not installed or not in PATH" + Hint(plugin));
  }
  if (result->exit_code != 0) {
    return base::Fail(base::ErrorCode::kDenied,
                      fmt::format("{} failed with exit code {}: {}", name, result->exit_code,
                                  ShownStderr(result->err)));
  }
  auto credential = ParseExecCredential(result->out, plugin.api_version);
  if (!credential) return base::Wrap(credential.error(), name);
  return credential;
}

}  // namespace tangram::kube

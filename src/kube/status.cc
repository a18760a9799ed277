#include "kube/status.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "base/text.h"

namespace tangram::kube {
namespace {

constexpr std::size_t kMaxShown = 600;

std::string Printable(std::string_view text) {
  std::string clean;
  for (const char c : text.substr(0, kMaxShown * 4)) {
    clean += static_cast<unsigned char>(c) < 0x20 || c == 0x7f ? ' ' : c;
  }
  return base::Shorten(base::Trim(clean), kMaxShown);
}

// What we read of a metav1.Status; of anything else its beginning as the message.
struct Said {
  std::string message;
  std::string budget;  // what a disruption budget has against it; empty: none has
};

std::string StringAt(const nlohmann::json& object, const char* key) {
  const auto found = object.is_object() ? object.find(key) : object.end();
  const bool is_string = object.is_object() && found != object.end() && found->is_string();
  return is_string ? found->get<std::string>() : std::string();
}

// The cause that the eviction handler names: "The disruption budget x needs 2 healthy pods ...".
std::string BudgetIn(const nlohmann::json& status) {
  const auto details = status.find("details");
  if (details == status.end() || !details->is_object()) return {};
  const auto causes = details->find("causes");
  if (causes == details->end() || !causes->is_array()) return {};
  for (const nlohmann::json& cause : *causes) {
    if (StringAt(cause, "reason") != "DisruptionBudget") continue;
    const std::string message = StringAt(cause, "message");
    return message.empty() ? "a disruption budget" : Printable(message);
  }
  return {};
}

Said ReadStatus(std::string_view body) {
  const auto json = nlohmann::json::parse(body, nullptr, /*allow_exceptions=*/false);
  const bool has_message =
      json.is_object() && json.contains("message") && json["message"].is_string();
  if (!has_message) return {Printable(body), {}};
  return {Printable(json["message"].get_ref<const std::string&>()), BudgetIn(json)};
}

std::string AllowingRule(const Asked& asked) {
  if (asked.resource.plural.empty()) {
    return fmt::format("{{nonResourceURLs: [\"{}\"], verbs: [{}]}}", asked.path, asked.verb);
  }
  const std::string resource = asked.subresource.empty()
                                   ? asked.resource.plural
                                   : asked.resource.plural + "/" + asked.subresource;
  return fmt::format("{{apiGroups: [\"{}\"], resources: [{}], verbs: [{}]}}", asked.resource.group,
                     resource, asked.verb);
}

std::string RemedyOf(int status, const Asked& asked) {
  switch (status) {
    case 401:
      return "; the server does not know who we are: log in again, or renew the token or the "
             "client "
             "certificate";
    case 403:
      return fmt::format("; a {} with this rule allows it: {}",
                         asked.ns.empty() ? "ClusterRole" : "Role or ClusterRole",
                         AllowingRule(asked));
    default:
      return {};
  }
}

}  // namespace

std::string Describe(const Asked& asked) {
  if (asked.resource.plural.empty()) return asked.verb + " " + asked.path;
  std::string text = asked.verb + " " + asked.resource.Name();
  if (!asked.subresource.empty()) text += "/" + asked.subresource;
  if (!asked.name.empty()) text += fmt::format(" \"{}\"", asked.name);
  if (!asked.ns.empty()) text += fmt::format(" in namespace \"{}\"", asked.ns);
  return text;
}

base::ErrorCode CodeOf(int http_status) {
  switch (http_status) {
    case 401:
    case 403:
      return base::ErrorCode::kDenied;
    case 404:
      return base::ErrorCode::kNotFound;
    case 409:
      return base::ErrorCode::kConflict;
    case 410:
      return base::ErrorCode::kExpired;
    case 408:
    case 429:
      return base::ErrorCode::kUnavailable;
    default:
      return http_status >= 500 ? base::ErrorCode::kUnavailable : base::ErrorCode::kInvalid;
  }
}

base::Error ErrorOf(int http_status, std::string_view body, const Asked& asked) {
  const Said said = ReadStatus(body);
  if (http_status == 429 && !said.budget.empty()) {
    return {base::ErrorCode::kLater,
            fmt::format("{}: not now: {} [{}]", Describe(asked), said.message, said.budget)};
  }
  return {CodeOf(http_status), fmt::format("{}: the API server answered {}{}{}{}", Describe(asked),
                                           http_status, said.message.empty() ? "" : ": ",
                                           said.message, RemedyOf(http_status, asked))};
}

}  // namespace tangram::kube

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

// The `message` of a metav1.Status; of anything else its beginning.
std::string MessageIn(std::string_view body) {
  const auto json = nlohmann::json::parse(body, nullptr, /*allow_exceptions=*/false);
  if (json.is_object()) {
    const auto message = json.find("message");
    if (message != json.end() && message->is_string()) {
      return Printable(message->get_ref<const std::string&>());
    }
  }
  return Printable(body);
}

std::string AllowingRule(const Asked& asked) {
  if (asked.resource.plural.empty()) {
    return fmt::format("{{nonResourceURLs: [\"{}\"], verbs: [{}]}}", asked.path, asked.verb);
  }
  return fmt::format("{{apiGroups: [\"{}\"], resources: [{}], verbs: [{}]}}", asked.resource.group,
                     asked.resource.plural, asked.verb);
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
  const std::string message = MessageIn(body);
  return {CodeOf(http_status),
          fmt::format("{}: the API server answered {}{}{}{}", Describe(asked), http_status,
                      message.empty() ? "" : ": ", message, RemedyOf(http_status, asked))};
}

}  // namespace tangram::kube

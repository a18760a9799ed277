// What the API server said when it said no.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "kube/resource.h"

namespace tangram::kube {

// What was asked, for messages.
struct Asked {
  std::string verb;  // as RBAC names it: "list"
  Resource resource;
  std::string ns{};
  std::string name{};
  std::string path{};  // for what is no resource: "/version"
  std::string subresource{};
};

// "list pods in namespace \"a\"".
std::string Describe(const Asked& asked);

base::ErrorCode CodeOf(int http_status);

// An answer that is not 2xx as an error: what was asked, the server's own message, and for 401 and
// 403 what to do (for 403 the RBAC rule that would allow it). A 429 of a disruption budget is
// kLater and says which. `body` is a metav1.Status or anything
// else; it is shortened and stripped of control characters.
base::Error ErrorOf(int http_status, std::string_view body, const Asked& asked);

}  // namespace tangram::kube

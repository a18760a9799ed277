// AdmissionReview (admission.k8s.io/v1), as it comes in and as it is answered.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace tangram::adapter {

struct ReviewRequest {
  std::string uid;
  std::string kind;         // "Pod"
  std::string group;        // of the kind; empty: core
  std::string subresource;  // "ephemeralcontainers"; empty: the object itself
  std::string operation;    // "CREATE"
  std::string ns;
  bool dry_run = false;
  std::string_view object;  // a JSON object; empty: there is none
};

// `padded` ends in simdjson's padding beyond `length`, and outlives the result. Fails (kInvalid)
// where it is no review that could be answered.
base::Result<ReviewRequest> ReadReview(const std::string& padded, std::size_t length);

struct ReviewAnswer {
  std::string_view uid;
  std::string_view patch{};    // a JSON Patch; empty or "[]": none
  std::string_view refusal{};  // why it is not allowed; empty: it is
  std::vector<std::string> warnings{};
  std::string_view choice{};  // an audit annotation; empty: none
};
std::string WriteReview(const ReviewAnswer& answer);

}  // namespace tangram::adapter

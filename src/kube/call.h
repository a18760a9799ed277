// One request to the API server, before it has a credential.
#pragma once

#include <chrono>
#include <string>
#include <utility>
#include <vector>

#include "kube/status.h"

namespace tangram::kube {

enum class Content {
  kFull,
  kMetadataOnly,  // PartialObjectMetadata: less to send where only names and labels matter
};

struct Call {
  Asked asked;  // for messages
  std::string method = "GET";
  std::string path{};                                        // percent-encoded
  std::vector<std::pair<std::string, std::string>> query{};  // not yet encoded
  std::string body{};
  std::string content_type{};  // empty: application/json where there is a body
  std::string accept = "application/json";
  std::chrono::milliseconds timeout{60'000};  // of one attempt
};

// "/path?a=b&c=d", encoded.
std::string Target(const Call& call);

// The Accept header for lists (and watches) or single objects with that content.
std::string AcceptList(Content content);
std::string AcceptObject(Content content);

}  // namespace tangram::kube

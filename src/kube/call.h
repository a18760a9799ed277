// One request to the API server, before it has a credential.
#pragma once

#include <chrono>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "base/result.h"
#include "kube/status.h"

namespace tangram::kube {

enum class Content {
  kFull,
  kMetadataOnly,  // PartialObjectMetadata: less to send where only names and labels matter
};

// Whose turn it is when the client must slow down (flow.h).
enum class Priority {
  kCritical,  // never waits: renewals of a Lease
  kNormal,
  kBulk,  // what may come late: events, statistics
};

// When the client tries again by itself.
enum class Repeat {
  kIfSafe,  // a GET after every failure that may pass; others after 429 with Retry-After
  kAlways,  // as a GET: twice does no more than once
  kNever,   // the caller decides
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
  Priority priority = Priority::kNormal;
  Repeat repeat = Repeat::kIfSafe;
  // Asked on the client's thread right before each attempt is sent, whatever it waited for until
  // then; its error ends the call. Empty: it may.
  std::function<base::Result<void>()> may_go{};
};

// "/path?a=b&c=d", encoded.
std::string Target(const Call& call);

// The Accept header for lists (and watches) or single objects with that content.
std::string AcceptList(Content content);
std::string AcceptObject(Content content);

}  // namespace tangram::kube

// Errors, sorted by what the caller does next.
#pragma once

#include <string>
#include <tl/expected.hpp>
#include <utility>

namespace tangram::base {

enum class ErrorCode {
  kInvalid,      // our input is wrong: do not retry         HTTP 400, 422
  kNotFound,     // the object is gone: usually "done"       404
  kConflict,     // someone wrote first: re-read, re-plan    409
  kExpired,      // resourceVersion too old: list again      410
  kDenied,       // who we are may not do this: a person     401, 403
  kUnavailable,  // retry with backoff                       429, 5xx, no connection
  kLater,        // no disruption budget left for now         429 of an eviction
  kHardware,     // NVML refused; the message has its code
};

struct Error {
  ErrorCode code = ErrorCode::kInvalid;
  std::string message;  // for people, never parsed; names the object, what was found, the remedy

  bool operator==(const Error&) const = default;
};

template <class T>
using Result = tl::expected<T, Error>;

// A failed Result: `return Fail(ErrorCode::kInvalid, "...");`
inline tl::unexpected<Error> Fail(ErrorCode code, std::string message) {
  return tl::unexpected<Error>(Error{code, std::move(message)});
}

// The same error with the name of what was being done before it: "reading pods: ...".
inline tl::unexpected<Error> Wrap(const Error& error, const std::string& context) {
  return tl::unexpected<Error>(Error{error.code, context + ": " + error.message});
}

}  // namespace tangram::base

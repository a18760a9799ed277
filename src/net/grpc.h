// One gRPC call at a time over a unix socket, as the kubelet serves its plugins.
//
// gRPC is an HTTP/2 POST whose body is a length and a message, and whose outcome is in trailers:
// libcurl does all of it but these five bytes. Messages are bytes; who calls knows their form.
#pragma once

#include <chrono>
#include <cstddef>
#include <string>
#include <string_view>

#include "base/result.h"

namespace tangram::net {

struct GrpcOptions {
  std::string socket{};                             // a path
  std::chrono::milliseconds timeout{5'000};         // of a whole call
  std::size_t max_message = std::size_t{16} << 20;  // a longer answer is refused
};

// Not thread-safe. Each call has a connection of its own: a socket of this machine costs nothing,
// and a server that was restarted in between is met like any other.
class GrpcClient {
 public:
  explicit GrpcClient(GrpcOptions options);

  // `method`: "/package.Service/Method". Blocks. kUnavailable with the socket and the reason: what
  // the server answered, or why it did not; kInvalid: an answer that is no gRPC, or too long.
  base::Result<std::string> Call(const std::string& method, std::string_view message);

 private:
  GrpcOptions options_;
};

}  // namespace tangram::net

#include "net/grpc.h"

#include <curl/curl.h>
#include <fmt/format.h>

#include <array>
#include <cstdint>
#include <memory>
#include <utility>

#include "base/text.h"

namespace tangram::net {
namespace {

using base::ErrorCode;
using base::Fail;

constexpr std::size_t kPrefix = 5;  // of a message: whether it is compressed, its length

std::string Framed(std::string_view message) {
  const auto size = static_cast<std::uint32_t>(message.size());
  std::string framed(1, '\0');
  for (int shift = 24; shift >= 0; shift -= 8) framed += static_cast<char>(size >> shift & 0xFF);
  return framed.append(message);
}

struct Answer {
  std::string body;
  std::string status;  // grpc-status
  std::string message;
  std::size_t most = 0;
  bool too_long = false;
};

std::size_t TakeBody(char* data, std::size_t size, std::size_t count, void* to) {
  auto& answer = *static_cast<Answer*>(to);
  const std::size_t bytes = size * count;
  answer.too_long = answer.body.size() + bytes > answer.most;
  if (answer.too_long) return 0;
  answer.body.append(data, bytes);
  return bytes;
}

// Headers and trailers alike.
std::size_t TakeHeader(char* data, std::size_t size, std::size_t count, void* to) {
  constexpr std::size_t kMost = 1024;
  auto& answer = *static_cast<Answer*>(to);
  const std::string_view line(data, size * count);
  const std::size_t colon = line.find(':');
  if (colon != std::string_view::npos && colon != 0) {
    const std::string_view value = base::Trim(line.substr(colon + 1)).substr(0, kMost);
    if (base::SameIgnoringCase(line.substr(0, colon), "grpc-status")) answer.status = value;
    if (base::SameIgnoringCase(line.substr(0, colon), "grpc-message")) answer.message = value;
  }
  return size * count;
}

struct Connection {
  struct Cleanup {
    void operator()(CURL* handle) const { curl_easy_cleanup(handle); }
    void operator()(curl_slist* list) const { curl_slist_free_all(list); }
  };
  std::unique_ptr<curl_slist, Cleanup> headers;
  std::array<char, CURL_ERROR_SIZE> error{};
  std::unique_ptr<CURL, Cleanup> easy{curl_easy_init()};

  explicit Connection(const GrpcOptions& options) {
    for (const char* header : {"content-type: application/grpc", "te: trailers", "accept:"}) {
      curl_slist* grown = curl_slist_append(headers.get(), header);
      static_cast<void>(headers.release());
      headers.reset(grown);
    }
    CURL* const to = easy.get();
    curl_easy_setopt(to, CURLOPT_UNIX_SOCKET_PATH, options.socket.c_str());
    curl_easy_setopt(to, CURLOPT_HTTP_VERSION, long{CURL_HTTP_VERSION_2_PRIOR_KNOWLEDGE});
    curl_easy_setopt(to, CURLOPT_PROTOCOLS_STR, "http");
    curl_easy_setopt(to, CURLOPT_PROXY, "");
    curl_easy_setopt(to, CURLOPT_USERAGENT, "tangram");
    curl_easy_setopt(to, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(to, CURLOPT_TIMEOUT_MS, static_cast<long>(options.timeout.count()));
    curl_easy_setopt(to, CURLOPT_HTTPHEADER, headers.get());
    curl_easy_setopt(to, CURLOPT_POST, 1L);
    curl_easy_setopt(to, CURLOPT_WRITEFUNCTION, &TakeBody);
    curl_easy_setopt(to, CURLOPT_HEADERFUNCTION, &TakeHeader);
    curl_easy_setopt(to, CURLOPT_ERRORBUFFER, error.data());
  }

  CURLcode Perform(const std::string& method, const std::string& body, Answer& answer) {
    CURL* const to = easy.get();
    error[0] = '\0';
    curl_easy_setopt(to, CURLOPT_URL, ("http://localhost" + method).c_str());
    curl_easy_setopt(to, CURLOPT_POSTFIELDS, body.data());
    curl_easy_setopt(to, CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(body.size()));
    curl_easy_setopt(to, CURLOPT_WRITEDATA, &answer);
    curl_easy_setopt(to, CURLOPT_HEADERDATA, &answer);
    return curl_easy_perform(to);
  }
};

}  // namespace

GrpcClient::GrpcClient(GrpcOptions options) : options_(std::move(options)) {}

base::Result<std::string> GrpcClient::Call(const std::string& method, std::string_view message) {
  Connection connection(options_);
  Answer answer;
  answer.most = options_.max_message + kPrefix;
  const CURLcode code = connection.Perform(method, Framed(message), answer);
  const std::string where = fmt::format("{} of {}", method, options_.socket);
  if (code != CURLE_OK || answer.status != "0") {
    const std::string detail =
        connection.error[0] != '\0' ? connection.error.data() : curl_easy_strerror(code);
    if (answer.too_long) {
      return Fail(ErrorCode::kInvalid,
                  fmt::format("{}: the answer is over {} bytes", where, options_.max_message));
    }
    if (!answer.status.empty() && answer.status != "0") {
      return Fail(ErrorCode::kUnavailable, fmt::format("{} answered gRPC status {}: {}", where,
                                                       answer.status, answer.message));
    }
    if (code == CURLE_COULDNT_CONNECT) {
      return Fail(ErrorCode::kUnavailable, where + ": nobody answers there");
    }
    if (code != CURLE_OK) return Fail(ErrorCode::kUnavailable, where + ": " + detail);
    return Fail(ErrorCode::kInvalid, where + ": the answer is no gRPC");
  }
  std::size_t length = 0;
  for (std::size_t i = 1; i < kPrefix && i < answer.body.size(); ++i) {
    length = length << 8 | static_cast<unsigned char>(answer.body[i]);
  }
  if (answer.body.size() < kPrefix || answer.body[0] != 0 ||
      answer.body.size() != kPrefix + length) {
    return Fail(ErrorCode::kInvalid, where + ": the answer is not one plain message");
  }
  return answer.body.substr(kPrefix);
}

}  // namespace tangram::net

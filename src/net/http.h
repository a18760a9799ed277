// An HTTP client over libcurl: many requests and streams on one thread.
//
// HTTP/2 where the server offers it over TLS, HTTP/1.1 otherwise; connections are kept and reused.
// Redirects are never followed: a 3xx is an answer like any other, so credentials reach no other
// host. TLS 1.2 or later.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"

namespace tangram::net {

// Certificates and keys are PEM text, never file names.
struct TlsOptions {
  std::string ca_pem{};           // empty: the system's trust store
  std::string client_cert_pem{};  // empty: no client certificate
  std::string client_key_pem{};
  std::string server_name{};  // overrides the name that the certificate is checked against
  enum class Verify { kPeer, kNothing } verify = Verify::kPeer;
};

using Headers = std::vector<std::pair<std::string, std::string>>;
// The first header of that (lower-case) name; empty if there is none.
std::string_view HeaderIn(const Headers& headers, std::string_view name);

struct Request {
  std::string method = "GET";
  std::string url{};  // http or https
  Headers headers{};  // secrets allowed; never logged
  std::string body{};
  // The whole exchange; zero: no limit (a watch). Connecting always has its own limit of 10 s.
  std::chrono::milliseconds timeout{30'000};
  // A transfer with no byte received for this long is cut; zero: never.
  std::chrono::milliseconds idle_timeout{0};
  // A body past this is cut with an error, so that a hostile server cannot fill the memory; zero:
  // no limit (a watch, whose reader limits each event).
  std::size_t max_body = std::size_t{1} << 31;
  // In place of the client's own, for credentials that are renewed; empty: the client's.
  std::shared_ptr<const TlsOptions> tls{};
};

struct Response {
  int status = 0;
  Headers headers{};  // names in lower case
  std::string body{};
  std::string_view Header(std::string_view name) const { return HeaderIn(headers, name); }
};

// One thread runs every transfer. Thread-safe. The destructor cancels what is in flight, runs no
// further callback, and joins the thread; it may not run on the client's own thread.
class HttpClient {
 public:
  enum class Compression { kGzip, kNone };
  struct Options {
    TlsOptions tls{};
    std::string proxy{};  // empty: HTTPS_PROXY / NO_PROXY of the environment, as curl reads them
    std::string user_agent = "tangram";
    Compression compression = Compression::kGzip;  // answers are always handed over unpacked
  };
  explicit HttpClient(Options options);
  ~HttpClient();
  HttpClient(const HttpClient&) = delete;
  HttpClient& operator=(const HttpClient&) = delete;

  // Blocks the caller until the whole answer is there. An answer of any status is a Response; an
  // error means no answer: kUnavailable with the host and the reason (never headers, query or
  // body), or kInvalid for a request that cannot be sent or a body past `max_body`. Called on the
  // client's own thread it is refused, since it would wait for itself.
  base::Result<Response> Send(const Request& request);

  using Token = std::uint64_t;  // never 0, never used twice
  struct StreamHandler {
    // All run on the client's thread and must not block; each may be empty. `on_data` returning
    // false ends the transfer, with an error in `on_done`.
    std::function<void(const Response& head)> on_head{};  // the body is not in it
    std::function<bool(std::string_view chunk)> on_data{};
    std::function<void(base::Result<int> status)> on_done{};  // always last, unless cancelled
  };

  // Transfers and tasks that end together; 0: none. See Scope.
  using ScopeId = std::uint64_t;

  // Starts a transfer whose body arrives in pieces. In a scope that is closed: does nothing.
  Token Stream(Request request, StreamHandler handler, ScopeId scope = 0);
  // Runs `task` on the client's thread after `delay`; how reflectors wait without sleeping.
  Token RunAfter(std::chrono::milliseconds delay, std::function<void()> task, ScopeId scope = 0);
  // No callback runs after Cancel returns (on the client's own thread: after the current one). It
  // waits for a callback that is running, so the caller may hold no lock which that one takes.
  // What the callbacks captured is freed on the client's thread, soon after.
  void Cancel(Token token);

  ScopeId OpenScope();
  // Cancels all that was started in the scope, as Cancel does; what is started in it later is
  // dropped.
  void CloseScope(ScopeId scope);

  bool OnClientThread() const;

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

// Closes its scope when it goes: an object whose callbacks name `this` holds one as its last
// member. Must not outlive the client.
class Scope {
 public:
  explicit Scope(HttpClient& client) : client_(client), id_(client.OpenScope()) {}
  ~Scope() { client_.CloseScope(id_); }
  Scope(const Scope&) = delete;
  Scope& operator=(const Scope&) = delete;
  HttpClient::ScopeId id() const { return id_; }

 private:
  HttpClient& client_;
  HttpClient::ScopeId id_;
};

// Percent-encodes everything but unreserved characters (RFC 3986).
std::string UrlEncode(std::string_view text);

}  // namespace tangram::net

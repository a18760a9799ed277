// An HTTP/1.1 server, plain or over TLS: keep-alive, few threads, bounded memory.
//
// Every client is taken for hostile: each stage of a request has its time, each part its size.
// HTTP/2 is not spoken; clients that offer it over TLS are answered with HTTP/1.1.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "net/http.h"

namespace tangram::net {

// PEM text, never file names. TLS 1.2 or later.
struct ServerTls {
  std::string cert_pem{};       // the certificate, then its intermediates
  std::string key_pem{};        // secret
  std::string client_ca_pem{};  // not empty: a client certificate from it is demanded
};

struct ServerRequest {
  std::string method{};
  std::string target{};  // path and query, as sent
  Headers headers{};     // names in lower case
  std::string body{};
  std::string peer{};  // address of the client, without its port

  // The target up to the '?'.
  std::string_view Path() const;
  std::string_view Header(std::string_view name) const { return HeaderIn(headers, name); }
};

struct ServerLimits {
  std::size_t max_header = std::size_t{16} << 10;      // bytes; past it 431
  std::size_t max_body = std::size_t{4} << 20;         // bytes; past it 413
  std::size_t max_total_body = std::size_t{64} << 20;  // bytes of all at once; past it 503
  // One more takes the place of the connection that has waited longest for the head of a request;
  // where all are at work it is closed at once: a caller with a deadline is better off refused than
  // kept waiting.
  std::size_t max_connections = 1024;
  std::chrono::milliseconds handshake{5'000};  // TLS
  std::chrono::milliseconds read{10'000};      // of one request, from its first byte to its last
  std::chrono::milliseconds write{10'000};     // of one answer
  std::chrono::milliseconds idle{120'000};     // between requests
};

struct ServerOptions {
  std::string address = "127.0.0.1";  // numeric, IPv4 or IPv6; "0.0.0.0" or "::": all interfaces
  std::uint16_t port = 0;             // 0: any that is free
  std::optional<ServerTls> tls{};     // nothing: plain HTTP
  int threads = 1;
  ServerLimits limits{};
};

// Thread-safe.
class HttpServer {
 public:
  // Runs on a server thread, on several at once where there are several threads, and must not block
  // for long. Content-Length and Connection are added to its answer. What it throws is a 500.
  using Handler = std::function<Response(const ServerRequest&)>;

  // Listens and answers from here on. kInvalid: an address, certificate or key that cannot be used,
  // with the reason; kUnavailable: the port is taken.
  static base::Result<std::unique_ptr<HttpServer>> Open(ServerOptions options, Handler handler);
  // Stop without patience.
  ~HttpServer();
  HttpServer(const HttpServer&) = delete;
  HttpServer& operator=(const HttpServer&) = delete;

  std::uint16_t port() const;
  // Connections from now on get these; open ones go on with what they have. kInvalid: they cannot
  // be used, and nothing changed; likewise on a server that was opened without TLS.
  base::Result<void> SetTls(const ServerTls& tls);
  // Takes no new connection, closes idle ones, and lets requests that have begun end for at most
  // `drain`; then cuts the rest and joins the threads. Not from a handler. Twice does nothing.
  void Stop(std::chrono::milliseconds drain);

  struct Counts {
    std::uint64_t accepted = 0;      // connections
    std::uint64_t refused = 0;       // closed at once: too many
    std::uint64_t evicted = 0;       // idle ones that made room
    std::uint64_t requests = 0;      // handed to the handler
    std::uint64_t bad_requests = 0;  // broken or too large
    std::uint64_t failed_handshakes = 0;
    std::size_t open = 0;  // connections now
  };
  Counts Read() const;

 private:
  class Impl;
  explicit HttpServer(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace tangram::net

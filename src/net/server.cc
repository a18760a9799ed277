#include "net/server.h"

#include <fmt/format.h>
#include <openssl/err.h>
#include <openssl/ssl.h>

#include <algorithm>
#include <array>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/strand.hpp>
#include <thread>
#include <vector>

#include "base/clock.h"
#include "net/server_connection.h"
#include "net/server_state.h"
#include "net/signals.h"

namespace tangram::net {
namespace {

using asio::ip::tcp;
using TlsContext = std::shared_ptr<asio::ssl::context>;

// Where the machine has no file descriptor left: time for some to come back.
constexpr std::chrono::milliseconds kAcceptPause{50};

// What OpenSSL says of the last failure, without the path of its source.
std::string TlsReason(const beast::error_code& error) {
  const std::string reason = error.message();
  return reason.empty() ? "no reason given" : reason;
}

// Of what the client offers: HTTP/1.1, or nothing, which means the same.
// NOLINTNEXTLINE(readability-function-size): OpenSSL's signature
int ChooseProtocol(SSL* /*ssl*/, const unsigned char** chosen, unsigned char* length,
                   const unsigned char* offered, unsigned int offered_length, void* /*unused*/) {
  static constexpr std::array<unsigned char, 9> kOurs = {8, 'h', 't', 't', 'p', '/', '1', '.', '1'};
  unsigned char* found = nullptr;
  const int result =
      SSL_select_next_proto(&found, length, kOurs.data(), kOurs.size(), offered, offered_length);
  *chosen = found;
  return result == OPENSSL_NPN_NEGOTIATED ? SSL_TLSEXT_ERR_OK : SSL_TLSEXT_ERR_NOACK;
}

base::Result<TlsContext> MakeContext(const ServerTls& tls) {
  auto context = std::make_shared<asio::ssl::context>(asio::ssl::context::tls_server);
  beast::error_code error;
  const auto fail = [&](std::string_view what) {
    return base::Fail(base::ErrorCode::kInvalid,
                      fmt::format("{}: {}; it must be PEM text", what, TlsReason(error)));
  };
  SSL_CTX_set_min_proto_version(context->native_handle(), TLS1_2_VERSION);
  SSL_CTX_set_alpn_select_cb(context->native_handle(), &ChooseProtocol, nullptr);
  // A key with a passphrase is refused: nobody is there to be asked for it.
  (void)context->set_password_callback(
      [](std::size_t, asio::ssl::context::password_purpose) { return std::string(); }, error);
  if (context->use_certificate_chain(asio::buffer(tls.cert_pem), error)) {
    return fail("the server's certificate");
  }
  if (context->use_private_key(asio::buffer(tls.key_pem), asio::ssl::context::pem, error)) {
    return fail("the server's key");
  }
  if (SSL_CTX_check_private_key(context->native_handle()) != 1) {
    ERR_clear_error();
    return base::Fail(base::ErrorCode::kInvalid,
                      "the server's key does not belong to its certificate");
  }
  if (tls.client_ca_pem.empty()) return context;
  if (context->add_certificate_authority(asio::buffer(tls.client_ca_pem), error)) {
    return fail("the authority of client certificates");
  }
  (void)context->set_verify_mode(asio::ssl::verify_peer | asio::ssl::verify_fail_if_no_peer_cert,
                                 error);
  return context;
}

}  // namespace

Refusal RefusalOf(beast::error_code code) {
  using beast::http::error;
  if (code == error::header_limit) return {431, "the header of the request is too large\n"};
  if (code == error::body_limit) return {413, "the body of the request is too large\n"};
  // The peer is gone, or too slow to be worth an answer.
  if (code == error::end_of_stream || code == error::partial_message) return {};
  if (code.category() != beast::http::make_error_code(error::bad_method).category()) return {};
  return {400, "this is not an HTTP request\n"};
}

ServerRequest ToRequest(beast::http::request<beast::http::string_body>&& message) {
  ServerRequest request;
  request.method = message.method_string();
  request.target = message.target();
  for (const auto& field : message) {
    request.headers.emplace_back(base::Lower(field.name_string()), field.value());
  }
  request.body = std::move(message.body());
  return request;
}

beast::http::response<beast::http::string_body> ToMessage(Response answer) {
  const auto has_line_end = [](std::string_view text) {
    return text.find_first_of(std::string_view("\r\n\0", 3)) != std::string_view::npos;
  };
  const bool good =
      answer.status >= 200 && answer.status <= 999 &&
      std::none_of(answer.headers.begin(), answer.headers.end(), [&](const auto& header) {
        return header.first.empty() || has_line_end(header.first) || has_line_end(header.second);
      });
  if (!good) answer = {.status = 500, .headers = {}, .body = "internal error\n"};
  beast::http::response<beast::http::string_body> message;
  message.result(static_cast<unsigned>(answer.status));
  for (const auto& [name, value] : answer.headers) message.insert(name, value);
  message.body() = std::move(answer.body);
  message.prepare_payload();
  return message;
}

std::string_view ServerRequest::Path() const {
  return std::string_view(target).substr(0, target.find('?'));
}

class HttpServer::Impl {
 public:
  Impl(ServerOptions options, Handler handler, TlsContext tls)
      : threads_wanted_(std::max(options.threads, 1)),
        state_(std::make_shared<ServerState>(options.limits, std::move(handler))),
        tls_(std::move(tls)),
        io_(threads_wanted_),
        acceptor_(asio::make_strand(io_)),
        pause_(acceptor_.get_executor()) {}
  ~Impl() { Stop(std::chrono::milliseconds(0)); }
  Impl(const Impl&) = delete;
  Impl& operator=(const Impl&) = delete;

  base::Result<void> Listen(const std::string& address, std::uint16_t port);
  void Start();
  std::uint16_t port() const { return port_; }
  base::Result<void> SetTls(const ServerTls& tls);
  void Stop(std::chrono::milliseconds drain);
  Counts Read() const { return state_->Read(); }

 private:
  void Accept();
  void OnAccepted(beast::error_code error, tcp::socket socket);
  void Serve(tcp::socket socket);
  TlsContext CurrentTls() const {
    const base::MutexLock lock(mutex_);
    return tls_;
  }

  const int threads_wanted_;
  const std::shared_ptr<ServerState> state_;
  mutable base::Mutex mutex_;
  TlsContext tls_ GUARDED_BY(mutex_);  // null: plain
  bool stopped_ GUARDED_BY(mutex_) = false;
  std::uint16_t port_ = 0;
  asio::io_context io_;
  tcp::acceptor acceptor_;  // with pause_: on a strand of their own
  asio::steady_timer pause_;
  std::vector<std::thread> threads_;
};

base::Result<void> HttpServer::Impl::Listen(const std::string& address, std::uint16_t port) {
  beast::error_code error;
  const auto where = asio::ip::make_address(address, error);
  if (error) {
    return base::Fail(base::ErrorCode::kInvalid,
                      fmt::format("address \"{}\": not a numeric IP address", address));
  }
  const tcp::endpoint endpoint(where, port);
  if (acceptor_.open(endpoint.protocol(), error) ||
      acceptor_.set_option(asio::socket_base::reuse_address(true), error) ||
      acceptor_.bind(endpoint, error) ||
      acceptor_.listen(asio::socket_base::max_listen_connections, error)) {
    return base::Fail(base::ErrorCode::kUnavailable,
                      fmt::format("listening on {} port {}: {}", address, port, error.message()));
  }
  port_ = acceptor_.local_endpoint(error).port();
  return {};
}

void HttpServer::Impl::Start() {
  asio::post(acceptor_.get_executor(), [this] { Accept(); });
  for (int i = 0; i < threads_wanted_; ++i) {
    threads_.emplace_back([this] {
      BlockSignals();
      io_.run();
    });
  }
}

void HttpServer::Impl::Accept() {
  if (state_->stopping()) return;
  acceptor_.async_accept(asio::make_strand(io_),
                         [this](beast::error_code error, tcp::socket socket) {
                           OnAccepted(error, std::move(socket));
                         });
}

void HttpServer::Impl::OnAccepted(beast::error_code error, tcp::socket socket) {
  if (error == asio::error::operation_aborted) return;
  if (error) {
    pause_.expires_after(kAcceptPause);
    return pause_.async_wait([this](beast::error_code ended) {
      if (!ended) Accept();
    });
  }
  if (state_->Admit()) Serve(std::move(socket));
  Accept();
}

void HttpServer::Impl::Serve(tcp::socket socket) {
  beast::tcp_stream stream(std::move(socket));
  const TlsContext tls = CurrentTls();
  if (tls) {
    std::make_shared<ConnectionOf<TlsStream>>(state_, TlsStream(std::move(stream), *tls), tls)
        ->Begin();
  } else {
    std::make_shared<ConnectionOf<beast::tcp_stream>>(state_, std::move(stream), nullptr)->Begin();
  }
}

base::Result<void> HttpServer::Impl::SetTls(const ServerTls& tls) {
  auto context = MakeContext(tls);
  if (!context) return tl::unexpected<base::Error>(context.error());
  const base::MutexLock lock(mutex_);
  if (!tls_) {
    return base::Fail(base::ErrorCode::kInvalid, "the server was opened without TLS");
  }
  tls_ = std::move(*context);
  return {};
}

void HttpServer::Impl::Stop(std::chrono::milliseconds drain) {
  const auto until = base::MonotonicNow() + drain;
  {
    const base::MutexLock lock(mutex_);
    if (stopped_) return;
    stopped_ = true;
  }
  state_->BeginStop();
  asio::post(acceptor_.get_executor(), [this] {
    beast::error_code ignored;
    (void)acceptor_.close(ignored);
    pause_.cancel();
  });
  state_->WaitEmpty(until);
  io_.stop();
  for (std::thread& thread : threads_) thread.join();
}

HttpServer::HttpServer(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
HttpServer::~HttpServer() = default;

base::Result<std::unique_ptr<HttpServer>> HttpServer::Open(ServerOptions options, Handler handler) {
  TlsContext tls;
  if (options.tls) {
    auto context = MakeContext(*options.tls);
    if (!context) return tl::unexpected<base::Error>(context.error());
    tls = std::move(*context);
  }
  const std::string address = options.address;
  const std::uint16_t port = options.port;
  auto impl = std::make_unique<Impl>(std::move(options), std::move(handler), std::move(tls));
  if (auto listening = impl->Listen(address, port); !listening) {
    return tl::unexpected<base::Error>(listening.error());
  }
  impl->Start();
  return std::unique_ptr<HttpServer>(new HttpServer(std::move(impl)));
}

std::uint16_t HttpServer::port() const { return impl_->port(); }
base::Result<void> HttpServer::SetTls(const ServerTls& tls) { return impl_->SetTls(tls); }
void HttpServer::Stop(std::chrono::milliseconds drain) { impl_->Stop(drain); }
HttpServer::Counts HttpServer::Read() const { return impl_->Read(); }

}  // namespace tangram::net

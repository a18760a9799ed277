// One connection of an HttpServer, plain or TLS. Used by server.cc alone.
//
// All of it runs on the connection's strand. Each step sets the deadline of the stream anew; when
// it passes, what is under way ends with an error and the connection closes.
#pragma once

#include <boost/asio/dispatch.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/http.hpp>
#include <boost/beast/ssl/ssl_stream.hpp>
#include <memory>
#include <optional>
#include <type_traits>
#include <utility>

#include "base/text.h"
#include "net/server_state.h"

namespace tangram::net {

namespace beast = boost::beast;
namespace asio = boost::asio;

using TlsStream = beast::ssl_stream<beast::tcp_stream>;

// What is refused before the handler sees it.
struct Refusal {
  int status = 0;  // 0: no answer, as nobody waits for one
  std::string_view text{};
};
Refusal RefusalOf(beast::error_code code);

ServerRequest ToRequest(beast::http::request<beast::http::string_body>&& message);
// 500 where the answer cannot be written as HTTP.
beast::http::response<beast::http::string_body> ToMessage(Response answer);

template <class Stream>
class ConnectionOf final : public ServerConnection,
                           public std::enable_shared_from_this<ConnectionOf<Stream>> {
 public:
  // `state` has admitted it. `tls` lives as long as the connection; null for a plain one.
  ConnectionOf(std::shared_ptr<ServerState> state, Stream stream,
               std::shared_ptr<asio::ssl::context> tls)
      : state_(std::move(state)), tls_(std::move(tls)), stream_(std::move(stream)) {}
  ~ConnectionOf() override {
    EndWaiting();
    ReleaseBody();
    state_->Leave();
  }
  ConnectionOf(const ConnectionOf&) = delete;
  ConnectionOf& operator=(const ConnectionOf&) = delete;

  void Begin() {
    asio::dispatch(stream_.get_executor(), [self = this->shared_from_this()] { self->Greet(); });
  }
  void CloseIfWaiting() override {
    asio::post(stream_.get_executor(), [self = this->shared_from_this()] {
      if (self->place_) self->tcp().close();
    });
  }
  void CloseIfIdle() override {
    asio::post(stream_.get_executor(), [self = this->shared_from_this()] {
      if (self->idle_) self->tcp().close();
    });
  }

 private:
  static constexpr bool kTls = std::is_same_v<Stream, TlsStream>;
  static constexpr std::size_t kReadAtOnce = 8192;
  static constexpr std::chrono::seconds kFarewell{1};

  beast::tcp_stream& tcp() { return beast::get_lowest_layer(stream_); }

  // A member as the handler of an asynchronous operation.
  template <class... Args>
  auto Then(void (ConnectionOf::*step)(beast::error_code, Args...)) {
    return [self = this->shared_from_this(), step](beast::error_code error, Args... args) {
      (self.get()->*step)(error, args...);
    };
  }

  void Greet() {
    beast::error_code error;
    tcp().socket().set_option(asio::ip::tcp::no_delay(true), error);
    const auto peer = tcp().socket().remote_endpoint(error);
    if (!error) peer_ = peer.address().to_string();
    BeginWaiting();
    if constexpr (kTls) {
      tcp().expires_after(state_->limits().handshake);
      stream_.async_handshake(asio::ssl::stream_base::server, Then(&ConnectionOf::OnHandshake));
    } else {
      AwaitRequest();
    }
  }

  void OnHandshake(beast::error_code error) {
    if (!error) return AwaitRequest();
    ++state_->failed_handshakes;
  }

  void AwaitRequest() {
    if (state_->stopping() && buffer_.size() == 0) return Farewell();
    BeginWaiting();
    parser_.emplace();
    parser_->header_limit(static_cast<std::uint32_t>(state_->limits().max_header));
    parser_->body_limit(state_->limits().max_body);
    if (buffer_.size() != 0) return ReadHead();
    idle_ = true;
    tcp().expires_after(state_->limits().idle);
    stream_.async_read_some(buffer_.prepare(kReadAtOnce), Then(&ConnectionOf::OnFirstBytes));
  }

  void OnFirstBytes(beast::error_code error, std::size_t bytes) {
    idle_ = false;
    if (error) return;
    buffer_.commit(bytes);
    ReadHead();
  }

  void ReadHead() {
    tcp().expires_after(state_->limits().read);
    beast::http::async_read_header(stream_, buffer_, *parser_, Then(&ConnectionOf::OnHead));
  }

  void OnHead(beast::error_code error, std::size_t /*bytes*/) {
    EndWaiting();
    if (error) return Refuse(RefusalOf(error));
    const auto length = parser_->content_length();
    const std::size_t most = length               ? static_cast<std::size_t>(*length)
                             : parser_->chunked() ? state_->limits().max_body
                                                  : 0;
    if (!state_->ReserveBody(most)) return Refuse({503, "too many requests at once\n"});
    reserved_ = most;
    const auto expect = parser_->get()[beast::http::field::expect];
    if (beast::iequals(expect, "100-continue")) return SendContinue();
    ReadBody();
  }

  void SendContinue() {
    static constexpr std::string_view kContinue = "HTTP/1.1 100 Continue\r\n\r\n";
    asio::async_write(stream_, asio::buffer(kContinue), Then(&ConnectionOf::OnContinued));
  }
  void OnContinued(beast::error_code error, std::size_t /*bytes*/) {
    if (!error) ReadBody();
  }

  void ReadBody() {
    beast::http::async_read(stream_, buffer_, *parser_, Then(&ConnectionOf::OnRequest));
  }

  void OnRequest(beast::error_code error, std::size_t /*bytes*/) {
    if (error) return Refuse(RefusalOf(error));
    ++state_->requests;
    auto message = parser_->release();
    const bool keep_alive = message.keep_alive();
    const bool head_only = message.method() == beast::http::verb::head;
    const unsigned version = message.version();
    ServerRequest request = ToRequest(std::move(message));
    request.peer = peer_;
    answer_ = ToMessage(state_->Answer(request));
    answer_.version(version);
    answer_.keep_alive(keep_alive && !state_->stopping());
    if (head_only) answer_.body().clear();
    Write();
  }

  void Refuse(Refusal refusal) {
    if (refusal.status == 0) return;
    ++state_->bad_requests;
    answer_ =
        ToMessage({.status = refusal.status, .headers = {}, .body = std::string(refusal.text)});
    answer_.keep_alive(false);
    Write();
  }

  void Write() {
    tcp().expires_after(state_->limits().write);
    beast::http::async_write(stream_, answer_, Then(&ConnectionOf::OnWritten));
  }

  void OnWritten(beast::error_code error, std::size_t /*bytes*/) {
    ReleaseBody();
    const bool go_on = answer_.keep_alive();
    answer_ = {};
    if (error) return;
    go_on ? AwaitRequest() : Farewell();
  }

  // The peer may still be sending what we refused; to close at once would destroy our answer on its
  // way. So: say that we are done, and read a little until the peer is.
  void Farewell() {
    tcp().expires_after(kFarewell);
    if constexpr (kTls) {
      stream_.async_shutdown(Then(&ConnectionOf::OnTlsClosed));
    } else {
      OnTlsClosed({});
    }
  }
  void OnTlsClosed(beast::error_code /*error*/) {
    beast::error_code ignored;
    tcp().socket().shutdown(asio::ip::tcp::socket::shutdown_send, ignored);
    Drain();
  }
  void Drain() {
    buffer_.clear();
    tcp().async_read_some(buffer_.prepare(kReadAtOnce), Then(&ConnectionOf::OnDrained));
  }
  void OnDrained(beast::error_code error, std::size_t /*bytes*/) {
    if (!error) Drain();
  }

  void BeginWaiting() {
    if (!place_) place_ = state_->BeginWaiting(this->weak_from_this());
  }
  void EndWaiting() {
    if (place_) state_->EndWaiting(*place_);
    place_.reset();
  }
  void ReleaseBody() {
    state_->ReleaseBody(reserved_);
    reserved_ = 0;
  }

  const std::shared_ptr<ServerState> state_;
  const std::shared_ptr<asio::ssl::context> tls_;
  Stream stream_;
  std::string peer_;
  beast::flat_buffer buffer_;
  std::optional<beast::http::request_parser<beast::http::string_body>> parser_;
  beast::http::response<beast::http::string_body> answer_;
  std::optional<ServerState::Place> place_;
  std::size_t reserved_ = 0;  // for the body of the request
  bool idle_ = false;         // no byte of the next request has come
};

}  // namespace tangram::net

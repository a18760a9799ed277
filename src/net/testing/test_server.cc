#include "net/testing/test_server.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <poll.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <deque>
#include <list>
#include <optional>
#include <set>
#include <thread>

#include "base/clock.h"
#include "base/mutex.h"
#include "base/text.h"

namespace tangram::net::testing {
namespace {

using SteadyTime = std::chrono::steady_clock::time_point;
using SslContext = std::unique_ptr<SSL_CTX, decltype(&SSL_CTX_free)>;
using Ssl = std::unique_ptr<SSL, decltype(&SSL_free)>;

std::string Head(int status, const Headers& headers) {
  std::string head = fmt::format("HTTP/1.1 {} Scripted\r\n", status);
  for (const auto& [name, value] : headers) head += fmt::format("{}: {}\r\n", name, value);
  return head;
}

// One connection. Bytes in `input` until they make a request; then the steps of its answer.
struct Connection {
  int fd = -1;
  Ssl ssl{nullptr, &SSL_free};
  std::string input;
  std::deque<Step> steps;
  std::size_t sent = 0;  // of the bytes of the first step
  std::optional<SteadyTime> resume_at;
  bool wants_write = false;
  bool closed = false;
};

// Takes the first whole request off `input`; nothing while it is not all there.
std::optional<SeenRequest> TakeRequest(std::string& input) {
  const auto end = input.find("\r\n\r\n");
  if (end == std::string::npos) return std::nullopt;
  SeenRequest request;
  std::int64_t length = 0;
  const std::string head = input.substr(0, end);
  for (std::string_view line : base::Split(head, '\n')) {
    line = base::Trim(line);
    if (request.method.empty()) {
      const auto words = base::Split(line, ' ');
      request.method = words[0];
      if (words.size() > 1) request.target = words[1];
      continue;
    }
    const auto colon = line.find(':');
    if (colon == std::string_view::npos) continue;
    const std::string name = base::Lower(line.substr(0, colon));
    const std::string value(base::Trim(line.substr(colon + 1)));
    if (name == "content-length") length = base::ParseInteger(value).value_or(0);
    request.headers.emplace_back(name, value);
  }
  const std::size_t total = end + 4 + static_cast<std::size_t>(length);
  if (input.size() < total) return std::nullopt;
  request.body = input.substr(end + 4, static_cast<std::size_t>(length));
  input.erase(0, total);
  return request;
}

SslContext MakeContext(const ServerTls& tls) {
  SslContext context(SSL_CTX_new(TLS_server_method()), &SSL_CTX_free);
  const auto read_cert = [](const std::string& pem) {
    BIO* bio = BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size()));
    X509* cert = PEM_read_bio_X509(bio, nullptr, nullptr, nullptr);
    BIO_free(bio);
    return cert;
  };
  X509* cert = read_cert(tls.cert_pem);
  SSL_CTX_use_certificate(context.get(), cert);
  X509_free(cert);
  BIO* bio = BIO_new_mem_buf(tls.key_pem.data(), static_cast<int>(tls.key_pem.size()));
  EVP_PKEY* key = PEM_read_bio_PrivateKey(bio, nullptr, nullptr, nullptr);
  BIO_free(bio);
  SSL_CTX_use_PrivateKey(context.get(), key);
  EVP_PKEY_free(key);
  if (tls.client_ca_pem.empty()) return context;
  X509* authority = read_cert(tls.client_ca_pem);
  X509_STORE_add_cert(SSL_CTX_get_cert_store(context.get()), authority);
  X509_free(authority);
  SSL_CTX_set_verify(context.get(), SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, nullptr);
  return context;
}

}  // namespace

std::string_view SeenRequest::Header(std::string_view name) const {
  for (const auto& header : headers) {
    if (header.first == name) return header.second;
  }
  return {};
}

Answer Reply(int status, std::string_view body, const Headers& headers) {
  std::string bytes = Head(status, headers);
  bytes += fmt::format("Content-Length: {}\r\n\r\n{}", body.size(), body);
  return {SendBytes{std::move(bytes)}};
}

SendBytes ChunkedHead(int status, const Headers& headers) {
  return {Head(status, headers) + "Transfer-Encoding: chunked\r\n\r\n"};
}

SendBytes Chunk(std::string_view data) {
  return {fmt::format("{:x}\r\n{}\r\n", data.size(), data)};
}

SendBytes LastChunk() { return {"0\r\n\r\n"}; }

class TestServer::Impl {
 public:
  Impl(Script script, SslContext tls) : script_(std::move(script)), tls_(std::move(tls)) {
    Listen();
    thread_ = std::thread([this] { Loop(); });
  }
  ~Impl() {
    {
      const base::MutexLock lock(mutex_);
      stopping_ = true;
    }
    Wake();
    thread_.join();
    for (Connection& connection : connections_) Drop(connection);
    close(listener_);
    close(wake_);
  }

  std::string Url() const {
    return fmt::format("{}://127.0.0.1:{}", tls_ ? "https" : "http", port_);
  }
  void Open(const std::string& gate) {
    {
      const base::MutexLock lock(mutex_);
      open_gates_.insert(gate);
    }
    Wake();
  }
  std::vector<SeenRequest> Requests() const {
    const base::MutexLock lock(mutex_);
    return requests_;
  }
  std::size_t Connections() const {
    const base::MutexLock lock(mutex_);
    return accepted_;
  }
  bool WaitForRequests(std::size_t count, std::chrono::milliseconds limit) const {
    const SteadyTime until = base::MonotonicNow() + limit;
    const base::MutexLock lock(mutex_);
    while (requests_.size() < count && base::MonotonicNow() < until) {
      request_came_.WaitUntil(mutex_, until);
    }
    return requests_.size() >= count;
  }

 private:
  void Listen();
  void Wake() {
    const std::uint64_t one = 1;
    [[maybe_unused]] const auto written = write(wake_, &one, sizeof(one));
  }
  bool Stopping() const {
    const base::MutexLock lock(mutex_);
    return stopping_;
  }
  bool IsOpen(const std::string& gate) const {
    const base::MutexLock lock(mutex_);
    return open_gates_.contains(gate);
  }
  static void Drop(Connection& connection) {
    if (connection.fd < 0) return;
    connection.ssl.reset();
    close(connection.fd);
    connection.fd = -1;
  }

  void Loop();
  std::vector<pollfd> PollSet() const;
  int PollMilliseconds() const;
  void Accept();
  void Read(Connection& connection);
  void Advance(Connection& connection);
  bool RunStep(Connection& connection);
  bool Write(Connection& connection, const std::string& bytes);

  const Script script_;
  const SslContext tls_;
  int listener_ = -1;
  int wake_ = -1;
  int port_ = 0;
  std::list<Connection> connections_;  // the server's thread alone

  mutable base::Mutex mutex_;
  mutable base::CondVar request_came_;
  bool stopping_ GUARDED_BY(mutex_) = false;
  std::size_t accepted_ GUARDED_BY(mutex_) = 0;
  std::set<std::string> open_gates_ GUARDED_BY(mutex_);
  std::vector<SeenRequest> requests_ GUARDED_BY(mutex_);
  std::thread thread_;
};

void TestServer::Impl::Listen() {
  listener_ = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  wake_ = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  bind(listener_, reinterpret_cast<sockaddr*>(&address), sizeof(address));
  listen(listener_, 64);
  socklen_t length = sizeof(address);
  getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &length);
  port_ = ntohs(address.sin_port);
}

std::vector<pollfd> TestServer::Impl::PollSet() const {
  std::vector<pollfd> set = {{listener_, POLLIN, 0}, {wake_, POLLIN, 0}};
  for (const Connection& connection : connections_) {
    const int events = connection.wants_write ? POLLIN | POLLOUT : POLLIN;
    set.push_back({connection.fd, static_cast<short>(events), 0});
  }
  return set;
}

int TestServer::Impl::PollMilliseconds() const {
  std::optional<SteadyTime> next;
  for (const Connection& connection : connections_) {
    if (!connection.resume_at) continue;
    if (!next || *connection.resume_at < *next) next = connection.resume_at;
  }
  if (!next) return -1;
  const auto wait = std::chrono::ceil<std::chrono::milliseconds>(*next - base::MonotonicNow());
  return static_cast<int>(std::max<std::int64_t>(wait.count(), 0));
}

void TestServer::Impl::Loop() {
  sigset_t all;
  sigfillset(&all);
  pthread_sigmask(SIG_BLOCK, &all, nullptr);
  while (!Stopping()) {
    std::vector<pollfd> set = PollSet();
    poll(set.data(), set.size(), PollMilliseconds());
    std::uint64_t count = 0;
    [[maybe_unused]] const auto drained = read(wake_, &count, sizeof(count));
    std::size_t index = 2;
    for (Connection& connection : connections_) {
      if (set[index++].revents != 0) Read(connection);
      Advance(connection);
      if (connection.closed) Drop(connection);
    }
    connections_.remove_if([](const Connection& connection) { return connection.closed; });
    if (set[0].revents != 0) Accept();
  }
}

void TestServer::Impl::Accept() {
  const int fd = accept4(listener_, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
  if (fd < 0) return;
  Connection& connection = connections_.emplace_back();
  connection.fd = fd;
  if (tls_) {
    connection.ssl.reset(SSL_new(tls_.get()));
    SSL_set_fd(connection.ssl.get(), fd);
    SSL_set_accept_state(connection.ssl.get());
  }
  const base::MutexLock lock(mutex_);
  ++accepted_;
}

void TestServer::Impl::Read(Connection& connection) {
  std::array<char, 16384> buffer{};
  while (true) {
    int got = 0;
    bool again = false;
    if (connection.ssl) {
      ERR_clear_error();
      got = SSL_read(connection.ssl.get(), buffer.data(), static_cast<int>(buffer.size()));
      const int error = got > 0 ? SSL_ERROR_NONE : SSL_get_error(connection.ssl.get(), got);
      again = error == SSL_ERROR_WANT_READ || error == SSL_ERROR_WANT_WRITE;
      connection.wants_write = error == SSL_ERROR_WANT_WRITE;
    } else {
      got = static_cast<int>(recv(connection.fd, buffer.data(), buffer.size(), 0));
      again = got < 0 && (errno == EAGAIN || errno == EINTR);
    }
    if (got > 0) {
      connection.input.append(buffer.data(), static_cast<std::size_t>(got));
      continue;
    }
    connection.closed = !again;
    return;
  }
}

void TestServer::Impl::Advance(Connection& connection) {
  while (!connection.closed) {
    if (!connection.steps.empty()) {
      if (!RunStep(connection)) return;
      continue;
    }
    auto request = TakeRequest(connection.input);
    if (!request) return;
    {
      const base::MutexLock lock(mutex_);
      requests_.push_back(*request);
      request_came_.NotifyAll();
    }
    for (Step& step : script_(*request)) connection.steps.push_back(std::move(step));
  }
}

// True: the step is over.
bool TestServer::Impl::RunStep(Connection& connection) {
  const Step& step = connection.steps.front();
  if (const auto* send = std::get_if<SendBytes>(&step)) {
    if (!Write(connection, send->bytes)) return false;
  } else if (const auto* pause = std::get_if<Pause>(&step)) {
    if (!connection.resume_at) connection.resume_at = base::MonotonicNow() + pause->span;
    if (base::MonotonicNow() < *connection.resume_at) return false;
    connection.resume_at.reset();
  } else if (const auto* wait = std::get_if<WaitForGate>(&step)) {
    if (!IsOpen(wait->gate)) return false;
  } else {
    connection.closed = true;
    return false;
  }
  connection.steps.pop_front();
  return true;
}

// True: all of it is sent.
bool TestServer::Impl::Write(Connection& connection, const std::string& bytes) {
  while (connection.sent < bytes.size()) {
    const char* data = bytes.data() + connection.sent;
    const std::size_t left = bytes.size() - connection.sent;
    std::int64_t sent = 0;
    bool again = false;
    if (connection.ssl) {
      ERR_clear_error();
      sent = SSL_write(connection.ssl.get(), data, static_cast<int>(left));
      const int error =
          sent > 0 ? SSL_ERROR_NONE : SSL_get_error(connection.ssl.get(), static_cast<int>(sent));
      again = error == SSL_ERROR_WANT_READ || error == SSL_ERROR_WANT_WRITE;
    } else {
      sent = send(connection.fd, data, left, MSG_NOSIGNAL);
      again = sent < 0 && (errno == EAGAIN || errno == EINTR);
    }
    if (sent > 0) {
      connection.sent += static_cast<std::size_t>(sent);
      continue;
    }
    connection.wants_write = again;
    connection.closed = !again;
    return false;
  }
  connection.sent = 0;
  connection.wants_write = false;
  return true;
}

TestServer::TestServer(Script script)
    : impl_(std::make_unique<Impl>(std::move(script), SslContext(nullptr, &SSL_CTX_free))) {}
TestServer::TestServer(Script script, const ServerTls& tls)
    : impl_(std::make_unique<Impl>(std::move(script), MakeContext(tls))) {}
TestServer::~TestServer() = default;

std::string TestServer::Url() const { return impl_->Url(); }
void TestServer::Open(const std::string& gate) { impl_->Open(gate); }
std::vector<SeenRequest> TestServer::Requests() const { return impl_->Requests(); }
std::size_t TestServer::Connections() const { return impl_->Connections(); }
bool TestServer::WaitForRequests(std::size_t count, std::chrono::milliseconds limit) const {
  return impl_->WaitForRequests(count, limit);
}

}  // namespace tangram::net::testing

#include "net/server.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <random>
#include <stdexcept>
#include <string>
#include <thread>

#include "base/clock.h"
#include "base/sanitized_testing.h"
#include "net/testing/raw_socket.h"
#include "net/testing/test_tls.h"

namespace tangram::net {
namespace {

using namespace std::chrono_literals;
using ::testing::AllOf;
using testing::CertAndKey;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using testing::RawSocket;
using ::testing::StartsWith;

Response Echo(const ServerRequest& request) {
  return {.status = 200,
          .headers = {{"X-Method", request.method},
                      {"X-Target", request.target},
                      {"X-Header", std::string(request.Header("x-mine"))}},
          .body = request.body};
}

std::unique_ptr<HttpServer> Serve(ServerOptions options = {}, HttpServer::Handler handler = Echo) {
  auto server = HttpServer::Open(std::move(options), std::move(handler));
  EXPECT_TRUE(server) << server.error().message;
  return server ? std::move(*server) : nullptr;
}

Request To(const HttpServer& server, const std::string& path, std::string body = "") {
  Request request{.method = body.empty() ? "GET" : "POST"};
  request.url = "http://127.0.0.1:" + std::to_string(server.port()) + path;
  request.body = std::move(body);
  return request;
}

bool Eventually(const std::function<bool()>& is) {
  for (const auto until = base::MonotonicNow() + 20s; base::MonotonicNow() < until;) {
    if (is()) return true;
    std::this_thread::sleep_for(1ms);
  }
  return false;
}

TEST(HttpServer, AnswersOnKeptConnections) {
  const auto server = Serve();
  HttpClient client({});
  for (int i = 0; i < 20; ++i) {
    Request request = To(*server, "/a?b=c", "body " + std::to_string(i));
    request.headers = {{"X-Mine", "yes"}};
    const auto answer = client.Send(request);
    ASSERT_TRUE(answer) << answer.error().message;
    EXPECT_EQ(answer->status, 200);
    EXPECT_EQ(answer->Header("x-method"), "POST");
    EXPECT_EQ(answer->Header("x-target"), "/a?b=c");
    EXPECT_EQ(answer->Header("x-header"), "yes");
    EXPECT_EQ(answer->body, "body " + std::to_string(i));
  }
  const HttpServer::Counts counts = server->Read();
  EXPECT_EQ(counts.accepted, 1U);
  EXPECT_EQ(counts.requests, 20U);
  EXPECT_EQ(counts.bad_requests, 0U);
  EXPECT_EQ(counts.open, 1U);
}

TEST(HttpServer, PathEndsAtTheQuery) {
  EXPECT_EQ(ServerRequest{.target = "/a/b?c=/d"}.Path(), "/a/b");
  EXPECT_EQ(ServerRequest{.target = "/a"}.Path(), "/a");
  EXPECT_EQ(ServerRequest{}.Path(), "");
}

// curl asks with "Expect: 100-continue" before it sends so much.
TEST(HttpServer, TakesLargeBodies) {
  const auto server = Serve();
  HttpClient client({});
  const std::string body(std::size_t{3} << 20, 'x');
  const auto began = base::MonotonicNow();
  const auto answer = client.Send(To(*server, "/", body));
  ASSERT_TRUE(answer) << answer.error().message;
  EXPECT_EQ(answer->body.size(), body.size());
  EXPECT_LT(base::MonotonicNow() - began, 900ms * (base::kSanitized ? 20 : 1)) << "it waited";
}

TEST(HttpServer, ManyClientsOnManyThreads) {
  const auto server = Serve({.threads = 4});
  HttpClient client({});
  std::atomic<int> good = 0;
  std::vector<std::thread> threads;
  for (int i = 0; i < 8; ++i) {
    threads.emplace_back([&, i] {
      for (int round = 0; round < 20; ++round) {
        const std::string body = std::to_string(i * 1000 + round);
        const auto answer = client.Send(To(*server, "/", body));
        if (answer && answer->body == body) ++good;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(good, 160);
}

TEST(HttpServer, HandlerThatFailsIsA500) {
  const auto server = Serve({}, [](const ServerRequest& request) -> Response {
    if (request.target == "/throws") throw std::runtime_error("secret");
    if (request.target == "/split") {
      return {.status = 200, .headers = {{"a", "b\r\nevil: yes"}}, .body = ""};
    }
    if (request.target == "/status") return {.status = 7, .headers = {}, .body = ""};
    return {.status = 204, .headers = {}, .body = ""};
  });
  HttpClient client({});
  for (const char* path : {"/throws", "/split", "/status"}) {
    const auto answer = client.Send(To(*server, path));
    ASSERT_TRUE(answer) << answer.error().message;
    EXPECT_EQ(answer->status, 500) << path;
    EXPECT_EQ(answer->body, "internal error\n");
    EXPECT_EQ(answer->Header("evil"), "");
  }
  EXPECT_EQ(client.Send(To(*server, "/"))->status, 204);
}

TEST(HttpServer, OpenSaysWhatCannotBe) {
  const auto taken = Serve();
  const auto authority = net::testing::MakeAuthority("ca");
  const auto one = net::testing::IssueCertificate(authority, "localhost");
  const auto other = net::testing::IssueCertificate(authority, "localhost");
  const auto error = [](ServerOptions options) {
    const auto server = HttpServer::Open(std::move(options), Echo);
    return server ? base::Error{} : server.error();
  };
  EXPECT_THAT(error({.address = "localhost"}).message, HasSubstr("not a numeric IP address"));
  const base::Error busy = error({.port = taken->port()});
  EXPECT_EQ(busy.code, base::ErrorCode::kUnavailable);
  EXPECT_THAT(busy.message, HasSubstr("Address already in use"));
  EXPECT_THAT(error({.tls = ServerTls{.cert_pem = "x", .key_pem = one.key_pem}}).message,
              StartsWith("the server's certificate: "));
  EXPECT_THAT(error({.tls = ServerTls{.cert_pem = one.cert_pem, .key_pem = "x"}}).message,
              StartsWith("the server's key: "));
  const base::Error pair =
      error({.tls = ServerTls{.cert_pem = one.cert_pem, .key_pem = other.key_pem}});
  EXPECT_EQ(pair.code, base::ErrorCode::kInvalid);
  EXPECT_FALSE(taken->SetTls({.cert_pem = one.cert_pem, .key_pem = one.key_pem}));
}

// --- what raw clients do ---

struct RawCase {
  std::string name;
  std::string sent;
  std::string answer_begins;  // empty: closed without an answer
  std::string answer_ends;
};
std::ostream& operator<<(std::ostream& out, const RawCase& row) { return out << row.name; }

const RawCase kRaw[] = {
    {"Http10Closes", "GET /x HTTP/1.0\r\n\r\n", "HTTP/1.0 200", "X-Target: /x\r\n"},
    {"CloseIsObeyed", "GET /x HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n", "HTTP/1.1 200",
     "\r\n\r\n"},
    {"HeadHasNoBody", "HEAD / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n", "HTTP/1.1 200",
     "\r\n\r\n"},
    {"Chunked",
     "POST / HTTP/1.1\r\nHost: a\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n"
     "3\r\nabc\r\n0\r\n\r\n",
     "HTTP/1.1 200", "\r\n\r\nabc"},
    {"Pipelined",
     "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\none"
     "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nConnection: close\r\n\r\ntwo",
     "HTTP/1.1 200", "\r\n\r\ntwo"},
    {"Garbage", "\x16\x03\x01\x02garbage\r\n\r\n", "HTTP/1.1 400", "not an HTTP request\n"},
    {"NoVersion", "GET /\r\n\r\n", "HTTP/1.1 400", "not an HTTP request\n"},
    {"Http2Preface", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "HTTP/1.1 400", "not an HTTP request\n"},
    {"BadLength", "POST / HTTP/1.1\r\nContent-Length: -1\r\n\r\n", "HTTP/1.1 400",
     "not an HTTP request\n"},
    {"TwoLengths", "POST / HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab",
     "HTTP/1.1 400", "not an HTTP request\n"},
    {"BadChunk", "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", "HTTP/1.1 400",
     "not an HTTP request\n"},
    {"LargeHeader", "GET / HTTP/1.1\r\nX: " + std::string(5000, 'x') + "\r\n\r\n", "HTTP/1.1 431",
     "too large\n"},
    {"EndlessHeader", "GET / HTTP/1.1\r\nX: " + std::string(100'000, 'x'), "HTTP/1.1 431",
     "too large\n"},
    {"LargeBody", "POST / HTTP/1.1\r\nContent-Length: 1001\r\n\r\n" + std::string(1001, 'x'),
     "HTTP/1.1 413", "too large\n"},
    {"LargeChunkedBody",
     "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n7d0\r\n" + std::string(2000, 'x'),
     "HTTP/1.1 413", "too large\n"},
    {"HugeLength", "POST / HTTP/1.1\r\nContent-Length: 18446744073709551615\r\n\r\n",
     "HTTP/1.1 413", "too large\n"},
    {"HalfClosedInside", "GET / HTTP/1.1\r\nHost", "", ""},
    {"NothingAtAll", "", "", ""},
};

class HttpServerRaw : public ::testing::TestWithParam<RawCase> {};
TEST_P(HttpServerRaw, Answers) {
  ServerLimits limits;
  limits.max_header = 4096;
  limits.max_body = 1000;
  const auto server = Serve({.limits = limits});
  RawSocket socket(server->port());
  socket.Send(GetParam().sent);
  socket.EndSending();  // as it may: the answer still comes
  const std::string answer = socket.ReadToEnd();
  if (GetParam().answer_begins.empty()) {
    EXPECT_EQ(answer, "");
  } else {
    EXPECT_THAT(answer, StartsWith(GetParam().answer_begins));
    EXPECT_THAT(answer, HasSubstr(GetParam().answer_ends));
  }
  EXPECT_TRUE(Eventually([&] { return server->Read().open == 0; }));
  EXPECT_TRUE(HttpClient({}).Send(To(*server, "/"))) << "it serves on";
}
INSTANTIATE_TEST_SUITE_P(Table, HttpServerRaw, ::testing::ValuesIn(kRaw),
                         [](const auto& row) { return row.param.name; });

TEST(HttpServer, SlowClientsAreCut) {
  ServerLimits limits;
  limits.read = 50ms;
  limits.idle = 50ms;
  const auto server = Serve({.limits = limits});
  RawSocket silent(server->port());
  RawSocket slow_head(server->port());
  slow_head.Send("GET / HTTP/1.1\r\n");
  RawSocket slow_body(server->port());
  slow_body.Send("POST / HTTP/1.1\r\nContent-Length: 10\r\n\r\nabc");
  EXPECT_EQ(silent.ReadToEnd(), "");
  EXPECT_EQ(slow_head.ReadToEnd(), "");
  EXPECT_EQ(slow_body.ReadToEnd(), "");
  EXPECT_TRUE(Eventually([&] { return server->Read().open == 0; }));
}

// A byte now and then does not make a request last longer.
TEST(HttpServer, SlowLorisIsCut) {
  ServerLimits limits;
  limits.read = 60ms;
  const auto server = Serve({.limits = limits});
  RawSocket loris(server->port());
  loris.Send("GET / HTTP/1.1\r\n");
  const bool cut = Eventually([&] { return !loris.Send("X: y\r\n"); });
  EXPECT_TRUE(cut);
}

// The client reads nothing of a large answer.
TEST(HttpServer, ClientThatDoesNotReadIsCut) {
  ServerLimits limits;
  limits.write = 50ms;
  const auto server = Serve({.limits = limits}, [](const ServerRequest&) {
    return Response{.status = 200, .headers = {}, .body = std::string(std::size_t{32} << 20, 'x')};
  });
  RawSocket deaf(server->port());
  deaf.Send("GET / HTTP/1.1\r\n\r\n");
  EXPECT_TRUE(Eventually([&] { return server->Read().requests == 1; }));
  EXPECT_TRUE(Eventually([&] { return server->Read().open == 0; }));
}

TEST(HttpServer, LongestWaitingMakesRoom) {
  ServerLimits limits;
  limits.max_connections = 3;
  const auto server = Serve({.limits = limits});
  RawSocket first(server->port());
  EXPECT_TRUE(Eventually([&] { return server->Read().open == 1; }));
  RawSocket second(server->port());
  RawSocket third(server->port());
  EXPECT_TRUE(Eventually([&] { return server->Read().open == 3; }));
  RawSocket fourth(server->port());
  EXPECT_EQ(first.ReadToEnd(), "");
  fourth.Send("GET / HTTP/1.0\r\n\r\n");
  EXPECT_THAT(fourth.ReadToEnd(), StartsWith("HTTP/1.0 200"));
  EXPECT_EQ(server->Read().evicted, 1U);
  EXPECT_EQ(server->Read().refused, 0U);
}

TEST(HttpServer, NewcomerIsRefusedWhereAllAreAtWork) {
  ServerLimits limits;
  limits.max_connections = 2;
  const auto server = Serve({.limits = limits});
  const std::string unfinished =
      "POST / HTTP/1.1\r\nContent-Length: 10\r\nExpect: 100-continue\r\n"
      "Connection: close\r\n\r\n";
  RawSocket first(server->port());
  RawSocket second(server->port());
  first.Send(unfinished);
  second.Send(unfinished);
  EXPECT_THAT(first.ReadUntil("\r\n\r\n"), StartsWith("HTTP/1.1 100"));
  EXPECT_THAT(second.ReadUntil("\r\n\r\n"), StartsWith("HTTP/1.1 100"));
  RawSocket third(server->port());
  EXPECT_EQ(third.ReadToEnd(), "");
  EXPECT_EQ(server->Read().refused, 1U);
  first.Send("0123456789");
  EXPECT_THAT(first.ReadToEnd(), EndsWith("0123456789"));
}

TEST(HttpServer, BodiesTogetherAreBounded) {
  ServerLimits limits;
  limits.max_body = 600;
  limits.max_total_body = 1000;
  const auto server = Serve({.limits = limits});
  const auto head = [](int length) {
    return "POST / HTTP/1.1\r\nExpect: 100-continue\r\nConnection: close\r\nContent-Length: " +
           std::to_string(length) + "\r\n\r\n";
  };
  RawSocket first(server->port());
  first.Send(head(600));
  EXPECT_THAT(first.ReadUntil("\r\n\r\n"), StartsWith("HTTP/1.1 100"));
  RawSocket second(server->port());
  second.Send(head(401));
  EXPECT_THAT(second.ReadToEnd(), StartsWith("HTTP/1.1 503"));
  first.Send(std::string(600, 'x'));
  EXPECT_THAT(first.ReadToEnd(), StartsWith("HTTP/1.1 200"));
  RawSocket third(server->port());
  third.Send(head(600));
  EXPECT_THAT(third.ReadUntil("\r\n\r\n"), StartsWith("HTTP/1.1 100"));
}

// --- TLS ---

class HttpServerTls : public ::testing::Test {
 protected:
  static ServerTls Tls(const CertAndKey& pair) {
    return {.cert_pem = pair.cert_pem, .key_pem = pair.key_pem};
  }
  static Request Secure(const HttpServer& server) {
    Request request = To(server, "/", "body");
    request.url.replace(0, 4, "https");
    return request;
  }
  const CertAndKey old_authority_ = net::testing::MakeAuthority("old");
  const CertAndKey new_authority_ = net::testing::MakeAuthority("new");
};

TEST_F(HttpServerTls, AnswersOnKeptConnections) {
  const auto server =
      Serve({.tls = Tls(net::testing::IssueCertificate(old_authority_, "localhost"))});
  HttpClient client({.tls = {.ca_pem = old_authority_.cert_pem}});
  for (int i = 0; i < 5; ++i) {
    const auto answer = client.Send(Secure(*server));
    ASSERT_TRUE(answer) << answer.error().message;
    EXPECT_EQ(answer->body, "body");
  }
  EXPECT_EQ(server->Read().accepted, 1U);
}

TEST_F(HttpServerTls, CertificatesAreSwappedWhileConnectionsGoOn) {
  const auto server =
      Serve({.tls = Tls(net::testing::IssueCertificate(old_authority_, "localhost"))});
  HttpClient before({.tls = {.ca_pem = old_authority_.cert_pem}});
  HttpClient after({.tls = {.ca_pem = new_authority_.cert_pem}});
  ASSERT_TRUE(before.Send(Secure(*server)));
  EXPECT_FALSE(after.Send(Secure(*server)));
  EXPECT_FALSE(server->SetTls({.cert_pem = "x", .key_pem = "y"}));
  ASSERT_TRUE(before.Send(Secure(*server)));
  ASSERT_TRUE(server->SetTls(Tls(net::testing::IssueCertificate(new_authority_, "localhost"))));
  EXPECT_TRUE(before.Send(Secure(*server))) << "its connection is open";
  EXPECT_TRUE(after.Send(Secure(*server)));
  EXPECT_FALSE(HttpClient({.tls = {.ca_pem = old_authority_.cert_pem}}).Send(Secure(*server)));
}

TEST_F(HttpServerTls, ClientCertificateIsDemanded) {
  ServerTls tls = Tls(net::testing::IssueCertificate(old_authority_, "localhost"));
  tls.client_ca_pem = new_authority_.cert_pem;
  const auto server = Serve({.tls = tls});
  const CertAndKey good = net::testing::IssueCertificate(new_authority_, "client");
  const CertAndKey bad = net::testing::IssueCertificate(old_authority_, "client");
  const auto send = [&](const CertAndKey& pair) {
    HttpClient client({.tls = {.ca_pem = old_authority_.cert_pem,
                               .client_cert_pem = pair.cert_pem,
                               .client_key_pem = pair.key_pem}});
    return client.Send(Secure(*server)).has_value();
  };
  EXPECT_TRUE(send(good));
  EXPECT_FALSE(send(bad));
  EXPECT_FALSE(send({}));
}

TEST_F(HttpServerTls, WhatIsNoHandshakeEndsThere) {
  ServerLimits limits;
  limits.handshake = 50ms;
  const auto server = Serve(
      {.tls = Tls(net::testing::IssueCertificate(old_authority_, "localhost")), .limits = limits});
  RawSocket plain(server->port());
  plain.Send("GET / HTTP/1.1\r\n\r\n");
  EXPECT_THAT(plain.ReadToEnd(), ::testing::Not(HasSubstr("HTTP")));
  RawSocket silent(server->port());
  EXPECT_EQ(silent.ReadToEnd(), "");
  EXPECT_TRUE(Eventually([&] { return server->Read().failed_handshakes == 2; }));
}

// --- stopping ---

// Holds handlers until it is opened.
class Gate {
 public:
  void Wait() {
    std::unique_lock<std::mutex> lock(mutex_);
    changed_.wait(lock, [&] { return open_; });
  }
  void Open() {
    const std::lock_guard<std::mutex> lock(mutex_);
    open_ = true;
    changed_.notify_all();
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  bool open_ = false;
};

TEST(HttpServer, StopLetsRequestsEnd) {
  Gate gate;
  const auto server = Serve({.threads = 2}, [&](const ServerRequest& request) {
    gate.Wait();
    return Echo(request);
  });
  RawSocket idle(server->port());
  RawSocket working(server->port());
  working.Send("POST / HTTP/1.1\r\nContent-Length: 3\r\n\r\nabc");
  ASSERT_TRUE(Eventually([&] { return server->Read().requests == 1; }));
  std::thread stop([&] { server->Stop(20s); });
  EXPECT_EQ(idle.ReadToEnd(), "");
  gate.Open();
  const std::string answer = working.ReadToEnd();
  EXPECT_THAT(answer, AllOf(StartsWith("HTTP/1.1 200"), HasSubstr("Connection: close")));
  EXPECT_THAT(answer, EndsWith("abc"));
  working.Close();
  stop.join();
  server->Stop(0s);  // twice does nothing
  EXPECT_FALSE(HttpClient({}).Send(To(*server, "/")));
}

TEST(HttpServer, StopCutsWhatDoesNotEnd) {
  const auto server = Serve();
  RawSocket stuck(server->port());
  stuck.Send("POST / HTTP/1.1\r\nContent-Length: 3\r\nExpect: 100-continue\r\n\r\n");
  EXPECT_THAT(stuck.ReadUntil("\r\n\r\n"), StartsWith("HTTP/1.1 100"));
  server->Stop(20ms);
  EXPECT_FALSE(HttpClient({}).Send(To(*server, "/")));
}

// Valid requests with bytes changed, cut off and put together.
TEST(HttpServer, SurvivesRandomBytes) {
  ServerLimits limits;
  limits.read = 200ms;
  limits.idle = 200ms;
  const auto server = Serve({.limits = limits});
  const std::string valid =
      "POST /x HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello"
      "POST /x HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n";
  std::mt19937 random(7);
  const int rounds = base::kSanitized ? 60 : 400;
  for (int round = 0; round < rounds; ++round) {
    std::string bytes = valid.substr(random() % valid.size());
    for (auto i = random() % 6; i > 0; --i) {
      bytes[random() % bytes.size()] = static_cast<char>(random());
    }
    RawSocket socket(server->port());
    socket.Send(bytes);
    if (round % 3 == 0) socket.EndSending();
  }
  EXPECT_TRUE(HttpClient({}).Send(To(*server, "/")));
  EXPECT_TRUE(Eventually([&] { return server->Read().open <= 1; }));
}

}  // namespace
}  // namespace tangram::net

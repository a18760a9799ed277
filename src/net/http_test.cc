#include "net/http.h"

#include <gtest/gtest.h>

#include <atomic>
#include <random>

#include "base/clock.h"
#include "base/mutex.h"
#include "net/testing/test_server.h"
#include "net/testing/test_tls.h"

namespace tangram::net {
namespace {

using namespace std::chrono_literals;
using testing::Answer;
using testing::Chunk;
using testing::ChunkedHead;
using testing::LastChunk;
using testing::Pause;
using testing::Reply;
using testing::SeenRequest;
using testing::SendBytes;
using testing::TestServer;
using testing::WaitForGate;

TestServer::Script Always(Answer answer) {
  return [answer = std::move(answer)](const SeenRequest&) { return answer; };
}

// Set once, waited for once.
class Flag {
 public:
  void Set() {
    const base::MutexLock lock(mutex_);
    set_ = true;
    changed_.NotifyAll();
  }
  bool Wait() {
    const auto until = base::MonotonicNow() + 20s;
    const base::MutexLock lock(mutex_);
    while (!set_ && base::MonotonicNow() < until) changed_.WaitUntil(mutex_, until);
    return set_;
  }

 private:
  base::Mutex mutex_;
  base::CondVar changed_;
  bool set_ GUARDED_BY(mutex_) = false;
};

TEST(HttpClient, SendsAndReadsWhole) {
  TestServer server(Always(Reply(201, "made", {{"X-Thing", "a b"}})));
  HttpClient client({});
  Request request{.method = "POST", .url = server.Url() + "/things?x=1", .body = "hello"};
  request.headers = {{"Authorization", "Bearer abc"}, {"Content-Type", "text/plain"}};
  const auto response = client.Send(request);
  ASSERT_TRUE(response) << response.error().message;
  EXPECT_EQ(response->status, 201);
  EXPECT_EQ(response->body, "made");
  EXPECT_EQ(response->Header("x-thing"), "a b");
  EXPECT_EQ(response->Header("none"), "");
  const auto seen = server.Requests().at(0);
  EXPECT_EQ(seen.method, "POST");
  EXPECT_EQ(seen.target, "/things?x=1");
  EXPECT_EQ(seen.body, "hello");
  EXPECT_EQ(seen.Header("authorization"), "Bearer abc");
  EXPECT_EQ(seen.Header("content-type"), "text/plain");
  EXPECT_EQ(seen.Header("expect"), "");
}

TEST(HttpClient, KeepsTheConnection) {
  TestServer server(Always(Reply(200, "x")));
  HttpClient client({});
  for (int i = 0; i < 20; ++i) ASSERT_TRUE(client.Send({.url = server.Url()}));
  EXPECT_EQ(server.Connections(), 1U);
}

TEST(HttpClient, RetriesOnAConnectionThatTheServerDropped) {
  TestServer server(Always({Reply(200, "x")[0], testing::Close{}}));
  HttpClient client({});
  for (int i = 0; i < 5; ++i) ASSERT_TRUE(client.Send({.url = server.Url()}));
}

TEST(HttpClient, DoesNotFollowRedirects) {
  TestServer server(Always(Reply(302, "", {{"Location", "http://127.0.0.1:1/"}})));
  HttpClient client({});
  const auto response = client.Send({.url = server.Url()});
  ASSERT_TRUE(response);
  EXPECT_EQ(response->status, 302);
  EXPECT_EQ(server.Requests().size(), 1U);
}

struct FailCase {
  std::string name;
  Answer answer;
  Request request;  // the server's URL is put before its `url`
  base::ErrorCode code;
  std::string says;
};

std::ostream& operator<<(std::ostream& out, const FailCase& row) { return out << row.name; }

const FailCase kFailures[] = {
    {"CutBody",
     {SendBytes{"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nshort"}, testing::Close{}},
     {.url = "/a?token=secret"},
     base::ErrorCode::kUnavailable,
     "/a: "},
    {"CutChunks",
     {ChunkedHead(200), Chunk("abc"), testing::Close{}},
     {.url = "/"},
     base::ErrorCode::kUnavailable,
     "GET http://127.0.0.1"},
    {"Garbage",
     {SendBytes{"\x16\x03\x01 what is this\r\n\r\n"}, testing::Close{}},
     {.url = "/"},
     base::ErrorCode::kUnavailable,
     "GET"},
    {"NoAnswer",
     {WaitForGate{"never"}},
     {.url = "/", .timeout = 100ms},
     base::ErrorCode::kUnavailable,
     "no full answer in time"},
    {"Silence",
     {ChunkedHead(200), Chunk("abc"), WaitForGate{"never"}},
     {.url = "/", .idle_timeout = 100ms},
     base::ErrorCode::kUnavailable,
     "no byte for 100ms"},
    {"TooLong",
     Reply(200, std::string(5000, 'x')),
     {.url = "/", .max_body = 1000},
     base::ErrorCode::kInvalid,
     "longer than 1000 bytes"},
    {"EndlessHead",
     {SendBytes{"HTTP/1.1 200 OK\r\n" +
                [] {
                  std::string head;
                  for (int i = 0; i < 60; ++i) head += "X: " + std::string(8000, 'h') + "\r\n";
                  return head;
                }()},
      WaitForGate{"never"}},
     {.url = "/"},
     base::ErrorCode::kInvalid,
     "headers are longer"},
    {"LineEndInAHeader",
     Reply(200, ""),
     {.url = "/", .headers = {{"Authorization", "a\r\nX: b"}}},
     base::ErrorCode::kInvalid,
     "Authorization has a control character"},
};

class HttpClientFailure : public ::testing::TestWithParam<FailCase> {};
TEST_P(HttpClientFailure, IsAnError) {
  TestServer server(Always(GetParam().answer));
  HttpClient client({});
  Request request = GetParam().request;
  request.url = server.Url() + request.url;
  const auto response = client.Send(request);
  ASSERT_FALSE(response);
  EXPECT_EQ(response.error().code, GetParam().code) << response.error().message;
  EXPECT_NE(response.error().message.find(GetParam().says), std::string::npos)
      << response.error().message;
  EXPECT_EQ(response.error().message.find("secret"), std::string::npos);
}
INSTANTIATE_TEST_SUITE_P(Table, HttpClientFailure, ::testing::ValuesIn(kFailures),
                         [](const auto& row) { return row.param.name; });

TEST(HttpClient, RefusesOtherSchemesAndNonsense) {
  HttpClient client({});
  for (const char* url : {"file:///etc/passwd", "not a url", "", "http://[::1", "http://\x01"}) {
    const auto response = client.Send({.url = url, .timeout = 2s});
    ASSERT_FALSE(response) << url;
    EXPECT_EQ(response.error().code, base::ErrorCode::kInvalid) << response.error().message;
  }
}

TEST(HttpClient, NothingListens) {
  HttpClient client({});
  const auto response = client.Send({.url = "http://user:pw@127.0.0.1:1/x"});
  ASSERT_FALSE(response);
  EXPECT_EQ(response.error().code, base::ErrorCode::kUnavailable);
  EXPECT_EQ(response.error().message.find("pw"), std::string::npos) << response.error().message;
}

TEST(HttpClient, StreamsInOrderAndEndsWithDone) {
  Answer answer = {ChunkedHead(200)};
  std::string want;
  std::mt19937 random(7);
  for (int i = 0; i < 500; ++i) {
    const std::string piece(1 + random() % 3000, static_cast<char>('a' + i % 26));
    answer.emplace_back(Chunk(piece));
    want += piece;
  }
  answer.emplace_back(LastChunk());
  TestServer server(Always(answer));
  HttpClient client({});
  std::string got;
  int heads = 0;
  Flag done;
  client.Stream({.url = server.Url()},
                {.on_head = [&](const Response& head) { heads += head.status == 200 ? 1 : 100; },
                 .on_data =
                     [&](std::string_view chunk) {
                       got += chunk;
                       return true;
                     },
                 .on_done =
                     [&](base::Result<int> status) {
                       EXPECT_TRUE(status && *status == 200);
                       done.Set();
                     }});
  ASSERT_TRUE(done.Wait());
  EXPECT_EQ(heads, 1);
  EXPECT_EQ(got, want);
}

TEST(HttpClient, ReaderMayEndTheStream) {
  TestServer server(Always({ChunkedHead(200), Chunk("abc"), WaitForGate{"never"}}));
  HttpClient client({});
  Flag done;
  client.Stream({.url = server.Url()}, {.on_data = [](std::string_view) { return false; },
                                        .on_done =
                                            [&](const base::Result<int>& status) {
                                              EXPECT_FALSE(status);
                                              done.Set();
                                            }});
  EXPECT_TRUE(done.Wait());
}

TEST(HttpClient, NoCallbackAfterCancel) {
  TestServer server([](const SeenRequest&) {
    Answer answer = {ChunkedHead(200)};
    for (int i = 0; i < 2000; ++i) answer.emplace_back(Chunk("x"));
    answer.emplace_back(LastChunk());
    return answer;
  });
  HttpClient client({});
  std::mt19937 random(3);
  for (int round = 0; round < 50; ++round) {
    // Not atomic on purpose: the thread sanitizer proves that Cancel orders the accesses.
    auto calls = std::make_unique<int>(0);
    Flag first;
    const auto token = client.Stream({.url = server.Url()},
                                     {.on_head = [&](const Response&) { first.Set(); },
                                      .on_data =
                                          [&](std::string_view) {
                                            ++*calls;
                                            return true;
                                          },
                                      .on_done = [&](const base::Result<int>&) { ++*calls; }});
    if (random() % 2 == 0) {
      ASSERT_TRUE(first.Wait());
    }
    client.Cancel(token);
    calls.reset();
  }
}

TEST(HttpClient, TimersRunInOrderAndCanBeCancelled) {
  HttpClient client({});
  std::vector<int> order;
  Flag done;
  client.RunAfter(30ms, [&] { order.push_back(2); });
  client.RunAfter(0ms, [&] { order.push_back(1); });
  const auto never = client.RunAfter(10ms, [&] { order.push_back(99); });
  client.Cancel(never);
  client.RunAfter(60ms, [&] { done.Set(); });
  ASSERT_TRUE(done.Wait());
  EXPECT_EQ(order, (std::vector<int>{1, 2}));
}

TEST(HttpClient, ScopeEndsAllThatWasStartedInIt) {
  TestServer server(Always({ChunkedHead(200), Chunk("abc"), WaitForGate{"never"}}));
  HttpClient client({});
  HttpClient::ScopeId id = 0;
  {
    auto calls = std::make_unique<int>(0);
    Flag first;
    const Scope scope(client);
    id = scope.id();
    for (int i = 0; i < 10; ++i) {
      client.Stream({.url = server.Url()},
                    {.on_data =
                         [&](std::string_view) {
                           ++*calls;
                           first.Set();
                           return true;
                         },
                     .on_done = [&](const base::Result<int>&) { ++*calls; }},
                    id);
      client.RunAfter(1ms, [&] { ++*calls; }, id);
    }
    ASSERT_TRUE(first.Wait());
  }
  Flag done;
  client.RunAfter(0ms, [] { FAIL() << "the scope is closed"; }, id);
  client.RunAfter(20ms, [&] { done.Set(); });
  EXPECT_TRUE(done.Wait());
}

TEST(HttpClient, DestructorEndsEverything) {
  TestServer server(Always({ChunkedHead(200), Chunk("abc"), WaitForGate{"never"}}));
  Flag first;
  int done = 0;
  {
    HttpClient client({});
    client.Stream({.url = server.Url()}, {.on_head = [&](const Response&) { first.Set(); },
                                          .on_done = [&](const base::Result<int>&) { ++done; }});
    client.RunAfter(1h, [&] { ++done; });
    ASSERT_TRUE(first.Wait());
  }
  EXPECT_EQ(done, 0);
}

TEST(HttpClient, SendOnItsOwnThreadIsRefused) {
  HttpClient client({});
  Flag done;
  client.RunAfter(0ms, [&] {
    const auto response = client.Send({.url = "http://127.0.0.1:1/"});
    EXPECT_FALSE(response);
    EXPECT_EQ(response.error().code, base::ErrorCode::kInvalid);
    done.Set();
  });
  EXPECT_TRUE(done.Wait());
}

class HttpTls : public ::testing::Test {
 protected:
  testing::CertAndKey authority_ = testing::MakeAuthority("test-authority");
  testing::CertAndKey server_cert_ = testing::IssueCertificate(authority_, "api.example");
  testing::CertAndKey client_cert_ = testing::IssueCertificate(authority_, "a-client");
  TestServer server_{Always(Reply(200, "secure")),
                     {server_cert_.cert_pem, server_cert_.key_pem, authority_.cert_pem}};

  TlsOptions Trusted() const {
    return {.ca_pem = authority_.cert_pem,
            .client_cert_pem = client_cert_.cert_pem,
            .client_key_pem = client_cert_.key_pem};
  }
  base::Result<Response> Get(const TlsOptions& tls) const {
    HttpClient client({.tls = tls});
    return client.Send({.url = server_.Url() + "/"});
  }
};

TEST_F(HttpTls, TrustsTheGivenAuthorityAndShowsItsCertificate) {
  const auto response = Get(Trusted());
  ASSERT_TRUE(response) << response.error().message;
  EXPECT_EQ(response->body, "secure");
}

TEST_F(HttpTls, ServerNameIsCheckedInPlaceOfTheHost) {
  TlsOptions tls = Trusted();
  tls.server_name = "api.example";
  const auto response = Get(tls);
  ASSERT_TRUE(response) << response.error().message;
  EXPECT_TRUE(server_.Requests().at(0).Header("host").starts_with("127.0.0.1:"));
  tls.server_name = "other.example";
  EXPECT_FALSE(Get(tls));
}

TEST_F(HttpTls, RefusesAStrangersCertificate) {
  TlsOptions tls = Trusted();
  tls.ca_pem = testing::MakeAuthority("somebody-else").cert_pem;
  const auto response = Get(tls);
  ASSERT_FALSE(response);
  EXPECT_NE(response.error().message.find("certificate"), std::string::npos);
  tls.verify = TlsOptions::Verify::kNothing;
  EXPECT_TRUE(Get(tls));
}

TEST_F(HttpTls, BadPemIsAnErrorAndNotACrash) {
  for (const char* pem : {"x", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"}) {
    TlsOptions tls = Trusted();
    tls.ca_pem = pem;
    EXPECT_FALSE(Get(tls));
    tls = Trusted();
    tls.client_cert_pem = pem;
    EXPECT_FALSE(Get(tls));
    tls = Trusted();
    tls.client_key_pem = pem;
    EXPECT_FALSE(Get(tls));
  }
}

TEST_F(HttpTls, RequestMayBringItsOwn) {
  HttpClient client({});
  EXPECT_FALSE(client.Send({.url = server_.Url()}));
  Request request{.url = server_.Url()};
  request.tls = std::make_shared<const TlsOptions>(Trusted());
  EXPECT_TRUE(client.Send(request));
}

TEST(UrlEncode, KeepsUnreservedOnly) {
  EXPECT_EQ(UrlEncode("aZ09-._~"), "aZ09-._~");
  EXPECT_EQ(UrlEncode("a b/c=d&ä"), "a%20b%2Fc%3Dd%26%C3%A4");
}

}  // namespace
}  // namespace tangram::net

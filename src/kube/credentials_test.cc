#include "kube/credentials.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <filesystem>
#include <fstream>
#include <thread>

#include "base/time_text.h"
#include "kube/client.h"
#include "net/testing/test_server.h"

namespace tangram::kube {
namespace {

using namespace std::chrono_literals;
using net::testing::Reply;
using net::testing::SeenRequest;
using net::testing::TestServer;

const std::string kSecret = "eyJhbGciOiJSUzI1NiIsImtpZCI6Ijg5.s3cr3t";
const Resource kPods{.group = "", .version = "v1", .plural = "pods", .kind = "Pod"};

// Steps on as the test says, read by the client's threads.
class SharedClock final : public base::Clock {
 public:
  base::Time Now() const override { return base::Time{} + base::Milliseconds(now_.load()); }
  void Advance(base::Milliseconds by) { now_ += by.count(); }

 private:
  std::atomic<std::int64_t> now_ = 1'800'000'000'000;
};

class CredentialsTest : public testing::Test {
 protected:
  void SetUp() override {
    dir_ = std::filesystem::path(testing::TempDir()) /
           ("credentials." + std::to_string(getpid()) + "." + std::to_string(counter_++));
    std::filesystem::create_directories(dir_);
  }
  void TearDown() override { std::filesystem::remove_all(dir_); }

  std::string Write(const std::string& name, const std::string& text) const {
    std::ofstream(dir_ / name) << text;
    return dir_ / name;
  }
  // A plugin that is this shell script.
  ExecPlugin Plugin(const std::string& script) const {
    const std::string path = Write("plugin", "#!/bin/sh\ncd '" + dir_.string() + "'\n" + script);
    chmod(path.c_str(), 0700);
    return {.command = path,
            .api_version = "client.authentication.k8s.io/v1",
            .install_hint = "install it with apt",
            .interactive = ExecPlugin::Interactive::kNever};
  }
  static std::string Printed(const std::string& status) {
    return "echo '{\"apiVersion\":\"client.authentication.k8s.io/v1\",\"kind\":\"ExecCredential\","
           "\"status\":" +
           status + "}'\n";
  }

  static inline int counter_ = 0;
  std::filesystem::path dir_;
  SharedClock clock_;
};

// Lists pods; the Authorization headers that the server saw.
std::vector<std::string> SeenAfterLists(Client& client, const TestServer& server, int lists) {
  for (int i = 0; i < lists; ++i) {
    const auto list =
        client.List(kPods, {}, {.on_item = [](auto&) { return base::Result<void>(); }});
    EXPECT_TRUE(list) << list.error().message;
  }
  std::vector<std::string> seen;
  for (const SeenRequest& request : server.Requests()) {
    seen.emplace_back(request.Header("authorization"));
  }
  return seen;
}

TestServer::Script Accepting(const std::string& refused) {
  return [refused](const SeenRequest& request) {
    if (request.Header("authorization") == refused) return Reply(401, "");
    return Reply(200, R"({"kind":"PodList","items":[]})");
  };
}

TEST_F(CredentialsTest, TokenFileIsReadAgainEveryMinute) {
  TestServer server(Accepting("none"));
  Config config{.server = server.Url(), .token_file = Write("token", "one\n")};
  const auto client = std::move(*Client::Open(config, {.clock = &clock_}));
  SeenAfterLists(*client, server, 1);
  Write("token", "two\n");
  SeenAfterLists(*client, server, 1);
  clock_.Advance(61s);
  SeenAfterLists(*client, server, 1);
  std::filesystem::remove(dir_ / "token");
  clock_.Advance(61s);
  EXPECT_EQ(SeenAfterLists(*client, server, 1),
            (std::vector<std::string>{"Bearer one", "Bearer one", "Bearer two", "Bearer two"}));
}

TEST_F(CredentialsTest, RefusedTokenIsReadAgainOnce) {
  TestServer server(Accepting("Bearer old"));
  Config config{.server = server.Url(), .token_file = Write("token", "old")};
  const auto client = std::move(*Client::Open(config, {.clock = &clock_}));
  const auto refused = client->GetPath("/version");
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, base::ErrorCode::kDenied);
  EXPECT_EQ(server.Requests().size(), 2U);
  Write("token", "new");
  EXPECT_EQ(SeenAfterLists(*client, server, 1).back(), "Bearer new");
}

TEST_F(CredentialsTest, MissingTokenFileIsAnErrorOfTheCall) {
  Config config{.server = "http://127.0.0.1:1", .token_file = dir_ / "none"};
  const auto client = std::move(*Client::Open(config));
  const auto answer = client->GetPath("/version");
  ASSERT_FALSE(answer);
  EXPECT_NE(answer.error().message.find("none cannot be read"), std::string::npos);
}

TEST_F(CredentialsTest, BasicAuth) {
  TestServer server(Accepting("none"));
  const auto client =
      std::move(*Client::Open({.server = server.Url(), .username = "me", .password = "pw"}));
  EXPECT_EQ(SeenAfterLists(*client, server, 1).at(0), "Basic bWU6cHc=");
}

TEST_F(CredentialsTest, PluginRunsAgainWhenItsTokenExpires) {
  const std::string soon = base::FormatTime(clock_.Now() + 10min);
  TestServer server(Accepting("none"));
  Config config{.server = server.Url()};
  config.exec = Plugin("echo x >> runs\n" + Printed("{\"token\":\"t'$(wc -l < runs | tr -d ' ')'\","
                                                    "\"expirationTimestamp\":\"" +
                                                    soon + "\"}"));
  const auto client = std::move(*Client::Open(config, {.clock = &clock_}));
  SeenAfterLists(*client, server, 2);
  clock_.Advance(11min);
  // The script's answer has expired from now on, so each call renews it.
  EXPECT_EQ(SeenAfterLists(*client, server, 1),
            (std::vector<std::string>{"Bearer t1", "Bearer t1", "Bearer t2"}));
}

TEST_F(CredentialsTest, PluginRunsAgainOnUnauthorized) {
  TestServer server(Accepting("Bearer t1"));
  Config config{.server = server.Url()};
  config.exec =
      Plugin("echo x >> runs\n" + Printed("{\"token\":\"t'$(wc -l < runs | tr -d ' ')'\"}"));
  const auto client = std::move(*Client::Open(config, {.clock = &clock_}));
  EXPECT_EQ(SeenAfterLists(*client, server, 2),
            (std::vector<std::string>{"Bearer t1", "Bearer t2", "Bearer t2"}));
}

TEST_F(CredentialsTest, ManyCallersWaitForOneRun) {
  TestServer server(Accepting("none"));
  Config config{.server = server.Url()};
  config.exec = Plugin("echo x >> runs\nsleep 0.2\n" + Printed("{\"token\":\"t\"}"));
  const auto client = std::move(*Client::Open(config, {.clock = &clock_}));
  std::vector<std::thread> threads;
  std::atomic<int> good = 0;
  for (int i = 0; i < 8; ++i) {
    threads.emplace_back([&] { good += client->GetPath("/version") ? 1 : 0; });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(good, 8);
  EXPECT_EQ(std::filesystem::file_size(dir_ / "runs"), 2U);
}

TEST_F(CredentialsTest, ClosingTheClientEndsThePlugin) {
  Config config{.server = "http://127.0.0.1:1"};
  config.exec = Plugin("echo x >> runs\nsleep 1000\n");
  const auto began = std::chrono::seconds(0) + base::MonotonicNow();
  {
    const auto client = std::move(*Client::Open(config));
    client->Start(
        {.asked = {.verb = "get", .resource = {}, .path = "/"}, .path = "/"},
        [](const base::Result<net::Response>&) {}, 0);
    while (!std::filesystem::exists(dir_ / "runs") && base::MonotonicNow() < began + 20s) {
      std::this_thread::yield();
    }
  }
  EXPECT_LT(base::MonotonicNow() - began, 20s);
}

TEST_F(CredentialsTest, PluginIsToldOfTheClusterAndGetsItsEnvironment) {
  ExecPlugin plugin = Plugin(
      "printf '%s' \"$KUBERNETES_EXEC_INFO\" > info\nprintf '%s' \"$1$MINE\" > "
      "args\n" +
      Printed("{\"token\":\"t\"}"));
  plugin.args = {"first"};
  plugin.env = {{"MINE", "mine"}};
  plugin.cluster_info_json = R"({"server":"https://h"})";
  const StopFlag stop;
  ASSERT_TRUE(RunExecPlugin(plugin, stop));
  std::ifstream info(dir_ / "info");
  std::string text{std::istreambuf_iterator<char>(info), {}};
  EXPECT_EQ(text,
            R"({"apiVersion":"client.authentication.k8s.io/v1","kind":"ExecCredential","spec":)"
            R"({"cluster":{"server":"https://h"},"interactive":false}})");
  std::ifstream args(dir_ / "args");
  EXPECT_EQ(std::string(std::istreambuf_iterator<char>(args), {}), "firstmine");
}

struct BadPlugin {
  std::string name;
  std::string script;
  std::string says;
};
std::ostream& operator<<(std::ostream& out, const BadPlugin& row) { return out << row.name; }

std::string Prints(const std::string& json) { return "echo '" + json + "'\n"; }

const BadPlugin kBadPlugins[] = {
    {"Fails", "echo please log in: " + kSecret + " >&2\nexit 3\n",
     "failed with exit code 3: please log in: ***"},
    {"TooSlow", "sleep 1000\n", "was ended after 300ms"},
    {"ClosesItsStreamsAndStays", "exec >&- 2>&-\nsleep 1000\n", "was ended after 300ms"},
    {"TooMuch", "while true; do echo " + kSecret + "; done\n", "wrote more than"},
    {"NotJson", "echo " + kSecret + "\n", "no JSON object"},
    {"OtherKind", Prints(R"({"kind":"Pod"})"), "its kind is another"},
    {"OtherVersion",
     Prints(R"({"kind":"ExecCredential","apiVersion":"client.authentication.k8s.io/v1beta1"})"),
     "its apiVersion is not client.authentication.k8s.io/v1"},
    {"NoStatus",
     Prints(R"({"kind":"ExecCredential","apiVersion":"client.authentication.k8s.io/v1"})"),
     "no status"},
    {"EmptyStatus",
     Prints(
         R"({"kind":"ExecCredential","apiVersion":"client.authentication.k8s.io/v1","status":{}})"),
     "neither token nor"},
    {"CertWithoutKey",
     Prints(
         R"({"kind":"ExecCredential","apiVersion":"client.authentication.k8s.io/v1","status":{"clientCertificateData":"x"}})"),
     "come together"},
    {"BadTime",
     Prints(
         R"({"kind":"ExecCredential","apiVersion":"client.authentication.k8s.io/v1","status":{"token":"x","expirationTimestamp":"soon"}})"),
     "no RFC 3339 time"},
};

class BadPluginTest : public CredentialsTest, public testing::WithParamInterface<BadPlugin> {};
TEST_P(BadPluginTest, IsAnErrorWithoutTheSecret) {
  ExecPlugin plugin = Plugin(GetParam().script);
  plugin.env = {{"TOKEN", kSecret}};
  if (GetParam().says.find("300ms") != std::string::npos) plugin.deadline = 300ms;
  const StopFlag stop;
  const auto credential = RunExecPlugin(plugin, stop);
  ASSERT_FALSE(credential);
  EXPECT_NE(credential.error().message.find(GetParam().says), std::string::npos)
      << credential.error().message;
  EXPECT_EQ(credential.error().message.find(kSecret.substr(0, 20)), std::string::npos);
}
INSTANTIATE_TEST_SUITE_P(Table, BadPluginTest, testing::ValuesIn(kBadPlugins),
                         [](const auto& row) { return row.param.name; });

TEST_F(CredentialsTest, MissingPluginSaysHowToGetIt) {
  ExecPlugin plugin = Plugin("");
  plugin.command = "no-such-credential-plugin";
  const StopFlag stop;
  const auto credential = RunExecPlugin(plugin, stop);
  ASSERT_FALSE(credential);
  EXPECT_EQ(credential.error().code, base::ErrorCode::kNotFound);
  EXPECT_NE(credential.error().message.find("install it with apt"), std::string::npos);
}

TEST(MaskSecrets, LeavesWordsAndPaths) {
  EXPECT_EQ(MaskSecrets("exec: /usr/local/bin/aws failed 404"),
            "exec: /usr/local/bin/aws failed 404");
  EXPECT_EQ(MaskSecrets("token=" + kSecret + "\n"), "***\n");
  EXPECT_EQ(MaskSecrets(""), "");
}

}  // namespace
}  // namespace tangram::kube

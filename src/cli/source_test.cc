// Where snapshots come from: files that may hold anything, price lists, clusters that are away.
#include <arpa/inet.h>
#include <gmock/gmock.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <nlohmann/json.hpp>

#include "cli/run_testing.h"

namespace tangram::cli {
namespace {

using nlohmann::json;
using ::testing::HasSubstr;
using testing::Ran;
using testing::SourcePath;
using testing::Tangram;
using testing::TextOf;

const std::string kMessy = SourcePath("examples/messy.json");
constexpr const char* kPriceColumns =
    "cloud,region,instance_type,gpu_model,gpu_count,on_demand_usd_per_h,spot_usd_per_h,as_of,"
    "source\n";

class SourceTest : public testing::InFolder {};

struct SnapshotCase {
  std::string name;
  std::string text;
  std::string message;
};

class HostileSnapshot : public ::testing::TestWithParam<SnapshotCase> {};
TEST_P(HostileSnapshot, IsRefusedWithAReason) {
  const Ran ran = Tangram({"report", "--snapshot", "-"}, GetParam().text);
  EXPECT_EQ(ran.code, 2);
  EXPECT_EQ(ran.out, "");
  EXPECT_THAT(ran.err, HasSubstr("tangram: standard input: snapshot: " + GetParam().message));
  EXPECT_EQ(ran.err.find('\x1b'), std::string::npos);
}
INSTANTIATE_TEST_SUITE_P(
    Table, HostileSnapshot,
    ::testing::Values(
        SnapshotCase{"Empty", "", "the file is empty"},
        SnapshotCase{"NotJson",
                     "\x7f"
                     "ELF\x01",
                     "this is not a Tangram snapshot"},
        SnapshotCase{"Escapes", R"({"format":"\u001b]0;title\u0007"})", "this is not a Tangram"},
        SnapshotCase{"RawEscapes", "\x1b[31m", "this is not a Tangram snapshot"},
        SnapshotCase{"Deep",
                     "{\"format\":\"tangram-snapshot\",\"nodes\":" + std::string(100'000, '['), ""},
        SnapshotCase{"AReport", R"({"format":"tangram-report","version":1})",
                     "this is not a Tangram snapshot (\"format\" is \"tangram-report\""},
        SnapshotCase{"LaterVersion", R"({"format":"tangram-snapshot","version":9,"soon":[]})",
                     "this file is version 9; this tangram reads 6: use a newer tangram"}),
    [](const auto& given) { return given.param.name; });

TEST_F(SourceTest, ReadsStandardInputAsItReadsTheFile) {
  const Ran file = Tangram({"report", "-o", "json", "--snapshot", kMessy});
  const Ran stream = Tangram({"report", "-o", "json", "--snapshot", "-"}, TextOf(kMessy));
  EXPECT_EQ(stream.code, 0) << stream.err;
  EXPECT_EQ(stream.out, file.out);
}

// Cut at any place, a file is refused and never a smaller cluster.
TEST_F(SourceTest, ACutSnapshotIsRefused) {
  const std::string text = TextOf(kMessy);
  for (std::size_t length = 1; length + 2 < text.size(); length += text.size() / 37) {
    const Ran ran = Tangram({"report", "--snapshot", "-"}, text.substr(0, length));
    EXPECT_EQ(ran.code, 2) << length;
    EXPECT_EQ(ran.out, "") << length;
  }
}

TEST_F(SourceTest, ASnapshotThatIsNotThereIsSaid) {
  const Ran missing = Tangram({"report", "--snapshot", Path("none.json")});
  EXPECT_EQ(missing.code, 2);
  EXPECT_EQ(missing.err, "tangram: snapshot: file " + Path("none.json") +
                             " cannot be read: No such file or directory\n");
  const Ran folder = Tangram({"report", "--snapshot", Path("")});
  EXPECT_EQ(folder.code, 2);
  EXPECT_THAT(folder.err, HasSubstr("it is a directory; name the file in it"));
}

TEST_F(SourceTest, PricesWinAndBadRowsAreNamed) {
  const std::string prices =
      Write("prices.csv", std::string(kPriceColumns) +
                              "aws,us-east-1,g4dn.12xlarge,T4-16GB,4,4,1.5,2026-11-01,contract\n"
                              "aws,us-east-1,p4d.24xlarge,A100-40GB,8,-3,,2026-11-01,contract\n");
  const json before = json::parse(Tangram({"report", "--snapshot", kMessy, "-o", "json"}).out);
  const Ran ran = Tangram({"report", "--snapshot", kMessy, "-o", "json", "--prices", prices});
  ASSERT_EQ(ran.code, 0) << ran.err;
  EXPECT_THAT(ran.err, HasSubstr("tangram: " + prices + ":3: "));
  EXPECT_THAT(ran.err, HasSubstr("; the row is left out\n"));
  EXPECT_EQ(std::count(ran.err.begin(), ran.err.end(), '\n'), 1);
  const json after = json::parse(ran.out);
  EXPECT_EQ(before["totals"]["gpusWithoutPrice"], 24);
  EXPECT_EQ(after["totals"]["gpusWithoutPrice"], 0);
  // 24 cards of 6 nodes at $1.50 an hour, over 730 hours.
  EXPECT_NEAR(
      after["totals"]["usdPerMonth"].get<double>() - before["totals"]["usdPerMonth"].get<double>(),
      6 * 1.5 * 730, 1e-6);
}

TEST_F(SourceTest, PricesThatCannotBeUsedAreSaid) {
  const Ran missing = Tangram({"report", "--snapshot", kMessy, "--prices", Path("none.csv")});
  EXPECT_EQ(missing.code, 2);
  EXPECT_EQ(missing.err,
            "tangram: file " + Path("none.csv") + " cannot be read: No such file or directory\n");
  const std::string other = Write("other.csv", "name,price\na,1\n");
  const Ran wrong = Tangram({"report", "--snapshot", kMessy, "--prices", other});
  EXPECT_EQ(wrong.code, 2);
  EXPECT_THAT(wrong.err, HasSubstr("tangram: " + other + ": "));
}

TEST_F(SourceTest, StandardInputIsReadOnce) {
  const Ran ran = Tangram({"report", "--snapshot", "-", "--prices", "-"}, TextOf(kMessy));
  EXPECT_EQ(ran.code, 2);
  EXPECT_EQ(ran.err,
            "tangram: --prices and --snapshot cannot both be standard input; name a file for "
            "one\n");
}

// A port of this machine that nobody listens on.
int ClosedPort() {
  const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address = {};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof(address);
  auto* generic = reinterpret_cast<sockaddr*>(&address);
  EXPECT_EQ(bind(fd, generic, size), 0);
  EXPECT_EQ(getsockname(fd, generic, &size), 0);
  close(fd);
  return ntohs(address.sin_port);
}

TEST_F(SourceTest, AClusterThatDoesNotAnswerIsADependency) {
  const std::string server = "http://127.0.0.1:" + std::to_string(ClosedPort());
  const std::string kubeconfig = Write("kubeconfig",
                                       "apiVersion: v1\nkind: Config\ncurrent-context: c\n"
                                       "clusters: [{name: c, cluster: {server: \"" +
                                           server +
                                           "\"}}]\n"
                                           "users: [{name: u, user: {token: s3cr3t}}]\n"
                                           "contexts: [{name: c, context: {cluster: c, user: "
                                           "u}}]\n");
  const Ran ran = Tangram({"report", "--kubeconfig", kubeconfig});
  EXPECT_EQ(ran.code, 3);
  EXPECT_EQ(ran.out, "");
  EXPECT_THAT(ran.err, HasSubstr("neither nodes nor pods can be listed"));
  EXPECT_THAT(ran.err, HasSubstr(server));
  EXPECT_THAT(ran.err, ::testing::Not(HasSubstr("s3cr3t")));
}

TEST_F(SourceTest, AKubeconfigThatIsNotThereIsSaid) {
  const testing::ScopedEnv home("HOME", Path("home"));
  const testing::ScopedEnv config("KUBECONFIG", "");
  const testing::ScopedEnv pod("KUBERNETES_SERVICE_HOST", "");
  const Ran none = Tangram({"report"});
  EXPECT_EQ(none.code, 2);
  EXPECT_EQ(none.err, "tangram: no kubeconfig was found (looked for: " + Path("home") +
                          "/.kube/config); name one with --kubeconfig or $KUBECONFIG\n");
  const Ran named = Tangram({"report", "--kubeconfig", Path("none")});
  EXPECT_EQ(named.code, 2);
  EXPECT_EQ(named.err, "tangram: kubeconfig: file " + Path("none") +
                           " cannot be read: No such file or directory\n");
}

TEST_F(SourceTest, AWindowThatIsNoSpanIsSaid) {
  const Ran ran = Tangram({"report", "--kubeconfig", Path("none"), "--window", "fortnight"});
  EXPECT_EQ(ran.code, 2);
  EXPECT_THAT(ran.err, HasSubstr("tangram: --window: "));
}

}  // namespace
}  // namespace tangram::cli

#include "kube/config.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <map>

#include "kube/base64.h"
#include "kube/kubeconfig.h"

namespace tangram::kube {
namespace {

const std::string kPem = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
const std::string kKey = "-----BEGIN PRIVATE KEY-----\nBBBB\n-----END PRIVATE KEY-----\n";
// In every test below: must never be seen in an error.
const std::string kSecret = "s3cr3t-t0ken";

// A kubeconfig with one context "a" of the given cluster and user fields (flow style).
std::string Kubeconfig(const std::string& cluster, const std::string& user) {
  return "apiVersion: v1\nkind: Config\ncurrent-context: a\n"
         "clusters: [{name: c, cluster: {" +
         cluster +
         "}}]\n"
         "users: [{name: u, user: {" +
         user +
         "}}]\n"
         "contexts: [{name: a, context: {cluster: c, user: u, namespace: ns1}}]\n";
}

class LoadConfigTest : public testing::Test {
 protected:
  void SetUp() override {
    dir_ = std::filesystem::path(testing::TempDir()) /
           ("kubeconfig." + std::to_string(::getpid()) + "." + std::to_string(counter_++));
    std::filesystem::create_directories(dir_);
  }
  void TearDown() override { std::filesystem::remove_all(dir_); }

  std::string Write(const std::string& name, const std::string& text) const {
    const auto path = std::filesystem::path(dir_) / name;
    std::filesystem::create_directories(path.parent_path());
    std::ofstream(path) << text;
    return path;
  }
  base::Result<Config> Load(const std::string& text, const std::string& context = "") const {
    return LoadConfig({.kubeconfig = Write("config", text), .context = context, .env = Env()});
  }
  std::function<std::string(const std::string&)> Env() const {
    return [env = env_](const std::string& name) {
      const auto found = env.find(name);
      return found == env.end() ? std::string() : found->second;
    };
  }

  static inline int counter_ = 0;
  std::string dir_;
  std::map<std::string, std::string> env_;
};

TEST_F(LoadConfigTest, ReadsEveryFieldOfACluster) {
  const auto config = Load(Kubeconfig(
      "server: \"https://h:6443/prefix/\", certificate-authority-data: " + EncodeBase64(kPem) +
          ", tls-server-name: api.example, proxy-url: \"http://p:3128\"",
      "client-certificate-data: " + EncodeBase64(kPem) +
          ", client-key-data: " + EncodeBase64(kKey)));
  ASSERT_TRUE(config) << config.error().message;
  EXPECT_EQ(config->server, "https://h:6443/prefix");
  EXPECT_EQ(config->ns, "ns1");
  EXPECT_EQ(config->tls.ca_pem, kPem);
  EXPECT_EQ(config->tls.client_cert_pem, kPem);
  EXPECT_EQ(config->tls.client_key_pem, kKey);
  EXPECT_EQ(config->tls.server_name, "api.example");
  EXPECT_EQ(config->proxy, "http://p:3128");
  EXPECT_EQ(config->tls.verify, net::TlsOptions::Verify::kPeer);
}

TEST_F(LoadConfigTest, FilesAreBesideTheKubeconfig) {
  Write("certs/ca.pem", kPem);
  const auto config =
      Load(Kubeconfig("server: h, certificate-authority: certs/ca.pem", "tokenFile: certs/token"));
  ASSERT_TRUE(config) << config.error().message;
  EXPECT_EQ(config->server, "https://h");
  EXPECT_EQ(config->tls.ca_pem, kPem);
  EXPECT_EQ(config->token_file, dir_ + "/certs/token");
}

TEST_F(LoadConfigTest, InsecureTokenAndBasic) {
  const auto token = Load(
      Kubeconfig("server: \"https://h\", insecure-skip-tls-verify: true", "token: " + kSecret));
  ASSERT_TRUE(token) << token.error().message;
  EXPECT_EQ(token->token, kSecret);
  EXPECT_EQ(token->tls.verify, net::TlsOptions::Verify::kNothing);
  const auto basic =
      Load(Kubeconfig("server: \"https://h\"", "username: me, password: " + kSecret));
  ASSERT_TRUE(basic);
  EXPECT_EQ(basic->username, "me");
  EXPECT_EQ(basic->password, kSecret);
}

TEST_F(LoadConfigTest, ReadsAnExecPlugin) {
  const auto config = Load(Kubeconfig(
      "server: \"https://h\", certificate-authority-data: " + EncodeBase64(kPem) +
          ", extensions: [{name: client.authentication.k8s.io/exec, extension: {audience: x, n: "
          "3}}]",
      "exec: {apiVersion: client.authentication.k8s.io/v1, command: ./bin/get-token, args: [a, "
      "\"1\"], env: [{name: E, value: " +
          kSecret + "}], interactiveMode: Never, provideClusterInfo: true}"));
  ASSERT_TRUE(config) << config.error().message;
  ASSERT_TRUE(config->exec);
  EXPECT_EQ(config->exec->command, dir_ + "/./bin/get-token");
  EXPECT_EQ(config->exec->args, (std::vector<std::string>{"a", "1"}));
  EXPECT_EQ(config->exec->env.at(0).second, kSecret);
  EXPECT_EQ(config->exec->interactive, ExecPlugin::Interactive::kNever);
  const std::string& info = config->exec->cluster_info_json;
  EXPECT_NE(info.find(R"("config":{"audience":"x","n":3})"), std::string::npos) << info;
  EXPECT_NE(info.find(EncodeBase64(kPem)), std::string::npos);
}

TEST_F(LoadConfigTest, TheFirstFileWins) {
  const std::string one = Write("one",
                                "current-context: a\n"
                                "clusters: [{name: c, cluster: {server: \"https://one\"}}]\n");
  const std::string two =
      Write("two", Kubeconfig("server: \"https://two\"", "token: two") + "extra: [ignored]\n");
  env_["KUBECONFIG"] = dir_ + "/missing::" + one + ":" + two;
  const auto config = LoadConfig({.env = Env()});
  ASSERT_TRUE(config) << config.error().message;
  EXPECT_EQ(config->server, "https://one");
  EXPECT_EQ(config->token, "two");
}

TEST_F(LoadConfigTest, HomeThenThePodItself) {
  env_["HOME"] = dir_;
  env_["KUBERNETES_SERVICE_HOST"] = "fd00::1";
  env_["KUBERNETES_SERVICE_PORT"] = "443";
  const std::string account = dir_ + "/account";
  Write("account/token", "x\n");
  Write("account/ca.crt", kPem);
  Write("account/namespace", "tangram-system\n");
  auto config = LoadConfig({.env = Env(), .service_account_dir = account});
  ASSERT_TRUE(config) << config.error().message;
  EXPECT_EQ(config->server, "https://[fd00::1]:443");
  EXPECT_EQ(config->ns, "tangram-system");
  EXPECT_EQ(config->token_file, account + "/token");
  EXPECT_EQ(config->tls.ca_pem, kPem);
  Write(".kube/config", Kubeconfig("server: \"https://home\"", ""));
  config = LoadConfig({.env = Env(), .service_account_dir = account});
  ASSERT_TRUE(config) << config.error().message;
  EXPECT_EQ(config->server, "https://home");
}

TEST_F(LoadConfigTest, NothingFoundSaysWhereItLooked) {
  env_["HOME"] = "/nowhere";
  const auto config = LoadConfig({.env = Env()});
  ASSERT_FALSE(config);
  EXPECT_NE(config.error().message.find("/nowhere/.kube/config"), std::string::npos);
  EXPECT_NE(config.error().message.find("--kubeconfig"), std::string::npos);
  EXPECT_FALSE(LoadConfig({.kubeconfig = dir_ + "/none", .env = Env()}));
  EXPECT_FALSE(LoadConfig({.kubeconfig = dir_, .env = Env()})) << "a folder";
}

struct BadConfig {
  std::string name;
  std::string text;
  std::string says;
};
std::ostream& operator<<(std::ostream& out, const BadConfig& row) { return out << row.name; }

const std::string kHost = "server: \"https://h\"";
const BadConfig kBad[] = {
    {"NotYaml", "a: [1, 2\nb: {", "not YAML at line"},
    {"Binary", std::string("\0\x01\xff\xfe", 4), "kubeconfig"},
    {"AList", "- a\n- b\n", "a map was expected"},
    {"NoContext", "clusters: []\n",
     "no current-context; choose one with --context (there are: none)"},
    {"UnknownContext", "current-context: x\ncontexts: [{name: a}, {name: b}]\n",
     "context \"x\" is not in the kubeconfig; there are: a, b"},
    {"UnknownCluster", "current-context: a\ncontexts: [{name: a, context: {cluster: z}}]\n",
     "cluster \"z\" is not in the kubeconfig"},
    {"UnknownUser",
     "current-context: a\ncontexts: [{name: a, context: {cluster: c, user: z}}]\nclusters: [{name: "
     "c, "
     "cluster: {server: h}}]\n",
     "user \"z\" is not"},
    {"NameTwice", "clusters: [{name: c}, {name: c}]\n", "the name \"c\" is there twice"},
    {"OtherKind", "kind: Pod\n", "field kind"},
    {"NoServer", Kubeconfig("", ""), "cluster \"c\": field server is missing"},
    {"TokenIsMap", Kubeconfig(kHost, "token: {a: " + kSecret + "}"),
     "users[0], user: field token: found a map"},
    {"CaIsNoBase64", Kubeconfig(kHost + ", certificate-authority-data: \"%%" + kSecret + "\"", ""),
     "field certificate-authority-data: it is not base64"},
    {"KeyIsNoPem",
     Kubeconfig(kHost, "client-certificate-data: " + EncodeBase64(kPem) +
                           ", client-key-data: " + EncodeBase64(kSecret)),
     "user \"u\", field client-key-data: what it holds is not PEM"},
    {"CertWithoutKey", Kubeconfig(kHost, "client-certificate-data: " + EncodeBase64(kPem)),
     "client-certificate is there without client-key"},
    {"MissingCaFile", Kubeconfig(kHost + ", certificate-authority: none.pem", ""),
     "field certificate-authority: file"},
    {"InsecureWithCa",
     Kubeconfig(kHost + ", insecure-skip-tls-verify: true, certificate-authority-data: " +
                    EncodeBase64(kPem),
                ""),
     "both set"},
    {"FlagIsText", Kubeconfig(kHost + ", insecure-skip-tls-verify: maybe", ""),
     "write true or false"},
    {"AuthProvider",
     Kubeconfig(kHost, "auth-provider: {name: gcp, config: {token: " + kSecret + "}}"),
     "gcloud container clusters get-credentials"},
    {"ExecWithoutCommand",
     Kubeconfig(kHost,
                "exec: {apiVersion: client.authentication.k8s.io/v1, interactiveMode: Never}"),
     "field command is missing"},
    {"ExecTooOld",
     Kubeconfig(kHost, "exec: {apiVersion: client.authentication.k8s.io/v1alpha1, command: x}"),
     "v1 and v1beta1"},
    {"ExecMode",
     Kubeconfig(kHost, "exec: {apiVersion: client.authentication.k8s.io/v1, command: x}"),
     "field interactiveMode: it is missing; write Never"},
    {"ExecArgs", Kubeconfig(kHost, "exec: {args: [{a: " + kSecret + "}]}"),
     "write a list of texts"},
    {"EndlessExtension",
     "current-context: a\nclusters: [{name: c, cluster: {server: h, extensions: [{name: "
     "client.authentication.k8s.io/exec, extension: &x {again: *x}}]}}]\n",
     "kubeconfig"},
    {"DeepNesting", "clusters: " + std::string(20'000, '['), "not YAML"},
};

class BadConfigTest : public LoadConfigTest, public testing::WithParamInterface<BadConfig> {};
TEST_P(BadConfigTest, IsRefusedWithTheFieldAndNoSecret) {
  const auto config =
      LoadConfig({.kubeconfig = Write("config-file", GetParam().text), .env = Env()});
  ASSERT_FALSE(config);
  const std::string& message = config.error().message;
  EXPECT_NE(message.find(GetParam().says), std::string::npos) << message;
  EXPECT_EQ(message.find(kSecret), std::string::npos) << message;
  EXPECT_EQ(message.find(EncodeBase64(kSecret)), std::string::npos) << message;
}
INSTANTIATE_TEST_SUITE_P(Table, BadConfigTest, testing::ValuesIn(kBad),
                         [](const auto& row) { return row.param.name; });

TEST(Base64, IsReadBackAndStrict) {
  std::string text;
  for (int i = 0; i < 70; ++i) {
    EXPECT_EQ(DecodeBase64(EncodeBase64(text)), text);
    text += static_cast<char>(i * 37);
  }
  EXPECT_EQ(EncodeBase64("Ma"), "TWE=");
  EXPECT_EQ(DecodeBase64("TW\nE="), "Ma");
  for (const char* bad : {"T", "TWE", "TW=", "TWE==", "=", "TWE=A", "T*E=", "TWFu="}) {
    EXPECT_EQ(DecodeBase64(bad), std::nullopt) << bad;
  }
}

}  // namespace
}  // namespace tangram::kube

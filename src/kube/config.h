// Where the API server is and who we are, read as client-go reads it.
#pragma once

#include <chrono>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "net/http.h"

namespace tangram::kube {

// Of a kubeconfig, and of each file that it names; a longer one is refused.
inline constexpr std::size_t kMostFileBytes = std::size_t{4} << 20;

// A command that prints credentials (client.authentication.k8s.io), as `aws eks get-token`.
struct ExecPlugin {
  std::string command{};  // with a slash: a path; without: looked up in PATH
  std::vector<std::string> args{};
  std::vector<std::pair<std::string, std::string>> env{};  // on top of ours; secrets allowed
  std::string api_version{};
  std::string cluster_info_json{};  // `spec.cluster` for the plugin; empty: not asked for
  std::string install_hint{};
  enum class Interactive { kNever, kIfAvailable, kAlways } interactive = Interactive::kIfAvailable;
  std::chrono::milliseconds deadline{60'000};
};

// At most one of token, token_file, username and exec is what the server is shown.
struct Config {
  std::string cluster{};  // the kubeconfig's name of the cluster; empty in a pod
  std::string server{};   // "https://host:port" or with a path; no slash at the end
  std::string source{};   // for messages: "context \"a\" of /home/x/.kube/config"
  std::string ns = "default";
  net::TlsOptions tls{};
  std::string proxy{};       // empty: the environment's
  std::string token{};       // secret
  std::string token_file{};  // read again every minute
  std::string username{};    // basic auth
  std::string password{};    // secret
  std::optional<ExecPlugin> exec{};
};

// What the process knows; tests give their own.
struct ConfigSources {
  std::string
      kubeconfig{};       // --kubeconfig; empty: $KUBECONFIG, then ~/.kube/config, then the pod's
  std::string context{};  // --context; empty: the file's current-context
  // An environment variable; empty where it is not set.
  std::function<std::string(const std::string& name)> env{};  // empty: getenv
  // Where a pod finds its service account.
  std::string service_account_dir = "/var/run/secrets/kubernetes.io/serviceaccount";
};

// Reads the files and resolves one context. Certificates and keys are loaded; a token file is read
// later, when it is needed. An error names file, context, field, what was found and what to do, and
// holds no secret.
base::Result<Config> LoadConfig(const ConfigSources& sources);

}  // namespace tangram::kube

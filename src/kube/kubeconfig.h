// kubeconfig files as they are written, before one context is resolved. Pure: no I/O.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"

namespace tangram::kube {

// Where an entry came from: relative paths in it start at that file's directory.
struct EntryOrigin {
  std::string name{};
  std::string file{};
};

struct ClusterEntry {
  EntryOrigin origin{};
  std::string server{};
  std::string ca_file{};
  std::string ca_data{};  // base64
  bool insecure = false;
  std::string tls_server_name{};
  std::string proxy_url{};
  std::string exec_extension_json{};  // of client.authentication.k8s.io/exec; empty: none
};

struct ExecEntry {
  std::string api_version{};
  std::string command{};
  std::vector<std::string> args{};
  std::vector<std::pair<std::string, std::string>> env{};
  std::string install_hint{};
  std::string interactive_mode{};
  bool provide_cluster_info = false;
};

struct UserEntry {
  EntryOrigin origin{};
  std::string client_cert_file{};
  std::string client_cert_data{};  // base64
  std::string client_key_file{};
  std::string client_key_data{};  // base64, secret
  std::string token{};            // secret
  std::string token_file{};
  std::string username{};
  std::string password{};  // secret
  std::string auth_provider{};
  std::optional<ExecEntry> exec{};
};

struct ContextEntry {
  EntryOrigin origin{};
  std::string cluster{};
  std::string user{};
  std::string ns{};
};

struct Kubeconfig {
  std::string current_context{};
  std::vector<ClusterEntry> clusters{};
  std::vector<UserEntry> users{};
  std::vector<ContextEntry> contexts{};
};

// `file` is for messages and relative paths. No secret in an error. Fields that we do not know are
// left alone.
base::Result<Kubeconfig> ParseKubeconfig(std::string_view yaml, const std::string& file);

// As client-go: what came first wins, by name.
void MergeInto(Kubeconfig& first, Kubeconfig later);

}  // namespace tangram::kube

#include "kube/config.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <nlohmann/json.hpp>

#include "base/file.h"
#include "base/text.h"
#include "kube/base64.h"
#include "kube/kubeconfig.h"

namespace tangram::kube {
namespace {

tl::unexpected<base::Error> Invalid(std::string message) {
  return base::Fail(base::ErrorCode::kInvalid, std::move(message));
}

std::string Env(const ConfigSources& sources, const std::string& name) {
  if (sources.env) return sources.env(name);
  const char* value = std::getenv(name.c_str());
  return value == nullptr ? std::string() : std::string(value);
}

// A path in a kubeconfig, which starts at that file's directory.
std::string Beside(const EntryOrigin& origin, const std::string& path) {
  const auto slash = origin.file.rfind('/');
  if (path.empty() || path.front() == '/' || slash == std::string::npos) return path;
  return origin.file.substr(0, slash + 1) + path;
}

template <class Entry>
std::string Names(const std::vector<Entry>& entries) {
  std::string names;
  for (const Entry& entry : entries) names += (names.empty() ? "" : ", ") + entry.origin.name;
  return names.empty() ? "none" : names;
}

template <class Entry>
base::Result<const Entry*> Find(const std::vector<Entry>& entries, const std::string& name,
                                const std::string& what) {
  for (const Entry& entry : entries) {
    if (entry.origin.name == name) return &entry;
  }
  return Invalid(
      fmt::format("{} \"{}\" is not in the kubeconfig; there are: {}", what, name, Names(entries)));
}

// One certificate or key, from base64 or from a file; base64 wins, as in client-go.
struct PemField {
  std::string where;  // "kubeconfig F, user \"u\""
  std::string field;  // "client-key"
  EntryOrigin origin;
  std::string data;
  std::string file;
};

base::Result<std::string> LoadPem(const PemField& pem) {
  std::string text;
  std::string name = pem.field;
  if (!pem.data.empty()) {
    name += "-data";
    auto decoded = DecodeBase64(pem.data);
    if (!decoded) return Invalid(fmt::format("{}, field {}: it is not base64", pem.where, name));
    text = std::move(*decoded);
  } else if (!pem.file.empty()) {
    auto read = base::ReadFile(Beside(pem.origin, pem.file), kMostFileBytes);
    if (!read) return base::Wrap(read.error(), pem.where + ", field " + name);
    text = std::move(*read);
  } else {
    return std::string();
  }
  if (text.find("-----BEGIN ") == std::string::npos) {
    return Invalid(fmt::format("{}, field {}: what it holds is not PEM", pem.where, name));
  }
  return text;
}

std::string Where(const EntryOrigin& origin, const char* what) {
  return fmt::format("kubeconfig {}, {} \"{}\"", origin.file, what, origin.name);
}

base::Result<void> ApplyCluster(const ClusterEntry& cluster, Config& config) {
  const std::string where = Where(cluster.origin, "cluster");
  if (cluster.server.empty()) {
    return Invalid(where + ": field server is missing; write https://host:port");
  }
  config.cluster = cluster.origin.name;
  config.server = cluster.server.find("://") == std::string::npos ? "https://" + cluster.server
                                                                  : cluster.server;
  while (config.server.ends_with('/')) config.server.pop_back();
  config.tls.server_name = cluster.tls_server_name;
  config.proxy = cluster.proxy_url;
  auto ca =
      LoadPem({where, "certificate-authority", cluster.origin, cluster.ca_data, cluster.ca_file});
  if (!ca) return tl::unexpected<base::Error>(ca.error());
  if (cluster.insecure && !ca->empty()) {
    return Invalid(where +
                   ": insecure-skip-tls-verify and certificate-authority are both set; "
                   "remove the first");
  }
  config.tls.ca_pem = std::move(*ca);
  if (cluster.insecure) config.tls.verify = net::TlsOptions::Verify::kNothing;
  return {};
}

base::Result<void> ApplyClientCertificate(const UserEntry& user, Config& config) {
  const std::string where = Where(user.origin, "user");
  auto cert = LoadPem(
      {where, "client-certificate", user.origin, user.client_cert_data, user.client_cert_file});
  if (!cert) return tl::unexpected<base::Error>(cert.error());
  auto key =
      LoadPem({where, "client-key", user.origin, user.client_key_data, user.client_key_file});
  if (!key) return tl::unexpected<base::Error>(key.error());
  if (cert->empty() != key->empty()) {
    return Invalid(fmt::format("{}: {} is there without {}; both are needed", where,
                               cert->empty() ? "client-key" : "client-certificate",
                               cert->empty() ? "client-certificate" : "client-key"));
  }
  config.tls.client_cert_pem = std::move(*cert);
  config.tls.client_key_pem = std::move(*key);
  return {};
}

std::string AuthProviderRemedy(const std::string& name) {
  if (name == "gcp") return "run: gcloud container clusters get-credentials CLUSTER";
  if (name == "azure") return "run: kubelogin convert-kubeconfig";
  if (name == "oidc") return "use the exec plugin kubectl-oidc_login";
  return "use an exec plugin";
}

base::Result<ExecPlugin::Interactive> InteractiveMode(const ExecEntry& exec,
                                                      const std::string& where) {
  using Interactive = ExecPlugin::Interactive;
  const std::string& mode = exec.interactive_mode;
  if (mode == "Never") return Interactive::kNever;
  if (mode == "Always") return Interactive::kAlways;
  const bool beta = exec.api_version == "client.authentication.k8s.io/v1beta1";
  if (mode == "IfAvailable" || (mode.empty() && beta)) return Interactive::kIfAvailable;
  return Invalid(where +
                 (mode.empty() ? ", field interactiveMode: it is missing"
                               : ", field interactiveMode: it is another") +
                 "; write Never, IfAvailable or Always");
}

// What KUBERNETES_EXEC_INFO says of the cluster.
std::string ClusterInfo(const ClusterEntry& cluster, const Config& config) {
  nlohmann::json info = {{"server", config.server}};
  if (!config.tls.server_name.empty()) info["tls-server-name"] = config.tls.server_name;
  if (cluster.insecure) info["insecure-skip-tls-verify"] = true;
  if (!config.tls.ca_pem.empty()) {
    info["certificate-authority-data"] = EncodeBase64(config.tls.ca_pem);
  }
  if (!config.proxy.empty()) info["proxy-url"] = config.proxy;
  auto extension =
      nlohmann::json::parse(cluster.exec_extension_json, nullptr, /*allow_exceptions=*/false);
  if (!extension.is_discarded()) info["config"] = std::move(extension);
  return info.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

base::Result<ExecPlugin> ResolveExec(const UserEntry& user, const ClusterEntry& cluster,
                                     const Config& config) {
  const ExecEntry& exec = *user.exec;
  const std::string where = Where(user.origin, "user") + ", exec";
  if (exec.command.empty()) return Invalid(where + ": field command is missing");
  if (exec.api_version != "client.authentication.k8s.io/v1" &&
      exec.api_version != "client.authentication.k8s.io/v1beta1") {
    return Invalid(
        fmt::format("{}, field apiVersion: found \"{}\"; Tangram speaks "
                    "client.authentication.k8s.io/v1 and v1beta1: update the plugin and "
                    "write its kubeconfig anew",
                    where, base::Shorten(exec.api_version, 80)));
  }
  const auto interactive = InteractiveMode(exec, where);
  if (!interactive) return tl::unexpected<base::Error>(interactive.error());
  ExecPlugin plugin{.command = exec.command,
                    .args = exec.args,
                    .env = exec.env,
                    .api_version = exec.api_version,
                    .install_hint = exec.install_hint,
                    .interactive = *interactive};
  if (exec.command.find('/') != std::string::npos) {
    plugin.command = Beside(user.origin, exec.command);
  }
  if (exec.provide_cluster_info) plugin.cluster_info_json = ClusterInfo(cluster, config);
  return plugin;
}

base::Result<void> ApplyUser(const UserEntry& user, const ClusterEntry& cluster, Config& config) {
  if (!user.auth_provider.empty()) {
    return Invalid(fmt::format(
        "{}, field auth-provider: \"{}\" is the old way, which Kubernetes removed; {}",
        Where(user.origin, "user"), user.auth_provider, AuthProviderRemedy(user.auth_provider)));
  }
  if (auto applied = ApplyClientCertificate(user, config); !applied) return applied;
  if (!user.token_file.empty()) {
    config.token_file = Beside(user.origin, user.token_file);
  } else if (!user.token.empty()) {
    config.token = user.token;
  } else if (!user.username.empty()) {
    config.username = user.username;
    config.password = user.password;
  } else if (user.exec) {
    auto plugin = ResolveExec(user, cluster, config);
    if (!plugin) return tl::unexpected<base::Error>(plugin.error());
    config.exec = std::move(*plugin);
  }
  return {};
}

base::Result<Config> Resolve(const Kubeconfig& kubeconfig, const ConfigSources& sources,
                             const std::string& files) {
  const std::string wanted = sources.context.empty() ? kubeconfig.current_context : sources.context;
  if (wanted.empty()) {
    return Invalid(
        fmt::format("kubeconfig {}: no current-context; choose one with --context (there "
                    "are: {})",
                    files, Names(kubeconfig.contexts)));
  }
  const auto context = Find(kubeconfig.contexts, wanted, "context");
  if (!context) return tl::unexpected<base::Error>(context.error());
  const std::string where = Where((*context)->origin, "context");
  const auto cluster = Find(kubeconfig.clusters, (*context)->cluster, "cluster");
  if (!cluster) return base::Wrap(cluster.error(), where);
  Config config;
  config.source = where;
  if (!(*context)->ns.empty()) config.ns = (*context)->ns;
  if (auto applied = ApplyCluster(**cluster, config); !applied) {
    return tl::unexpected<base::Error>(applied.error());
  }
  if ((*context)->user.empty()) return config;
  const auto user = Find(kubeconfig.users, (*context)->user, "user");
  if (!user) return base::Wrap(user.error(), where);
  if (auto applied = ApplyUser(**user, **cluster, config); !applied) {
    return tl::unexpected<base::Error>(applied.error());
  }
  return config;
}

base::Result<Config> InCluster(const ConfigSources& sources) {
  std::string host = Env(sources, "KUBERNETES_SERVICE_HOST");
  if (host.find(':') != std::string::npos) host = "[" + host + "]";
  Config config;
  config.source = "the pod's service account";
  config.server = "https://" + host + ":" + Env(sources, "KUBERNETES_SERVICE_PORT");
  config.token_file = sources.service_account_dir + "/token";
  if (auto token = base::ReadFile(config.token_file, kMostFileBytes); !token) {
    return base::Wrap(token.error(), config.source);
  }
  auto ca = base::ReadFile(sources.service_account_dir + "/ca.crt", kMostFileBytes);
  if (!ca) return base::Wrap(ca.error(), config.source);
  config.tls.ca_pem = std::move(*ca);
  const auto ns = base::ReadFile(sources.service_account_dir + "/namespace", kMostFileBytes);
  if (ns && !base::Trim(*ns).empty()) config.ns = base::Trim(*ns);
  return config;
}

// The files to read, in order; the first of a name wins.
std::vector<std::string> Files(const ConfigSources& sources) {
  if (!sources.kubeconfig.empty()) return {sources.kubeconfig};
  std::vector<std::string> files;
  const std::string listed = Env(sources, "KUBECONFIG");
  for (const std::string_view path : base::Split(listed, ':')) {
    if (!path.empty()) files.emplace_back(path);
  }
  const std::string home = Env(sources, "HOME");
  if (files.empty() && !home.empty()) files.push_back(home + "/.kube/config");
  return files;
}

}  // namespace

base::Result<Config> LoadConfig(const ConfigSources& sources) {
  Kubeconfig merged;
  std::string found;
  std::string looked_for;
  for (const std::string& file : Files(sources)) {
    looked_for += (looked_for.empty() ? "" : ", ") + file;
    const auto text = base::ReadFile(file, kMostFileBytes);
    const bool missing = !text && text.error().code == base::ErrorCode::kNotFound;
    if (missing && sources.kubeconfig.empty()) continue;
    if (!text) return base::Fail(base::ErrorCode::kInvalid, "kubeconfig: " + text.error().message);
    auto parsed = ParseKubeconfig(*text, file);
    if (!parsed) return tl::unexpected<base::Error>(parsed.error());
    found += (found.empty() ? "" : ", ") + file;
    MergeInto(merged, std::move(*parsed));
  }
  if (!found.empty()) return Resolve(merged, sources, found);
  if (!Env(sources, "KUBERNETES_SERVICE_HOST").empty() && sources.context.empty()) {
    return InCluster(sources);
  }
  return Invalid(
      fmt::format("no kubeconfig was found (looked for: {}); name one with --kubeconfig or "
                  "$KUBECONFIG",
                  looked_for.empty() ? "nothing, since HOME is not set" : looked_for));
}

}  // namespace tangram::kube

#include "kube/kubeconfig.h"

#include <fmt/format.h>
#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <iterator>
#include <nlohmann/json.hpp>

namespace tangram::kube {
namespace {

std::string_view KindOf(const YAML::Node& node) {
  switch (node.Type()) {
    case YAML::NodeType::Scalar:
      return "a plain value";
    case YAML::NodeType::Sequence:
      return "a list";
    case YAML::NodeType::Map:
      return "a map";
    default:
      return "nothing";
  }
}

// The fields of one map. The first thing wrong is kept and ends the reading; values never show in
// it, since any of them may be secret.
class Fields {
 public:
  Fields(const YAML::Node& node, std::string where, std::optional<base::Error>& error)
      : node_(node), where_(std::move(where)), error_(error) {
    if (node_.IsDefined() && !node_.IsNull() && !node_.IsMap()) {
      Complain(fmt::format("found {}; a map was expected", KindOf(node_)));
    }
  }

  YAML::Node At(const char* name) const {
    return node_.IsDefined() && node_.IsMap() ? node_[name] : YAML::Node(YAML::NodeType::Undefined);
  }
  std::string Text(const char* name) const {
    const YAML::Node value = At(name);
    if (!value.IsDefined() || value.IsNull()) return {};
    if (value.IsScalar()) return value.Scalar();
    Complain(fmt::format("field {}: found {}; write one text", name, KindOf(value)));
    return {};
  }
  bool Flag(const char* name) const {
    const std::string text = Text(name);
    if (text.empty() || text == "false") return false;
    if (text != "true") Complain(fmt::format("field {}: write true or false", name));
    return text == "true";
  }
  // The maps of the list at `name`; empty where there is none.
  std::vector<Fields> List(const char* name) const {
    std::vector<Fields> all;
    const YAML::Node list = At(name);
    if (!list.IsDefined() || list.IsNull()) return all;
    if (!list.IsSequence()) {
      Complain(fmt::format("field {}: found {}; write a list", name, KindOf(list)));
      return all;
    }
    for (std::size_t i = 0; i < list.size(); ++i) {
      all.emplace_back(list[i], fmt::format("{}, {}[{}]", where_, name, i), error_);
    }
    return all;
  }
  std::vector<std::string> Texts(const char* name) const {
    std::vector<std::string> all;
    const YAML::Node list = At(name);
    if (!list.IsDefined() || list.IsNull()) return all;
    const bool plain =
        list.IsSequence() &&
        std::all_of(list.begin(), list.end(), [](const auto& item) { return item.IsScalar(); });
    if (!plain) {
      Complain(fmt::format("field {}: write a list of texts", name));
      return all;
    }
    for (const auto& item : list) all.push_back(item.Scalar());
    return all;
  }
  Fields Sub(const char* name) const { return {At(name), where_ + ", " + name, error_}; }
  bool Has(const char* name) const { return At(name).IsDefined() && !At(name).IsNull(); }
  void Complain(const std::string& what) const {
    if (!error_) error_ = base::Error{base::ErrorCode::kInvalid, where_ + ": " + what};
  }

 private:
  YAML::Node node_;
  std::string where_;
  std::optional<base::Error>& error_;
};

// The exec extension of a cluster as JSON. Anchors may make a small file a large or endless tree,
// so both depth and size are limited; past the limit: nothing.
class YamlToJson {
 public:
  std::optional<nlohmann::json> Convert(const YAML::Node& node, int depth) {
    if (depth > 32 || ++nodes_ > 10'000) return std::nullopt;
    if (node.IsScalar()) return Scalar(node);
    if (node.IsSequence()) return Sequence(node, depth);
    if (node.IsMap()) return Map(node, depth);
    return nlohmann::json();
  }

 private:
  static nlohmann::json Scalar(const YAML::Node& node) {
    const std::string& text = node.Scalar();
    if (node.Tag() == "!") return text;  // quoted
    if (text == "true" || text == "false") return text == "true";
    auto number = nlohmann::json::parse(text, nullptr, /*allow_exceptions=*/false);
    if (number.is_number()) return number;
    return text;
  }
  std::optional<nlohmann::json> Sequence(const YAML::Node& node, int depth) {
    auto list = nlohmann::json::array();
    for (const auto& item : node) {
      auto value = Convert(item, depth + 1);
      if (!value) return std::nullopt;
      list.push_back(std::move(*value));
    }
    return list;
  }
  std::optional<nlohmann::json> Map(const YAML::Node& node, int depth) {
    auto object = nlohmann::json::object();
    for (const auto& entry : node) {
      auto value = Convert(entry.second, depth + 1);
      if (!value || !entry.first.IsScalar()) return std::nullopt;
      object[entry.first.Scalar()] = std::move(*value);
    }
    return object;
  }

  int nodes_ = 0;
};

std::string ExecExtension(const Fields& cluster) {
  for (const Fields& extension : cluster.List("extensions")) {
    if (extension.Text("name") != "client.authentication.k8s.io/exec") continue;
    const auto json = YamlToJson().Convert(extension.At("extension"), 0);
    if (!json) extension.Complain("it nests too deep or is too large");
    if (json) return json->dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
  }
  return {};
}

ClusterEntry ReadCluster(const Fields& fields, EntryOrigin origin) {
  const Fields cluster = fields.Sub("cluster");
  ClusterEntry entry{.origin = std::move(origin)};
  entry.server = cluster.Text("server");
  entry.ca_file = cluster.Text("certificate-authority");
  entry.ca_data = cluster.Text("certificate-authority-data");
  entry.insecure = cluster.Flag("insecure-skip-tls-verify");
  entry.tls_server_name = cluster.Text("tls-server-name");
  entry.proxy_url = cluster.Text("proxy-url");
  entry.exec_extension_json = ExecExtension(cluster);
  return entry;
}

ExecEntry ReadExec(const Fields& exec) {
  ExecEntry entry;
  entry.api_version = exec.Text("apiVersion");
  entry.command = exec.Text("command");
  entry.args = exec.Texts("args");
  for (const Fields& variable : exec.List("env")) {
    entry.env.emplace_back(variable.Text("name"), variable.Text("value"));
    if (entry.env.back().first.find('=') != std::string::npos || entry.env.back().first.empty()) {
      variable.Complain("field name: write the name of an environment variable");
    }
  }
  entry.install_hint = exec.Text("installHint");
  entry.interactive_mode = exec.Text("interactiveMode");
  entry.provide_cluster_info = exec.Flag("provideClusterInfo");
  return entry;
}

UserEntry ReadUser(const Fields& fields, EntryOrigin origin) {
  const Fields user = fields.Sub("user");
  UserEntry entry{.origin = std::move(origin)};
  entry.client_cert_file = user.Text("client-certificate");
  entry.client_cert_data = user.Text("client-certificate-data");
  entry.client_key_file = user.Text("client-key");
  entry.client_key_data = user.Text("client-key-data");
  entry.token = user.Text("token");
  entry.token_file = user.Text("tokenFile");
  entry.username = user.Text("username");
  entry.password = user.Text("password");
  if (user.Has("auth-provider")) {
    entry.auth_provider = user.Sub("auth-provider").Text("name");
    if (entry.auth_provider.empty()) entry.auth_provider = "(no name)";
  }
  if (user.Has("exec")) entry.exec = ReadExec(user.Sub("exec"));
  return entry;
}

ContextEntry ReadContext(const Fields& fields, EntryOrigin origin) {
  const Fields context = fields.Sub("context");
  ContextEntry entry{.origin = std::move(origin)};
  entry.cluster = context.Text("cluster");
  entry.user = context.Text("user");
  entry.ns = context.Text("namespace");
  return entry;
}

template <class Entry>
const Entry* Find(const std::vector<Entry>& entries, const std::string& name) {
  const auto found = std::find_if(entries.begin(), entries.end(),
                                  [&](const Entry& entry) { return entry.origin.name == name; });
  return found == entries.end() ? nullptr : &*found;
}

template <class Entry, class Read>
std::vector<Entry> ReadAll(const Fields& root, const char* list, const std::string& file,
                           const Read& read) {
  std::vector<Entry> entries;
  for (const Fields& fields : root.List(list)) {
    EntryOrigin origin{.name = fields.Text("name"), .file = file};
    if (Find(entries, origin.name) != nullptr) {
      fields.Complain(fmt::format("the name \"{}\" is there twice; remove one", origin.name));
    }
    entries.push_back(read(fields, std::move(origin)));
  }
  return entries;
}

Kubeconfig ReadRoot(const YAML::Node& node, const std::string& file,
                    std::optional<base::Error>& error) {
  const Fields root(node, "kubeconfig " + file, error);
  const std::string kind = root.Text("kind");
  if (!kind.empty() && kind != "Config") root.Complain("field kind: it is not Config");
  Kubeconfig config;
  config.current_context = root.Text("current-context");
  config.clusters = ReadAll<ClusterEntry>(root, "clusters", file, ReadCluster);
  config.users = ReadAll<UserEntry>(root, "users", file, ReadUser);
  config.contexts = ReadAll<ContextEntry>(root, "contexts", file, ReadContext);
  return config;
}

template <class Entry>
void Append(std::vector<Entry>& first, std::vector<Entry> later) {
  const std::size_t known = first.size();
  for (Entry& entry : later) {
    const auto end = first.begin() + static_cast<std::ptrdiff_t>(known);
    const bool taken = std::any_of(first.begin(), end, [&](const Entry& other) {
      return other.origin.name == entry.origin.name;
    });
    if (!taken) first.push_back(std::move(entry));
  }
}

}  // namespace

base::Result<Kubeconfig> ParseKubeconfig(std::string_view yaml, const std::string& file) {
  std::optional<base::Error> error;
  Kubeconfig config;
  try {
    config = ReadRoot(YAML::Load(std::string(yaml)), file, error);
  } catch (const YAML::Exception& problem) {
    return base::Fail(base::ErrorCode::kInvalid,
                      fmt::format("kubeconfig {}: not YAML at line {}, column {}", file,
                                  problem.mark.line + 1, problem.mark.column + 1));
  } catch (const std::exception&) {
    return base::Fail(base::ErrorCode::kInvalid, "kubeconfig " + file + ": not YAML");
  }
  if (error) return tl::unexpected<base::Error>(*error);
  return config;
}

void MergeInto(Kubeconfig& first, Kubeconfig later) {
  if (first.current_context.empty()) first.current_context = std::move(later.current_context);
  Append(first.clusters, std::move(later.clusters));
  Append(first.users, std::move(later.users));
  Append(first.contexts, std::move(later.contexts));
}

}  // namespace tangram::kube

#include "adapter/live/hardware_writes.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>
#include <utility>
#include <vector>

#include "adapter/device_plugin_config.h"
#include "adapter/live/lift_patch.h"

namespace tangram::adapter {
namespace {

using base::ErrorCode;
using base::Fail;
using control::ChangeNode;
using nlohmann::json;

constexpr const char* kFile = "config.yaml";  // the key that mig-manager reads

std::string LabelOf(const json& node, const std::string& key) {
  const json labels = node.value(json::json_pointer("/metadata/labels"), json::object());
  const auto found = labels.find(key);
  return found == labels.end() || !found->is_string() ? "" : found->get<std::string>();
}

// The labels that differ from what they are to be.
base::Result<json> LabelsPatch(const ChangeNode& write, const json& node) {
  json labels = json::object();
  for (const control::LabelChange& change : write.labels) {
    const std::string has = LabelOf(node, change.key);
    if (has == change.to) continue;
    if (has != change.from) {
      return Fail(ErrorCode::kConflict,
                  fmt::format("node {}: the label {} is \"{}\" by now, and was \"{}\"", write.node,
                              change.key, has, change.from));
    }
    labels[change.key] = change.to.empty() ? json() : json(change.to);
  }
  return labels;
}

// The node's taints as they are to be; null: as they are.
base::Result<json> TaintsPatch(const ChangeNode& write, const json& node) {
  if (write.taint == ChangeNode::Taint::kLeave) return json();
  const json taints = node.value(json::json_pointer("/spec/taints"), json::array());
  const bool add = write.taint == ChangeNode::Taint::kAdd;
  json others = json::array();
  bool has = false;
  for (const json& taint : taints) {
    if (taint.value("key", "") != control::kRepartitionTaint) {
      others.push_back(taint);
    } else if (taint.value("value", "") == write.operation) {
      has = true;
    } else if (add) {
      return Fail(ErrorCode::kConflict, fmt::format("node {}: NodeOperation {} has it", write.node,
                                                    taint.value("value", "")));
    } else {
      others.push_back(taint);
    }
  }
  if (has == add) return json();
  if (add) {
    others.push_back({{"key", control::kRepartitionTaint},
                      {"value", write.operation},
                      {"effect", "NoSchedule"}});
  }
  return others;
}

base::Result<json> Parsed(std::string_view text, std::string_view what) {
  json object = json::parse(text, nullptr, /*allow_exceptions=*/false);
  if (object.is_object() && object.contains("metadata")) return object;
  return Fail(ErrorCode::kUnavailable, fmt::format("the answer is no {}", what));
}

json MetadataFor(const json& object, const std::string& fence) {
  json metadata = {{"resourceVersion", object["metadata"].value("resourceVersion", "")}};
  if (!fence.empty()) metadata["annotations"][kFenceAnnotation] = fence;
  return metadata;
}

// ---- mig-parted's file ----

std::vector<std::string> LinesOf(const std::string& text) {
  std::vector<std::string> lines;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = std::min(text.find('\n', at), text.size());
    lines.push_back(text.substr(at, end - at));
    at = end + 1;
  }
  return lines;
}

std::size_t IndentOf(const std::string& line) {
  return std::min(line.find_first_not_of(' '), line.size());
}

bool IsContent(const std::string& line) {
  const std::size_t indent = IndentOf(line);
  return indent < line.size() && line[indent] != '#';
}

// Cards that are alike stand together: devices: [0,2].
std::vector<std::string> EntryOf(const plan::MigLayout& layout, const std::string& indent) {
  std::map<std::map<std::string, int>, std::vector<int>> alike;
  for (const auto& [gpu, profiles] : layout.cards) alike[profiles].push_back(gpu);
  std::vector<std::string> lines = {fmt::format("{}{}:", indent, layout.name)};
  for (const auto& [profiles, gpus] : alike) {
    lines.push_back(fmt::format("{}- devices: [{}]", indent, fmt::join(gpus, ",")));
    lines.push_back(fmt::format("{}  mig-enabled: {}", indent, !profiles.empty()));
    if (profiles.empty()) continue;
    std::string devices;
    for (const auto& [profile, count] : profiles) {
      devices += fmt::format("{}\"{}\": {}", devices.empty() ? "" : ", ", profile, count);
    }
    lines.push_back(fmt::format("{}  mig-devices: {{{}}}", indent, devices));
  }
  return lines;
}

struct File {
  std::vector<std::string> lines;
  std::size_t begin = 0;  // the first line behind "mig-configs:"
  std::string indent;     // of its entries
};

base::Result<File> Read(const std::string& text) {
  File file{.lines = LinesOf(text), .indent = "  "};
  while (file.begin < file.lines.size() && !file.lines[file.begin].starts_with("mig-configs:")) {
    ++file.begin;
  }
  const bool found = file.begin < file.lines.size();
  std::string rest = found ? file.lines[file.begin].substr(std::string("mig-configs:").size()) : "";
  rest.erase(0, std::min(rest.find_first_not_of(' '), rest.size()));
  if (found && rest.starts_with("{}")) {
    file.lines[file.begin] = "mig-configs:";
  } else if (!found || (!rest.empty() && !rest.starts_with('#'))) {
    return Fail(
        ErrorCode::kInvalid,
        fmt::format("{} of the ConfigMap has no map mig-configs with an entry a line; write "
                    "it as mig-parted's examples are, or \"mig-configs: {{}}\"",
                    kFile));
  }
  ++file.begin;
  for (std::size_t i = file.begin; i < file.lines.size(); ++i) {
    if (!IsContent(file.lines[i])) continue;
    const std::size_t indent = IndentOf(file.lines[i]);
    if (indent > 0) file.indent = std::string(indent, ' ');
    break;
  }
  return file;
}

// The lines of the entry of that name, what is no content left out; empty: there is none.
std::vector<std::string> Standing(const File& file, const std::string& name) {
  std::vector<std::string> entry;
  for (std::size_t i = file.begin; i < file.lines.size(); ++i) {
    const std::string& line = file.lines[i];
    if (!IsContent(line)) continue;
    const std::size_t indent = IndentOf(line);
    const bool ends =
        indent < file.indent.size() || (indent == file.indent.size() && line[indent] != '-');
    if (indent == 0 || (ends && !entry.empty())) break;
    if (!entry.empty() || line == fmt::format("{}{}:", file.indent, name)) entry.push_back(line);
  }
  return entry;
}

// What is no content stays.
void DropUnused(File& file, const std::set<std::string>& in_use) {
  std::vector<std::string> kept(file.lines.begin(),
                                file.lines.begin() + static_cast<std::ptrdiff_t>(file.begin));
  bool drops = false;
  for (std::size_t i = file.begin; i < file.lines.size(); ++i) {
    std::string& line = file.lines[i];
    const std::size_t indent = IndentOf(line);
    if (IsContent(line) && indent <= file.indent.size() && line[indent] != '-') {
      const std::string name = line.substr(indent, line.find(':') - indent);
      drops = indent > 0 && name.starts_with(plan::kLayoutPrefix) && !in_use.contains(name);
    }
    if (!drops || !IsContent(line)) kept.push_back(std::move(line));
  }
  file.lines = std::move(kept);
}

// ---- the device plugin's configurations ----

base::Result<std::string> ConfigNamed(const json& config_map, const std::string& key,
                                      const std::string& object) {
  const json data = config_map.value("data", json::object());
  const auto found = data.find(key);
  if (found != data.end() && found->is_string()) return found->get<std::string>();
  return Fail(ErrorCode::kInvalid, fmt::format("{}: there is no such key", object));
}

// The configuration that the reshare asks for, made of the one that the node has.
base::Result<std::pair<NamedConfig, plan::SharingConfig>> ConfigFor(const plan::Resharing& reshare,
                                                                    const json& config_map,
                                                                    const SharingConfigsIn& in) {
  const auto object = [&](const std::string& key) {
    return fmt::format("ConfigMap {}/{}, key {}", in.ns, in.name, key);
  };
  // With one key alone and no default, nodes without a label use that key: a second one would leave
  // them with none.
  const auto fallback = ConfigNamed(config_map, in.fallback, object(in.fallback));
  if (!fallback) {
    return Fail(ErrorCode::kInvalid,
                fmt::format("{}, which nodes without the label nvidia.com/device-plugin.config "
                            "have; name a key of it in the ClusterPolicy "
                            "(devicePlugin.config.default) and to Tangram (--sharing-default)",
                            fallback.error().message));
  }
  const std::string& from = reshare.config_before.empty() ? in.fallback : reshare.config_before;
  const auto text = ConfigNamed(config_map, from, object(from));
  if (!text) {
    return base::Wrap(text.error(), "the node's label nvidia.com/device-plugin.config names none");
  }
  auto shared = ReadSharingConfig(*text, object(from));
  if (!shared) return tl::unexpected(shared.error());
  if (!reshare.profile.empty() && reshare.after == cluster::Sharing::kMps) {
    return Fail(ErrorCode::kInvalid, "MPS shares whole cards, and no MIG instances");
  }
  auto to = plan::WithShares(*shared, reshare.after, {reshare.change});
  if (!to) return base::Wrap(to.error(), object(from));
  auto config = WithSharing(*text, object(from), *to);
  if (!config) return tl::unexpected(config.error());
  return std::pair(*std::move(config), *std::move(to));
}

}  // namespace

base::Result<std::optional<std::string>> NodePatch(const ChangeNode& write, std::string_view node,
                                                   const std::string& fence) {
  const auto is = Parsed(node, "node");
  if (!is) return tl::unexpected(is.error());
  auto labels = LabelsPatch(write, *is);
  if (!labels) return tl::unexpected(labels.error());
  auto taints = TaintsPatch(write, *is);
  if (!taints) return tl::unexpected(taints.error());
  if (labels->empty() && taints->is_null()) return std::optional<std::string>();
  json patch = {{"metadata", MetadataFor(*is, fence)}};
  if (!labels->empty()) patch["metadata"]["labels"] = *std::move(labels);
  if (!taints->is_null()) patch["spec"]["taints"] = *std::move(taints);
  return std::optional(patch.dump());
}

base::Result<std::optional<std::string>> WithLayouts(const std::string& text,
                                                     const control::WriteLayouts& write) {
  auto file = Read(text);
  if (!file) return tl::unexpected(file.error());
  std::vector<std::string> added;
  for (const plan::MigLayout& layout : write.layouts) {
    const std::vector<std::string> entry = EntryOf(layout, file->indent);
    const std::vector<std::string> standing = Standing(*file, layout.name);
    if (standing.empty()) {
      added.insert(added.end(), entry.begin(), entry.end());
    } else if (standing != entry) {
      return Fail(ErrorCode::kInvalid,
                  fmt::format("somebody changed {} in {} of the ConfigMap; take the entry out, and "
                              "Tangram writes it again",
                              layout.name, kFile));
    }
  }
  if (added.empty()) return std::optional<std::string>();
  if (text.size() > kLongLayouts) DropUnused(*file, write.in_use);
  const auto at = file->lines.begin() + static_cast<std::ptrdiff_t>(file->begin);
  file->lines.insert(at, added.begin(), added.end());
  return std::optional(fmt::format("{}\n", fmt::join(file->lines, "\n")));
}

base::Result<std::optional<std::string>> LayoutsPatch(const control::WriteLayouts& write,
                                                      std::string_view config_map,
                                                      const std::string& fence) {
  const auto is = Parsed(config_map, "ConfigMap");
  if (!is) return tl::unexpected(is.error());
  const json data = is->value("data", json::object());
  const auto file = data.find(kFile);
  const std::string text = file == data.end() || !file->is_string()
                               ? "version: v1\nmig-configs: {}\n"
                               : file->get<std::string>();
  auto with = WithLayouts(text, write);
  if (!with) return tl::unexpected(with.error());
  if (!*with) return std::optional<std::string>();
  const json patch = {{"metadata", MetadataFor(*is, fence)}, {"data", {{kFile, **with}}}};
  return std::optional(patch.dump());
}

base::Result<plan::Resharing> WithConfig(plan::Resharing reshare, std::string_view config_map,
                                         const SharingConfigsIn& in) {
  const auto is = Parsed(config_map, "ConfigMap");
  if (!is) return tl::unexpected(is.error());
  auto config = ConfigFor(reshare, *is, in);
  if (!config) return tl::unexpected(config.error());
  reshare.config_after = std::move(config->first.name);
  reshare.renamed = config->second.rename_by_default;
  if (reshare.config_after == reshare.config_before) {
    return Fail(ErrorCode::kInvalid,
                fmt::format("the node's configuration {} shares so already, and its device plugin "
                            "has not taken it over; delete the plugin's pod on the node",
                            reshare.config_before));
  }
  return reshare;
}

base::Result<std::optional<std::string>> SharingPatch(const control::WriteSharing& write,
                                                      std::string_view config_map,
                                                      const SharingConfigsIn& in,
                                                      const std::string& fence) {
  const auto is = Parsed(config_map, "ConfigMap");
  if (!is) return tl::unexpected(is.error());
  const auto config = ConfigFor(write.reshare, *is, in);
  if (!config) return tl::unexpected(config.error());
  const auto& [name, text] = config->first;
  if (name != write.reshare.config_after) {
    return Fail(ErrorCode::kInvalid,
                fmt::format("somebody changed the configuration that {} was to be made of; approve "
                            "a new plan, which goes by what stands there now",
                            write.reshare.config_after));
  }
  if (const auto standing = ConfigNamed(*is, name, name)) {
    if (*standing == text) return std::optional<std::string>();
    return Fail(ErrorCode::kInvalid,
                fmt::format("ConfigMap {}/{}: somebody changed {}; take the key out, and Tangram "
                            "writes it again",
                            in.ns, in.name, name));
  }
  const json patch = {{"metadata", MetadataFor(*is, fence)}, {"data", {{name, text}}}};
  return std::optional(patch.dump());
}

}  // namespace tangram::adapter

#include "adapter/device_plugin_config.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <utility>
#include <vector>

#include "base/digest.h"
#include "yaml/fields.h"
#include "yaml/load.h"

namespace tangram::adapter {
namespace {

using base::ErrorCode;
using base::Fail;
using cluster::Sharing;
using plan::SharingConfig;
using yaml::Fields;
using yaml::Value;

constexpr std::string_view kHeader =
    "# Made by Tangram of another configuration here; only sharing differs. Not to be edited.";
constexpr yaml::Range kReplicas = {1, 10'000};
constexpr std::size_t kDigits = 16;
constexpr std::string_view kVendor = "nvidia.com/";

// The one map that the file is.
base::Result<Value> Parse(const std::string& text, const std::string& object) {
  auto documents = yaml::Load(text);
  if (!documents) return base::Wrap(documents.error(), object);
  if (documents->size() != 1 || !documents->front().is_map()) {
    return Fail(ErrorCode::kInvalid,
                fmt::format("{}: it is no map of fields; write a configuration of the device "
                            "plugin, as \"version: v1\"",
                            object));
  }
  yaml::Faults faults(object);
  Fields fields(faults, &documents->front(), "");
  fields.Need("version", "write v1");
  fields.OneOf("version", yaml::Words<int, 1>{{{"v1", 1}}});
  if (faults.first()) return tl::unexpected(*faults.first());
  return std::move(documents->front());
}

// What one strategy shares.
struct Strategy {
  bool rename = false;
  std::optional<bool> fail{};
  std::map<std::string, int> replicas{};
};

Strategy ReadStrategy(Fields fields) {
  fields.Allow({"renameByDefault", "failRequestsGreaterThanOne", "resources"});
  Strategy strategy;
  strategy.rename = fields.Flag("renameByDefault").value_or(false);
  strategy.fail = fields.Flag("failRequestsGreaterThanOne");
  for (Fields resource : fields.Maps("resources")) {
    // The plugin reads the last two and passes over them.
    resource.Allow({"name", "replicas", "rename", "devices"});
    resource.Need("name", "write a resource, as nvidia.com/gpu");
    resource.Need("replicas", "write how many shares each has");
    std::string name = resource.Text("name").value_or("");
    if (!name.starts_with(kVendor)) name.insert(0, kVendor);
    const int replicas = resource.Whole("replicas", kReplicas).value_or(1);
    if (replicas > 1) strategy.replicas[name] = replicas;
  }
  return strategy;
}

base::Result<SharingConfig> SharingOf(const Value& root, const std::string& object) {
  yaml::Faults faults(object);
  Fields top(faults, &root, "");
  SharingConfig config;
  if (top.Has("sharing")) {
    Fields sharing = top.Map("sharing");
    sharing.Allow({"timeSlicing", "mps"});
    const Strategy slices = ReadStrategy(sharing.Map("timeSlicing"));
    const Strategy mps = ReadStrategy(sharing.Map("mps"));
    const bool is_mps = !mps.replicas.empty();  // where both share, MPS does
    const Strategy& in_force = is_mps ? mps : slices;
    const bool says = sharing.Has(is_mps ? "mps" : "timeSlicing");
    if (!in_force.replicas.empty()) {
      config.strategy = is_mps ? Sharing::kMps : Sharing::kTimeSlicing;
    }
    if (says) {
      config.rename_by_default = in_force.rename;
      config.fail_requests_greater_than_one = in_force.fail.value_or(is_mps);
    }
    config.replicas = in_force.replicas;
  }
  if (faults.first()) return tl::unexpected(*faults.first());
  return config;
}

// ---- letter by letter ----

std::vector<std::string> LinesOf(const std::string& text) {
  std::vector<std::string> lines;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = std::min(text.find('\n', at), text.size());
    lines.push_back(text.substr(at, end - at));
    at = end + 1;
  }
  return lines;
}

// A field of the file begins there.
bool BeginsField(const std::string& line) {
  return !line.empty() && line[0] != ' ' && line[0] != '#' && line[0] != '\r';
}

// The lines without the field sharing, our own first line, and empty ones at the end.
std::vector<std::string> WithoutSharing(const std::string& text) {
  std::vector<std::string> kept;
  bool inside = false;
  for (std::string& line : LinesOf(text)) {
    if (BeginsField(line)) inside = line.starts_with("sharing:");
    if (!inside && line != kHeader) kept.push_back(std::move(line));
  }
  while (!kept.empty() && kept.back().find_first_not_of(" \r") == std::string::npos) {
    kept.pop_back();
  }
  return kept;
}

std::string SharingText(const SharingConfig& sharing) {
  if (sharing.replicas.empty()) return "";
  std::string text = fmt::format(
      "sharing:\n  {}:\n    renameByDefault: {}\n    failRequestsGreaterThanOne: {}\n"
      "    resources:\n",
      sharing.strategy == Sharing::kMps ? "mps" : "timeSlicing", sharing.rename_by_default,
      sharing.fail_requests_greater_than_one);
  for (const auto& [name, replicas] : sharing.replicas) {
    text += fmt::format("    - name: {}\n      replicas: {}\n", name, replicas);
  }
  return text;
}

bool SameValue(const Value& a, const Value& b) {
  const auto same_member = [](const yaml::Member& one, const yaml::Member& other) {
    return one.key == other.key && SameValue(one.value, other.value);
  };
  return a.kind == b.kind && a.style == b.style && a.text == b.text &&
         std::equal(a.items.begin(), a.items.end(), b.items.begin(), b.items.end(), SameValue) &&
         std::equal(a.members.begin(), a.members.end(), b.members.begin(), b.members.end(),
                    same_member);
}

// That only its sharing changed, as YAML reads both.
bool OnlySharingDiffers(Value before, const std::string& text, const SharingConfig& sharing) {
  auto after = Parse(text, "");
  if (!after) return false;
  const auto is = SharingOf(*after, "");
  const bool as_asked = is && (sharing.replicas.empty() ? is->replicas.empty() : *is == sharing);
  before.Remove("sharing");
  after->Remove("sharing");
  return as_asked && SameValue(before, *after);
}

}  // namespace

base::Result<SharingConfig> ReadSharingConfig(const std::string& text, const std::string& object) {
  const auto root = Parse(text, object);
  if (!root) return tl::unexpected(root.error());
  return SharingOf(*root, object);
}

base::Result<NamedConfig> WithSharing(const std::string& text, const std::string& object,
                                      const SharingConfig& sharing) {
  auto root = Parse(text, object);
  if (!root) return tl::unexpected(root.error());
  // What is replaced was understood.
  if (const auto before = SharingOf(*root, object); !before) {
    return tl::unexpected(before.error());
  }
  NamedConfig config;
  config.text = fmt::format("{}\n{}\n{}", kHeader, fmt::join(WithoutSharing(text), "\n"),
                            SharingText(sharing));
  if (!OnlySharingDiffers(*std::move(root), config.text, sharing)) {
    return Fail(ErrorCode::kInvalid,
                fmt::format("{}: its field sharing cannot be changed by lines; write each field of "
                            "the file at the beginning of a line, as NVIDIA's examples are",
                            object));
  }
  config.name = std::string(kConfigPrefix) + base::Sha256Hex(config.text).substr(0, kDigits);
  return config;
}

}  // namespace tangram::adapter

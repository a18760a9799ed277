#include "pool/read_pools.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>

#include "base/nearest.h"
#include "gpu/gpu.h"
#include "yaml/fields.h"
#include "yaml/load.h"

namespace tangram::pool {
namespace {

using base::Fail;
using base::Result;
using cluster::Sharing;
using plan::MigBackend;
using plan::Mode;
using plan::Moves;
using yaml::Fields;
using yaml::Found;
using yaml::Range;
using yaml::Value;
using yaml::Words;

constexpr Words<Mode, 3> kModes = {
    {{"Observe", Mode::kObserve}, {"Recommend", Mode::kRecommend}, {"Auto", Mode::kAuto}}};
constexpr Words<Moves, 3> kMoves = {{{"None", Moves::kNone},
                                     {"Replicated", Moves::kReplicated},
                                     {"Controlled", Moves::kControlled}}};
// With DRA the driver makes instances, for the claims that it serves: here they only are observed.
constexpr Words<MigBackend, 4> kBackends = {{{"Agent", MigBackend::kAgent},
                                             {"MigManager", MigBackend::kMigManager},
                                             {"Dra", MigBackend::kNone},
                                             {"None", MigBackend::kNone}}};
constexpr Words<Sharing, 3> kStrategies = {
    {{"TimeSlicing", Sharing::kTimeSlicing}, {"Mps", Sharing::kMps}, {"None", Sharing::kNone}}};

constexpr Range kNodes = {0, 100'000};
constexpr std::size_t kLongestName = 253;  // of an object

// RFC 1123, as the API server asks of the names of objects.
bool IsObjectName(std::string_view name) {
  const auto edge = [](unsigned char c) { return std::islower(c) != 0 || std::isdigit(c) != 0; };
  if (name.empty() || name.size() > kLongestName ||
      !edge(static_cast<unsigned char>(name.front())) ||
      !edge(static_cast<unsigned char>(name.back()))) {
    return false;
  }
  return std::all_of(name.begin(), name.end(), [&](char c) {
    return edge(static_cast<unsigned char>(c)) || c == '-' || c == '.';
  });
}

std::vector<std::string> AllProfiles() {
  std::vector<std::string> names;
  for (const gpu::Model& model : gpu::Models()) {
    for (const gpu::MigProfile& profile : model.profiles) names.emplace_back(profile.name);
  }
  std::sort(names.begin(), names.end());
  names.erase(std::unique(names.begin(), names.end()), names.end());
  return names;
}

class PoolReader {
 public:
  PoolReader(const Value& object, const plan::NodePolicy& defaults)
      : object_(object), faults_(ObjectName(object)) {
    pool_.policy = defaults;
  }

  Result<plan::Pool> Read() && {
    Fields fields(faults_, &object_, "");
    ReadKind(fields);
    // The status is of a cluster: nothing to decide by.
    fields.Allow({"apiVersion", "kind", "metadata", "spec", "status"});
    ReadMetadata(fields);
    ReadSpec(fields);
    if (faults_.first()) return tl::unexpected(*faults_.first());
    return std::move(pool_);
  }

 private:
  // As messages name it, before anything is known to be right.
  static std::string ObjectName(const Value& object) {
    const Value* metadata = object.Find("metadata");
    const std::string_view name = metadata == nullptr ? "" : metadata->TextOf("name");
    return IsObjectName(name) ? fmt::format("{} {}", kKind, name) : std::string(kKind);
  }

  void ReadKind(Fields& fields) {
    const auto must_be = [&](std::string_view key, std::string_view value) {
      const Value* found = fields.Find(key);
      fields.Need(key, fmt::format("write {}: {}", key, value));
      if (found == nullptr || found->text == value) return;
      fields.Wrong(key,
                   fmt::format("is {}; only {} of {} is read", Found(*found), kKind, kApiVersion));
    };
    must_be("kind", kKind);
    must_be("apiVersion", kApiVersion);
  }

  // What else stands there, the API server wrote or a person's tools did.
  void ReadMetadata(Fields& object) {
    object.Need("metadata", "write a name: metadata: {name: NAME}");
    Fields metadata = object.Map("metadata");
    metadata.Need("name", "write a name: metadata: {name: NAME}");
    const Value* name = metadata.Find("name");
    if (name == nullptr) return;
    pool_.name = name->text;
    if (!name->is_text() || !IsObjectName(pool_.name)) {
      metadata.Wrong("name",
                     fmt::format("is {}; write lower case letters, digits, - and .", Found(*name)));
    }
  }

  void ReadSpec(Fields& object) {
    Fields spec = object.Map("spec");
    spec.Allow({"mode", "nodeSelector", "partitioning", "sharing", "disruption", "scaling"});
    spec.Need("mode", "write Observe, Recommend or Auto");
    pool_.policy.mode = spec.OneOf("mode", kModes).value_or(Mode::kObserve);
    ReadSelector(spec);
    ReadPartitioning(spec.Map("partitioning"));
    ReadSharing(spec.Map("sharing"));
    ReadDisruption(spec.Map("disruption"));
    ReadScaling(spec.Map("scaling"));
  }

  void ReadSelector(Fields& spec) {
    const Value* selector = spec.Find("nodeSelector");
    spec.Need("nodeSelector", "name the labels of its nodes, or write {} for every one");
    if (selector == nullptr) return;
    Fields labels = spec.Map("nodeSelector");
    for (const yaml::Member& label : selector->members) {
      if (const auto value = labels.Text(label.key)) {
        pool_.selector.emplace_back(label.key, *value);
      } else if (!labels.Has(label.key)) {
        labels.Wrong(label.key, "is nothing; write the label's value, \"\" where it has none");
      }
    }
    std::sort(pool_.selector.begin(), pool_.selector.end());
  }

  void ReadPartitioning(Fields fields) {
    fields.Allow({"backend", "allowedProfiles", "maxNodesDisturbed"});
    plan::NodePolicy& policy = pool_.policy;
    policy.mig = fields.OneOf("backend", kBackends).value_or(policy.mig);
    if (const Value* profiles = fields.Find("allowedProfiles")) ReadProfiles(fields, *profiles);
    pool_.most_recut_nodes = fields.Whole("maxNodesDisturbed", kNodes);
  }

  void ReadProfiles(Fields& fields, const Value& profiles) {
    if (!profiles.is_list() || profiles.items.empty()) {
      return fields.Wrong("allowedProfiles",
                          fmt::format("is {}; list profiles, as [1g.5gb, 3g.20gb], or leave it out "
                                      "to allow every one",
                                      profiles.is_list() ? "empty" : Found(profiles)));
    }
    for (std::size_t i = 0; i < profiles.items.size(); ++i) {
      const Value& profile = profiles.items[i];
      if (profile.is_text() && gpu::IsKnownProfile(profile.text)) {
        pool_.policy.profiles.push_back(profile.text);
        continue;
      }
      const auto near = base::Nearest(profile.text, AllProfiles(), {.most = 4, .count = 3});
      faults_.Wrong(profile.line,
                    fmt::format("spec.partitioning.allowedProfiles[{}] is {}, a profile that no "
                                "model has{}",
                                i, Found(profile),
                                near.empty() ? "; write one as 1g.5gb"
                                             : "; did you mean " + base::OneOf(near) + "?"));
    }
  }

  void ReadSharing(Fields fields) {
    fields.Allow({"strategy", "maxReplicas"});
    plan::NodePolicy& policy = pool_.policy;
    if (const auto strategy = fields.OneOf("strategy", kStrategies)) policy.sharing = strategy;
    const auto most = fields.Whole("maxReplicas", {1, gpu::kMaxTimeSlicingReplicas});
    policy.most_replicas = most.value_or(policy.most_replicas);
    if (policy.sharing == Sharing::kNone && most.value_or(1) > 1) {
      fields.Wrong("maxReplicas", fmt::format("is {}, and strategy None shares no card; leave one "
                                              "of them out",
                                              *most));
    }
  }

  void ReadDisruption(Fields fields) {
    fields.Allow({"moves", "preempt", "stopIdle", "resize"});
    plan::NodePolicy& policy = pool_.policy;
    policy.moves = fields.OneOf("moves", kMoves).value_or(policy.moves);
    policy.preempt = fields.Flag("preempt").value_or(policy.preempt);
    policy.stop_idle = fields.Flag("stopIdle").value_or(policy.stop_idle);
    policy.resize = fields.Flag("resize").value_or(policy.resize);
  }

  void ReadScaling(Fields fields) {
    fields.Allow({"maxNodes", "minNodes", "maxNewNodes", "keepEmpty", "giveBack"});
    plan::NodePolicy& policy = pool_.policy;
    pool_.most_nodes = fields.Whole("maxNodes", kNodes);
    pool_.least_nodes = fields.Whole("minNodes", kNodes).value_or(0);
    pool_.most_new_nodes = fields.Whole("maxNewNodes", kNodes);
    const auto keep = fields.Whole("keepEmpty", kNodes);
    policy.keep_empty = keep.value_or(policy.keep_empty);
    policy.give_back = fields.Flag("giveBack").value_or(policy.give_back);
    const auto within_most = [&](std::string_view key, int count) {
      if (count <= pool_.most_nodes.value_or(count)) return;
      fields.Wrong(key,
                   fmt::format("is {}, more than spec.scaling.maxNodes, which is {}; lower one "
                               "or raise the other",
                               count, *pool_.most_nodes));
    };
    within_most("minNodes", pool_.least_nodes);
    within_most("keepEmpty", keep.value_or(0));
  }

  const Value& object_;
  yaml::Faults faults_;
  plan::Pool pool_;
};

// The objects of the documents; a list of objects, as kubectl writes it, is its items.
std::vector<const Value*> ObjectsOf(const std::vector<Value>& documents) {
  std::vector<const Value*> objects;
  for (const Value& document : documents) {
    if (document.kind == Value::Kind::kNull) continue;
    const Value* items = document.Find("items");
    const bool list = document.TextOf("kind").ends_with("List") && items != nullptr;
    if (!list) {
      objects.push_back(&document);
      continue;
    }
    for (const Value& item : items->items) objects.push_back(&item);
  }
  return objects;
}

}  // namespace

Result<std::vector<plan::Pool>> ReadPools(std::string_view text, const plan::NodePolicy& defaults) {
  const auto documents = yaml::Load(text);
  if (!documents) return tl::unexpected(documents.error());
  std::vector<plan::Pool> pools;
  for (const Value* object : ObjectsOf(*documents)) {
    auto pool = PoolReader(*object, defaults).Read();
    if (!pool) return tl::unexpected(pool.error());
    const auto same = [&](const plan::Pool& known) { return known.name == pool->name; };
    if (std::any_of(pools.begin(), pools.end(), same)) {
      return Fail(base::ErrorCode::kInvalid,
                  fmt::format("line {}: {} {}: another one before it has that name; rename one",
                              object->line, kKind, pool->name));
    }
    pools.push_back(*std::move(pool));
  }
  if (pools.empty()) {
    return Fail(
        base::ErrorCode::kInvalid,
        fmt::format("line 1: there is no {} in it; docs/pools.md has one to start from", kKind));
  }
  std::sort(pools.begin(), pools.end(),
            [](const plan::Pool& a, const plan::Pool& b) { return a.name < b.name; });
  return pools;
}

}  // namespace tangram::pool

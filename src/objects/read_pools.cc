#include "objects/read_pools.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"
#include "base/time_text.h"
#include "base/time_zone.h"
#include "gpu/gpu.h"
#include "objects/object.h"
#include "yaml/fields.h"

namespace tangram::objects {
namespace {

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
constexpr std::array<std::string_view, 7> kDays = {"Monday", "Tuesday",  "Wednesday", "Thursday",
                                                   "Friday", "Saturday", "Sunday"};
constexpr std::size_t kMostLabels = 64;
constexpr std::size_t kMostWindows = 16;
constexpr Range kReady = {1, 10'000};
constexpr std::size_t kMostReady = 16;
constexpr Range kPromise = {50, 95};  // percent
constexpr base::Milliseconds kMostAhead = std::chrono::hours(24);

KnownNames KnownProfiles() {
  std::vector<std::string> names;
  for (const gpu::Model& model : gpu::Models()) {
    for (const gpu::MigProfile& profile : model.profiles) names.emplace_back(profile.name);
  }
  std::sort(names.begin(), names.end());
  names.erase(std::unique(names.begin(), names.end()), names.end());
  return {std::move(names), "a profile that no model has", "1g.5gb"};
}

class PoolReader {
 public:
  PoolReader(const Value& value, const plan::NodePolicy& defaults) : object_(value, kPoolKind) {
    pool_.policy = defaults;
  }

  Result<plan::Pool> Read() && {
    object_.CheckKind();
    Metadata metadata = object_.ReadMetadata();
    pool_.name = std::move(metadata.name);
    pool_.generation = metadata.generation;
    ReadSpec(object_.Spec());
    if (object_.faults().first()) return tl::unexpected(*object_.faults().first());
    return std::move(pool_);
  }

 private:
  void ReadSpec(Fields spec) {
    spec.Allow({"mode", "nodeSelector", "partitioning", "sharing", "disruption", "scaling"});
    spec.Need("mode", "write Observe, Recommend or Auto");
    pool_.policy.mode = spec.OneOf("mode", kModes).value_or(Mode::kObserve);
    ReadSelector(spec);
    ReadPartitioning(spec.Map("partitioning"));
    ReadSharing(spec.Map("sharing"));
    ReadDisruption(spec.Map("disruption"));
    ReadScaling(spec.Map("scaling"));
  }

  static void CheckLength(Fields& fields, std::string_view key, std::size_t length,
                          std::size_t most) {
    if (length <= most) return;
    fields.Wrong(key, fmt::format("has {} entries; write {} at most", length, most));
  }

  void ReadSelector(Fields& spec) {
    const Value* selector = spec.Find("nodeSelector");
    spec.Need("nodeSelector", "name the labels of its nodes, or write {} for every one");
    if (selector == nullptr) return;
    Fields labels = spec.Map("nodeSelector");
    CheckLength(spec, "nodeSelector", selector->members.size(), kMostLabels);
    for (const yaml::Member& label : selector->members) {
      if (const auto value = labels.Text(label.key)) {
        if (Characters(*value) > kLongestLabelValue) {
          labels.Wrong(label.key, fmt::format("has {} characters; a label's value has {} at most",
                                              Characters(*value), kLongestLabelValue));
        }
        pool_.selector.emplace_back(label.key, *value);
      } else if (!labels.Has(label.key)) {
        labels.Wrong(label.key, "is nothing; write the label's value, \"\" where it has none");
      }
    }
    std::sort(pool_.selector.begin(), pool_.selector.end());
  }

  void ReadPartitioning(Fields fields) {
    fields.Allow({"backend", "allowedProfiles", "ready", "forecast", "maxNodesDisturbed"});
    plan::NodePolicy& policy = pool_.policy;
    policy.mig = fields.OneOf("backend", kBackends).value_or(policy.mig);
    policy.profiles = ReadNames(fields, "allowedProfiles", KnownProfiles());
    for (Fields ready : fields.Maps("ready")) pool_.ready.push_back(ReadReady(ready));
    CheckReady(fields);
    if (fields.Has("forecast")) pool_.forecast = ReadForecast(fields.Map("forecast"));
    NeedsMaker(fields, "ready", !pool_.ready.empty());
    NeedsMaker(fields, "forecast", pool_.forecast.has_value());
    pool_.most_recut_nodes = fields.Whole("maxNodesDisturbed", kNodes);
  }

  static plan::ReadyInstances ReadReady(Fields& fields) {
    fields.Allow({"profile", "free", "hours"});
    fields.Need("profile", "write one in NVIDIA's spelling, as 1g.5gb");
    fields.Need("free", "write how many are kept free, as 2");
    plan::ReadyInstances ready;
    ready.profile = ReadName(fields, "profile", KnownProfiles());
    ready.free = fields.Whole("free", kReady).value_or(1);
    ready.hours = ReadWindows(fields, "hours");
    return ready;
  }

  void CheckReady(Fields& fields) {
    const std::vector<std::string>& allowed = pool_.policy.profiles;
    CheckLength(fields, "ready", pool_.ready.size(), kMostReady);
    for (const plan::ReadyInstances& ready : pool_.ready) {
      const bool named = std::find(allowed.begin(), allowed.end(), ready.profile) != allowed.end();
      if (allowed.empty() || named || ready.profile.empty()) continue;
      fields.Wrong("ready", fmt::format("keeps {}, which spec.partitioning.allowedProfiles leaves "
                                        "out; add it there, or take it out here",
                                        ready.profile));
    }
  }

  static plan::ReadyOptions ReadForecast(Fields fields) {
    fields.Allow({"promise", "ahead"});
    plan::ReadyOptions forecast;
    if (const auto percent = fields.Whole("promise", kPromise)) {
      forecast.promise = base::PartsPerMillion(std::int64_t{10'000} * *percent);
    }
    if (fields.Has("ahead")) forecast.ahead = ReadDuration(fields, "ahead", kMostAhead);
    return forecast;
  }

  void NeedsMaker(Fields& fields, std::string_view key, bool is_there) {
    if (!is_there || pool_.policy.mig != MigBackend::kNone) return;
    fields.Wrong(key,
                 "needs somebody who makes instances; write backend Agent or "
                 "MigManager, or leave it out");
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
    fields.Allow({"moves", "preempt", "stopIdle", "resize", "windows"});
    plan::NodePolicy& policy = pool_.policy;
    policy.moves = fields.OneOf("moves", kMoves).value_or(policy.moves);
    policy.preempt = fields.Flag("preempt").value_or(policy.preempt);
    policy.stop_idle = fields.Flag("stopIdle").value_or(policy.stop_idle);
    policy.resize = fields.Flag("resize").value_or(policy.resize);
    pool_.windows = ReadWindows(fields, "windows");
  }

  static std::vector<plan::MaintenanceWindow> ReadWindows(Fields& fields, std::string_view key) {
    std::vector<plan::MaintenanceWindow> windows;
    for (Fields window : fields.Maps(key)) windows.push_back(ReadWindow(window));
    CheckLength(fields, key, windows.size(), kMostWindows);
    return windows;
  }

  static plan::MaintenanceWindow ReadWindow(Fields& fields) {
    fields.Allow({"days", "start", "duration", "timeZone"});
    fields.Need("start", "write when it opens, as \"22:00\"");
    fields.Need("duration", "write how long it is open, as 4h");
    plan::MaintenanceWindow window;
    if (fields.Has("days")) {
      window.days.fill(false);
      const KnownNames known{{kDays.begin(), kDays.end()}, "no day of the week", "Saturday"};
      for (const std::string& name : ReadNames(fields, "days", known)) {
        const auto* day = std::find(kDays.begin(), kDays.end(), name);
        window.days.at(static_cast<std::size_t>(day - kDays.begin())) = true;
      }
    }
    window.start = ReadStart(fields);
    window.duration = ReadDuration(fields, "duration", plan::kLongestWindow);
    window.time_zone = fields.Text("timeZone").value_or(window.time_zone);
    // Short forms, as CET, are there for old systems: some of them know no daylight saving.
    const bool has_form =
        window.time_zone == "UTC" || window.time_zone.find('/') != std::string::npos;
    if (!has_form || !base::IsTimeZone(window.time_zone)) {
      fields.Wrong("timeZone", fmt::format("is \"{}\", which is no time zone of IANA's database; "
                                           "write one as Europe/Berlin, or UTC",
                                           window.time_zone));
    }
    return window;
  }

  // "4h", "1h30m".
  static base::Milliseconds ReadDuration(Fields& fields, std::string_view key,
                                         base::Milliseconds most) {
    constexpr std::size_t kLongest = 8;
    const auto text = fields.Text(key);
    if (!text) return most;  // that is told
    const auto span = base::ParseSpan(*text);
    const bool has_form = text->size() <= kLongest &&
                          text->find_first_not_of("0123456789hm") == std::string::npos &&
                          text->find("ms") == std::string::npos;
    if (!has_form || !span || *span <= base::Milliseconds(0) || *span > most) {
      fields.Wrong(key, fmt::format("is \"{}\"; write hours and minutes, as 4h or 1h30m, {}h "
                                    "at most",
                                    *text, most / std::chrono::hours(1)));
    }
    return span.value_or(most);
  }

  // "22:00".
  static std::chrono::minutes ReadStart(Fields& fields) {
    const std::string text = fields.Text("start").value_or("00:00");
    const bool form = text.size() == 5 && text[2] == ':' &&
                      text.find_first_not_of("0123456789:") == std::string::npos;
    const auto hour = base::ParseInteger(form ? text.substr(0, 2) : "");
    const auto minute = base::ParseInteger(form ? text.substr(3) : "");
    const bool is_time = hour && minute && *hour >= 0 && *hour < 24 && *minute >= 0 && *minute < 60;
    if (is_time) return std::chrono::minutes(*hour * 60 + *minute);
    fields.Wrong("start", fmt::format("is \"{}\"; write hours and minutes, as \"22:00\"", text));
    return {};
  }

  void ReadScaling(Fields fields) {
    fields.Allow({"maxNodes", "minNodes", "maxNewNodes", "keepEmpty", "giveBack", "spot"});
    plan::NodePolicy& policy = pool_.policy;
    pool_.most_nodes = fields.Whole("maxNodes", kNodes);
    pool_.least_nodes = fields.Whole("minNodes", kNodes).value_or(0);
    pool_.most_new_nodes = fields.Whole("maxNewNodes", kNodes);
    const auto keep = fields.Whole("keepEmpty", kNodes);
    policy.keep_empty = keep.value_or(policy.keep_empty);
    policy.give_back = fields.Flag("giveBack").value_or(policy.give_back);
    policy.spot = fields.Flag("spot").value_or(policy.spot);
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

  Object object_;
  plan::Pool pool_;
};

}  // namespace

Result<std::vector<plan::Pool>> ReadPools(std::string_view text, const plan::NodePolicy& defaults) {
  return ReadAll<plan::Pool>(
      text, kPoolKind, [&](const Value& value) { return PoolReader(value, defaults).Read(); });
}

}  // namespace tangram::objects

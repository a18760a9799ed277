#include "objects/read_plans.h"

#include <fmt/format.h>

#include <cmath>
#include <utility>

#include "objects/object.h"
#include "yaml/fields.h"

namespace tangram::objects {
namespace {

using base::Result;
using plan::ActionRecord;
using plan::Pass;
using plan::PodName;
using yaml::Fields;
using yaml::Range;
using yaml::Value;
using yaml::Words;

constexpr Range kCounts = {0, 2'000'000'000};
constexpr double kMostUsd = 1e9;
constexpr double kMostGpus = 1e9;

constexpr Words<Pass, 8> kPassNames = {{{"place", Pass::kPlace},
                                        {"share", Pass::kShare},
                                        {"partition", Pass::kPartition},
                                        {"resize", Pass::kResize},
                                        {"preempt", Pass::kPreempt},
                                        {"consolidate", Pass::kConsolidate},
                                        {"ready", Pass::kReady},
                                        {"scale", Pass::kScale}}};
constexpr Words<cluster::Sharing, 2> kStrategies = {
    {{"TimeSlicing", cluster::Sharing::kTimeSlicing}, {"Mps", cluster::Sharing::kMps}}};
constexpr Words<cluster::CapacityType, 1> kCapacities = {{{"Spot", cluster::CapacityType::kSpot}}};
constexpr Words<ActionRecord::State, 4> kStates = {{{"Running", ActionRecord::State::kRunning},
                                                    {"Done", ActionRecord::State::kDone},
                                                    {"Failed", ActionRecord::State::kFailed},
                                                    {"Skipped", ActionRecord::State::kSkipped}}};

base::MicroUsdPerHour RateOf(double usd) { return base::MicroUsdPerHour(std::llround(usd * 1e6)); }

std::optional<base::MicroUsdPerHour> ReadRate(Fields& fields, std::string_view key) {
  const auto usd = fields.Number(key, kMostUsd);
  return usd ? std::optional(RateOf(*usd)) : std::nullopt;
}

std::optional<base::MilliGpu> ReadGpus(Fields& fields, std::string_view key) {
  const auto gpus = fields.Number(key, kMostGpus);
  return gpus ? std::optional(base::MilliGpu(std::llround(*gpus * 1e3))) : std::nullopt;
}

int NeedCount(Fields& fields, std::string_view key, Range range = kCounts) {
  fields.Need(key, "write a number");
  return fields.Whole(key, range).value_or(range.least);
}

PodName PodOf(Fields fields) { return {NeedText(fields, "namespace"), NeedText(fields, "name")}; }

PodName ReadPod(Fields& action, std::string_view key) {
  action.Need(key, "write namespace and name of the pod");
  return action.Has(key) ? PodOf(action.Map(key)) : PodName();
}

std::vector<plan::PlacedInstance> ReadLayout(Fields& action, std::string_view key) {
  constexpr Range kStarts = {0, 63};
  action.Need(key, "write a list of instances, [] for a whole card");
  std::vector<plan::PlacedInstance> layout;
  for (Fields instance : action.Maps(key)) {
    layout.push_back({NeedText(instance, "profile"), instance.Whole("start", kStarts)});
  }
  return layout;
}

// The change of an action, by its kind.
plan::Change ReadPlace(Fields& action) {
  return plan::PlacePod{ReadPod(action, "pod"), NeedText(action, "node")};
}
plan::Change ReadMove(Fields& action) {
  return plan::MovePod{ReadPod(action, "pod"), NeedText(action, "from"), NeedText(action, "node")};
}
plan::Change ReadEvict(Fields& action) {
  return plan::EvictPod{ReadPod(action, "pod"), NeedText(action, "node"), ReadPod(action, "by")};
}
plan::Change ReadStop(Fields& action) {
  return plan::StopPod{ReadPod(action, "pod"), NeedText(action, "node")};
}
plan::Change ReadResize(Fields& action) {
  return plan::ResizePod{ReadPod(action, "pod"), NeedText(action, "from"), NeedText(action, "node"),
                         NeedText(action, "resourceBefore"), NeedText(action, "resourceAfter")};
}
plan::Change ReadReshare(Fields& action) {
  constexpr Range kReplicas = {1, 1'000};
  action.Need("sharing", "write TimeSlicing or Mps");
  return plan::Reshare{
      NeedText(action, "node"),
      action.OneOf("sharing", kStrategies).value_or(cluster::Sharing::kTimeSlicing),
      NeedCount(action, "replicasBefore", kReplicas), NeedCount(action, "replicasAfter", kReplicas),
      ReadText(action, "profile")};
}
plan::Change ReadRepartition(Fields& action) {
  return plan::Repartition{NeedText(action, "node"), NeedCount(action, "gpu"),
                           ReadLayout(action, "layoutBefore"), ReadLayout(action, "layoutAfter")};
}
plan::Change ReadAddNode(Fields& action) {
  return plan::AddNode{
      NeedText(action, "node"), NeedText(action, "like"),
      action.OneOf("capacityType", kCapacities).value_or(cluster::CapacityType::kUnknown)};
}
plan::Change ReadGiveBack(Fields& action) { return plan::GiveBack{NeedText(action, "node")}; }

constexpr Words<plan::Change (*)(Fields&), 9> kKinds = {{{"PlacePod", ReadPlace},
                                                         {"MovePod", ReadMove},
                                                         {"EvictPod", ReadEvict},
                                                         {"StopPod", ReadStop},
                                                         {"ResizePod", ReadResize},
                                                         {"Reshare", ReadReshare},
                                                         {"Repartition", ReadRepartition},
                                                         {"AddNode", ReadAddNode},
                                                         {"GiveBack", ReadGiveBack}}};

std::optional<plan::MemoryShare> ReadMemory(Fields& action) {
  if (!action.Has("gpuMemory")) return std::nullopt;
  Fields memory = action.Map("gpuMemory");
  memory.Need("enforced", "write true or false");
  return plan::MemoryShare{base::MiB(NeedCount(memory, "seenMiB")),
                           base::MiB(NeedCount(memory, "shareMiB")),
                           memory.Flag("enforced").value_or(false)};
}

plan::PlanTotals ReadTotals(Fields fields) {
  fields.Need("gpusHeld", "write a number");
  fields.Need("usdPerHour", "write a number");
  return {.nodes = NeedCount(fields, "nodes"),
          .gpus = NeedCount(fields, "gpus"),
          .held = ReadGpus(fields, "gpusHeld").value_or(base::MilliGpu()),
          .busy = ReadGpus(fields, "gpusBusy"),
          .rate = ReadRate(fields, "usdPerHour").value_or(base::MicroUsdPerHour()),
          .unpriced_nodes = NeedCount(fields, "nodesWithoutPrice"),
          .waiting = NeedCount(fields, "podsWaiting")};
}

class PlanReader {
 public:
  explicit PlanReader(const Value& value) : object_(value, kPlanKind), value_(value) {}

  Result<plan::Proposal> Read() && {
    object_.CheckKind();
    object_.ReadOrigin(read_);
    ReadSpec(object_.Spec());
    ReadStatus(Fields(object_.faults(), value_.Find("status"), "status"));
    if (object_.faults().first()) return tl::unexpected(*object_.faults().first());
    return std::move(read_);
  }

 private:
  void ReadSpec(Fields spec) {
    for (const char* key : {"takenAt", "before", "after", "actions"}) spec.Need(key, "write one");
    read_.pool = NeedText(spec, "pool");
    read_.approved = spec.Flag("approved").value_or(false);
    read_.taken_at = ReadTime(spec, "takenAt").value_or(base::Time());
    read_.plan.before = ReadTotals(spec.Map("before"));
    read_.plan.after = ReadTotals(spec.Map("after"));
    for (Fields action : spec.Maps("actions")) ReadAction(action);
    for (Fields one : spec.Maps("certificates")) {
      read_.plan.certificates.push_back(
          {NeedText(one, "what"), NeedCount(one, "value"), NeedCount(one, "lowerBound")});
    }
  }

  // Ids are places, and needs lead back: whoever follows them ends.
  void ReadAction(Fields& fields) {
    const int place = static_cast<int>(read_.plan.actions.size());
    plan::Action action{.id = NeedCount(fields, "id")};
    if (action.id != place) {
      fields.Wrong("id", fmt::format("is {}; number the actions from 0, in their order: {}",
                                     action.id, place));
    }
    fields.Need("pass", "write which pass proposes it");
    fields.Need("kind", "write what kind of change it is");
    action.pass = fields.OneOf("pass", kPassNames).value_or(Pass::kPlace);
    if (const auto read = fields.OneOf("kind", kKinds)) action.change = (*read)(fields);
    action.reason = NeedText(fields, "reason");
    action.rate_before = ReadRate(fields, "usdPerHourBefore");
    action.rate_after = ReadRate(fields, "usdPerHourAfter");
    for (Fields pod : fields.Maps("disturbs")) action.disturbs.push_back(PodOf(std::move(pod)));
    action.gpu_memory = ReadMemory(fields);
    const auto needs = fields.Numbers("needs", ItemsOf(fields, "needs"), place);
    for (const double need : needs) action.needs.push_back(static_cast<int>(need));
    for (std::size_t i = 0; i < action.needs.size(); ++i) {
      if (action.needs[i] < place) continue;
      fields.WrongItem("needs", i, "is no action before it; name one");
    }
    read_.plan.actions.push_back(std::move(action));
  }

  static std::size_t ItemsOf(const Fields& fields, std::string_view key) {
    const Value* list = fields.Find(key);
    return list == nullptr ? 0 : list->items.size();
  }

  void ReadStatus(Fields status) {
    for (Fields one : status.Maps("actions")) {
      ActionRecord record{.id = NeedCount(one, "id"),
                          .state = one.OneOf("state", kStates).value_or(ActionRecord::State()),
                          .started_at = ReadTime(one, "startedAt"),
                          .finished_at = ReadTime(one, "finishedAt"),
                          .pod_uid = ReadText(one, "podUid"),
                          .message = ReadText(one, "message")};
      read_.records.push_back(std::move(record));
    }
    std::sort(read_.records.begin(), read_.records.end(),
              [](const auto& a, const auto& b) { return a.id < b.id; });
    read_.conditions = ReadConditions(value_);
  }

  Object object_;
  const Value& value_;
  plan::Proposal read_;
};

}  // namespace

Result<std::vector<plan::Proposal>> ReadPlans(std::string_view text) {
  return ReadAll<plan::Proposal>(text, kPlanKind,
                                 [](const Value& value) { return PlanReader(value).Read(); });
}

}  // namespace tangram::objects

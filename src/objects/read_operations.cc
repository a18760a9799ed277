#include "objects/read_operations.h"

#include <utility>

#include "objects/object.h"
#include "objects/read_plans.h"
#include "yaml/fields.h"

namespace tangram::objects {
namespace {

using plan::OperationStep;
using plan::StepRecord;
using yaml::Fields;
using yaml::Range;
using yaml::Value;
using yaml::Words;

constexpr Range kCards = {0, 63};
constexpr Range kReplicas = {1, 1'000};
constexpr Range kAttempts = {1, 1'000'000};
constexpr double kMostActions = 1e6;

enum class Kind { kRepartition, kReshare };
constexpr Words<Kind, 2> kKinds = {
    {{"Repartition", Kind::kRepartition}, {"Reshare", Kind::kReshare}}};
constexpr Words<cluster::Sharing, 3> kStrategies = {
    {{"TimeSlicing", cluster::Sharing::kTimeSlicing},
     {"Mps", cluster::Sharing::kMps},
     {"None", cluster::Sharing::kNone}}};
constexpr Words<plan::MigBackend, 2> kBackends = {
    {{"MigManager", plan::MigBackend::kMigManager}, {"Agent", plan::MigBackend::kAgent}}};
constexpr Words<StepRecord::State, 4> kStates = {{{"Running", StepRecord::State::kRunning},
                                                  {"Done", StepRecord::State::kDone},
                                                  {"Failed", StepRecord::State::kFailed},
                                                  {"RolledBack", StepRecord::State::kRolledBack}}};

std::vector<plan::PlacedInstance> ReadLayout(Fields& card, std::string_view key) {
  card.Need(key, "write a list of instances, [] for a whole card");
  std::vector<plan::PlacedInstance> layout;
  for (Fields instance : card.Maps(key)) {
    layout.push_back({NeedText(instance, "profile"), instance.Whole("start", kCards)});
  }
  return layout;
}

class OperationReader {
 public:
  explicit OperationReader(const Value& value) : object_(value, kOperationKind), value_(value) {}

  base::Result<plan::NodeOperation> Read() && {
    object_.CheckKind();
    object_.ReadOrigin(read_);
    ReadSpec(object_.Spec());
    ReadStatus(Fields(object_.faults(), value_.Find("status"), "status"));
    if (object_.faults().first()) return tl::unexpected(*object_.faults().first());
    return std::move(read_);
  }

 private:
  void ReadSpec(Fields spec) {
    spec.Need("kind", "write Repartition or Reshare");
    const Kind kind = spec.OneOf("kind", kKinds).value_or(Kind::kRepartition);
    read_.node = NeedText(spec, "node");
    read_.reason = NeedText(spec, "reason");
    if (spec.Has("plan")) ReadPlan(spec.Map("plan"));
    if (kind == Kind::kReshare) {
      spec.Need("reshare", "write how devices are shared");
      ReadReshare(spec.Map("reshare"));
    } else {
      spec.Need("repartition", "write the cards");
      ReadRepartition(spec.Map("repartition"));
    }
  }

  void ReadReshare(Fields fields) {
    fields.Need("sharing", "write TimeSlicing, Mps or None");
    fields.Need("replicasBefore", "write how many shares each has");
    fields.Need("replicasAfter", "write how many shares each is to have");
    plan::Resharing reshare;
    reshare.profile = ReadText(fields, "profile");
    reshare.change = {NeedText(fields, "resource"),
                      fields.Whole("replicasBefore", kReplicas).value_or(1),
                      fields.Whole("replicasAfter", kReplicas).value_or(1)};
    reshare.after = fields.OneOf("sharing", kStrategies).value_or(cluster::Sharing::kNone);
    reshare.before = fields.OneOf("sharingBefore", kStrategies).value_or(cluster::Sharing::kNone);
    reshare.config_before = ReadText(fields, "configBefore");
    reshare.config_after = NeedText(fields, "configAfter");
    reshare.renamed = fields.Flag("renamed").value_or(true);
    read_.reshare = std::move(reshare);
    ReadEvict(fields);
  }

  void ReadEvict(Fields& fields) {
    for (Fields pod : fields.Maps("evict")) {
      read_.evict.push_back(
          {{NeedText(pod, "namespace"), NeedText(pod, "name")}, NeedText(pod, "uid")});
    }
  }

  void ReadRepartition(Fields repartition) {
    read_.backend = repartition.OneOf("backend", kBackends).value_or(plan::MigBackend::kMigManager);
    read_.label_before = ReadText(repartition, "migConfigBefore");
    read_.order_before = ReadText(repartition, "orderBefore");
    for (Fields card : repartition.Maps("cards")) {
      card.Need("gpu", "write the card's index");
      read_.cards.push_back({card.Whole("gpu", kCards).value_or(0), ReadText(card, "uuid"),
                             ReadLayout(card, "layoutBefore"), ReadLayout(card, "layoutAfter")});
    }
    ReadEvict(repartition);
  }

  void ReadPlan(Fields plan) {
    read_.plan = NeedText(plan, "name");
    const Value* list = plan.Find("actions");
    const std::size_t count = list == nullptr ? 0 : list->items.size();
    for (const double id : plan.Numbers("actions", count, kMostActions)) {
      read_.actions.push_back(static_cast<int>(id));
    }
  }

  void ReadStatus(Fields status) {
    read_.step = ReadStep(status, "step");
    for (Fields one : status.Maps("steps")) {
      StepRecord record;
      one.Need("name", "write a step");
      record.step = ReadStep(one, "name").value_or(OperationStep::kReserve);
      record.state = one.OneOf("state", kStates).value_or(StepRecord::State::kRunning);
      record.started_at = ReadTime(one, "startedAt").value_or(base::Time());
      record.finished_at = ReadTime(one, "finishedAt");
      record.attempts = one.Whole("attempts", kAttempts).value_or(1);
      record.message = ReadText(one, "message");
      read_.steps.push_back(std::move(record));
    }
    read_.conditions = ReadConditions(value_);
  }

  static std::optional<OperationStep> ReadStep(Fields& fields, std::string_view key) {
    const auto name = fields.Text(key);
    if (!name || name->empty()) return std::nullopt;
    const auto step = plan::StepNamed(*name);
    if (!step) fields.Wrong(key, "is no step that this version knows");
    return step;
  }

  Object object_;
  const Value& value_;
  plan::NodeOperation read_;
};

}  // namespace

base::Result<std::vector<plan::NodeOperation>> ReadOperations(std::string_view text) {
  return ReadAll<plan::NodeOperation>(
      text, kOperationKind, [](const Value& value) { return OperationReader(value).Read(); });
}

}  // namespace tangram::objects

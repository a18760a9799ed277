#include "objects/read_gpu_nodes.h"

#include <algorithm>
#include <limits>
#include <string>
#include <utility>

#include "objects/object.h"
#include "yaml/fields.h"

namespace tangram::objects {
namespace {

using cluster::CutAnswer;
using cluster::CutCard;
using cluster::CutInstance;
using yaml::Fields;
using yaml::Range;
using yaml::Value;
using yaml::Words;

constexpr Range kCards = {0, 1'023};
constexpr Range kStarts = {0, 63};
constexpr Range kIds = {0, std::numeric_limits<int>::max()};
enum class CardState { kOk, kLost, kUnreadable };
constexpr Words<CardState, 3> kCardStates = {
    {{"Ok", CardState::kOk}, {"Lost", CardState::kLost}, {"Unreadable", CardState::kUnreadable}}};
constexpr Words<CutAnswer::State, 3> kAnswerStates = {{{"Running", CutAnswer::State::kRunning},
                                                       {"Done", CutAnswer::State::kDone},
                                                       {"Failed", CutAnswer::State::kFailed}}};

CutInstance ReadInstance(Fields& fields) {
  fields.Need("start", "write its first memory slice");
  return {ReadText(fields, "profile"), fields.Whole("start", kStarts).value_or(0)};
}

std::vector<cluster::DeviceHolder> ReadHolders(Fields& fields) {
  std::vector<cluster::DeviceHolder> holders;
  for (Fields one : fields.Maps("heldBy")) {
    holders.push_back({NeedText(one, "namespace"), NeedText(one, "pod")});
  }
  std::sort(holders.begin(), holders.end());
  return holders;
}

cluster::ReportedCard ReadCard(Fields card) {
  card.Need("index", "write the card's index");
  cluster::ReportedCard read;
  read.index = card.Whole("index", kCards).value_or(0);
  read.uuid = ReadText(card, "uuid");
  read.readable = card.OneOf("state", kCardStates) == CardState::kOk;
  read.in_use = card.Flag("inUse").value_or(false);
  read.holders = ReadHolders(card);
  Fields mig = card.Map("mig");
  read.mig = mig.Flag("enabled").value_or(false);
  read.mig_pending = mig.Flag("pending").value_or(read.mig);
  for (Fields one : mig.Maps("instances")) {
    const auto id = one.Whole("id", kIds);
    read.instances.push_back({.at = ReadInstance(one),
                              .id = id ? std::to_string(*id) : "",
                              .in_use = one.Flag("inUse").value_or(false),
                              .holders = ReadHolders(one)});
  }
  std::sort(read.instances.begin(), read.instances.end(),
            [](const auto& a, const auto& b) { return a.at.start < b.at.start; });
  return read;
}

CutCard ReadLayout(Fields layout) {
  layout.Need("mig", "write true or false");
  CutCard card;
  card.uuid = NeedText(layout, "uuid");
  card.gpu = layout.Whole("index", kCards).value_or(0);
  card.mig = layout.Flag("mig").value_or(false);
  for (Fields one : layout.Maps("instances")) card.instances.push_back(ReadInstance(one));
  std::sort(card.instances.begin(), card.instances.end(),
            [](const auto& a, const auto& b) { return a.start < b.start; });
  return card;
}

class GpuNodeReader {
 public:
  explicit GpuNodeReader(const Value& value) : object_(value, kGpuNodeKind), value_(value) {}

  base::Result<cluster::GpuNode> Read() && {
    object_.CheckKind();
    Metadata metadata = object_.ReadMetadata();
    read_.name = std::move(metadata.name);
    read_.version = std::move(metadata.version);
    read_.generation = metadata.generation;
    ReadSpec(object_.Spec());
    ReadStatus(Fields(object_.faults(), value_.Find("status"), "status"));
    if (object_.faults().first()) return tl::unexpected(*object_.faults().first());
    return std::move(read_);
  }

 private:
  void ReadSpec(Fields spec) {
    if (!spec.Has("operation")) return;
    spec.Need("layouts", "write how cards are to be cut");
    cluster::CutOrder order{.operation = NeedText(spec, "operation")};
    for (const Fields& layout : spec.Maps("layouts")) order.cards.push_back(ReadLayout(layout));
    read_.order = std::move(order);
  }

  void ReadStatus(Fields status) {
    read_.observed_at = ReadTime(status, "observedAt").value_or(base::Time());
    for (const Fields& card : status.Maps("cards")) read_.cards.push_back(ReadCard(card));
    std::sort(read_.cards.begin(), read_.cards.end(),
              [](const auto& a, const auto& b) { return a.index < b.index; });
    if (status.Has("order")) ReadAnswer(status.Map("order"));
    read_.conditions = ReadConditions(value_);
  }

  void ReadAnswer(Fields order) {
    CutAnswer answer;
    answer.operation = NeedText(order, "operation");
    order.Need("state", "write Running, Done or Failed");
    answer.state = order.OneOf("state", kAnswerStates).value_or(CutAnswer::State::kRunning);
    answer.generation = order.Whole("generation", kIds).value_or(0);
    answer.reason = ReadText(order, "reason");
    answer.message = ReadText(order, "message");
    read_.answer = std::move(answer);
  }

  Object object_;
  const Value& value_;
  cluster::GpuNode read_;
};

}  // namespace

base::Result<std::vector<cluster::GpuNode>> ReadGpuNodes(std::string_view text) {
  return ReadAll<cluster::GpuNode>(text, kGpuNodeKind,
                                   [](const Value& value) { return GpuNodeReader(value).Read(); });
}

}  // namespace tangram::objects

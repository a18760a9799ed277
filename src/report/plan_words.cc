#include "report/plan_words.h"

#include <fmt/format.h>

#include <array>
#include <functional>
#include <map>

namespace tangram::report {
namespace {

struct Words {
  std::string_view name;
  std::string_view verb;
  char sign = '~';
};

// In the order of plan::Change.
constexpr std::array<Words, 9> kWords = {{{"PlacePod", "place", '+'},
                                          {"MovePod", "move", '~'},
                                          {"EvictPod", "evict", '~'},
                                          {"StopPod", "stop", '-'},
                                          {"ResizePod", "resize", '~'},
                                          {"Reshare", "share", '~'},
                                          {"Repartition", "cut", '~'},
                                          {"AddNode", "add", '+'},
                                          {"GiveBack", "give back", '-'}}};
static_assert(std::variant_size_v<plan::Change> == kWords.size());

}  // namespace

std::string_view Name(const plan::Change& change) { return kWords.at(change.index()).name; }

std::string_view Name(plan::Mode mode) {
  switch (mode) {
    case plan::Mode::kObserve:
      return "Observe";
    case plan::Mode::kRecommend:
      return "Recommend";
    case plan::Mode::kAuto:
      break;
  }
  return "Auto";
}

std::string_view Name(plan::ActionRecord::State state) {
  using State = plan::ActionRecord::State;
  switch (state) {
    case State::kRunning:
      return "Running";
    case State::kDone:
      return "Done";
    case State::kFailed:
      return "Failed";
    case State::kSkipped:
      break;
  }
  return "Skipped";
}
std::string_view Verb(const plan::Change& change) { return kWords.at(change.index()).verb; }
char Sign(const plan::Change& change) { return kWords.at(change.index()).sign; }

std::string LayoutText(const std::vector<plan::PlacedInstance>& layout) {
  if (layout.empty()) return "whole";
  std::map<std::string_view, int, std::greater<>> counts;  // "3g.20gb" before "1g.5gb"
  for (const plan::PlacedInstance& instance : layout) ++counts[instance.profile];
  std::string text;
  for (const auto& [profile, count] : counts) {
    text += fmt::format("{}{}", text.empty() ? "" : " ", profile);
    if (count > 1) text += fmt::format(" x{}", count);
  }
  return text;
}

const std::string& NodeOf(const plan::Change& change) {
  return std::visit(
      [](const auto& of) -> const std::string& {
        using Of = std::decay_t<decltype(of)>;
        if constexpr (std::is_same_v<Of, plan::MovePod> || std::is_same_v<Of, plan::ResizePod>) {
          return of.to;
        } else {
          return of.node;
        }
      },
      change);
}

const plan::PodName* PodOf(const plan::Change& change) {
  if (const auto* place = std::get_if<plan::PlacePod>(&change)) return &place->pod;
  if (const auto* move = std::get_if<plan::MovePod>(&change)) return &move->pod;
  if (const auto* evict = std::get_if<plan::EvictPod>(&change)) return &evict->pod;
  if (const auto* stop = std::get_if<plan::StopPod>(&change)) return &stop->pod;
  if (const auto* resize = std::get_if<plan::ResizePod>(&change)) return &resize->pod;
  return nullptr;
}

bool GoesToNode(const plan::Change& change) {
  return std::holds_alternative<plan::PlacePod>(change) ||
         std::holds_alternative<plan::MovePod>(change) ||
         std::holds_alternative<plan::ResizePod>(change);
}

std::string MemoryText(const plan::MemoryShare& share) {
  const auto gib = [](base::MiB memory) { return static_cast<double>(memory.value()) / 1024; };
  return fmt::format("{:.1f} of {:.1f} GiB", gib(share.share), gib(share.seen));
}

std::optional<base::MicroUsdPerHour> RateChange(const plan::Action& action) {
  if (!action.rate_before && !action.rate_after) return std::nullopt;
  return action.rate_after.value_or(base::MicroUsdPerHour()) -
         action.rate_before.value_or(base::MicroUsdPerHour());
}

}  // namespace tangram::report

#include "agent/cut.h"

#include <fmt/format.h>

#include <optional>
#include <utility>

namespace tangram::agent {
namespace {

// A card has 12 slices at most, and each takes three steps.
constexpr int kMostSteps = 64;

tl::unexpected<CutError> Refuse(CutReason reason, std::string message) {
  return tl::unexpected(CutError{reason, std::move(message)});
}

bool Destroys(const std::vector<MigStep>& steps) {
  for (const MigStep& step : steps) {
    if (step.kind != StepKind::kCreate && step.kind != StepKind::kComplete) return true;
  }
  return false;
}

}  // namespace

CutResult<Card> Cutter::Find(const std::string& uuid) {
  const auto driver = deps_.nvml.ReadDriver();
  if (!driver) return Refuse(CutReason::kNoAnswer, driver.error().message);
  std::string lost;
  for (int index = 0; index < driver->cards; ++index) {
    auto card = deps_.nvml.ReadCard(index);
    if (!card) return Refuse(CutReason::kNoAnswer, card.error().message);
    if (card->uuid == uuid) return *std::move(card);
    if (card->state != CardState::kOk) lost += fmt::format("; GPU {} cannot be read", index);
  }
  return Refuse(CutReason::kLost,
                fmt::format("{} is not among the {} GPUs of this node{}; drain the node and reset "
                            "or reboot it (dmesg has the XID)",
                            uuid, driver->cards, lost));
}

// The kubelet is asked only where something is to go.
CutResult<std::vector<MigStep>> Cutter::Plan(const Card& card, const CardLayout& wished) {
  auto steps = StepsTo(card, wished, {});
  if (!steps || !Destroys(*steps) || !deps_.holders) return steps;
  const auto holders = deps_.holders(card);
  if (!holders) {
    return Refuse(CutReason::kUnreadable,
                  fmt::format("who holds the instances of GPU {} ({}) is not known, so none is "
                              "taken away: {}",
                              card.index, card.uuid, holders.error().message));
  }
  return StepsTo(card, wished, *holders);
}

CutResult<void> Cutter::Do(const MigStep& step) {
  if (deps_.log) deps_.log("cutting: " + step.text);
  auto done = deps_.nvml.Do(step);
  if (done) return *std::move(done);
  const bool denied = done.error().code == base::ErrorCode::kDenied;
  return Refuse(denied ? CutReason::kDenied : CutReason::kNoAnswer, done.error().message);
}

CutResult<void> Cutter::Bring(const CardLayout& wished) {
  std::optional<MigStep> last;
  for (int i = 0; i < kMostSteps; ++i) {
    const auto card = Find(wished.uuid);
    if (!card) return tl::unexpected(card.error());
    const auto steps = Plan(*card, wished);
    if (!steps) return tl::unexpected(steps.error());
    if (last && !Shows(*card, *last)) {
      return Refuse(CutReason::kNothingMade,
                    fmt::format("could not {}: the driver answered success, and the card does not "
                                "show it; look for other errors of the driver (dmesg)",
                                last->text));
    }
    if (steps->empty()) return {};
    last = steps->front();
    if (auto done = Do(*last); !done) return done;
  }
  return Refuse(CutReason::kRefused,
                fmt::format("{} is not as it should be after {} steps; somebody else cuts this "
                            "card (nvidia-smi, mig-manager): let one alone own it",
                            wished.uuid, kMostSteps));
}

CutResult<void> Cutter::BringAll(const std::vector<CardLayout>& wished) {
  for (const CardLayout& one : wished) {  // refused before anything is touched
    const auto card = Find(one.uuid);
    if (!card) return tl::unexpected(card.error());
    const auto steps = Plan(*card, one);
    if (!steps) return tl::unexpected(steps.error());
  }
  for (const CardLayout& one : wished) {
    if (auto brought = Bring(one); !brought) return brought;
  }
  return {};
}

CutResult<std::vector<CardLayout>> Cutter::Before(const std::vector<CardLayout>& wished) {
  std::vector<CardLayout> before;
  for (const CardLayout& one : wished) {
    const auto card = Find(one.uuid);
    if (!card) return tl::unexpected(card.error());
    auto layout = LayoutOf(*card);
    if (!layout) return tl::unexpected(layout.error());
    before.push_back(*std::move(layout));
  }
  return before;
}

CutOutcome Cutter::Carry(const std::vector<CardLayout>& wished,
                         const std::vector<CardLayout>& before) {
  const auto brought = BringAll(wished);
  if (brought) return {.done = true, .reason = {}, .message = {}};
  CutOutcome outcome{.reason = brought.error().reason, .message = brought.error().message};
  std::string left;
  for (const CardLayout& one : before) {
    if (const auto back = Bring(one); !back) {
      left += (left.empty() ? "" : "; ") + back.error().message;
    }
  }
  outcome.stuck = !left.empty();
  outcome.message += left.empty() ? ". The cards are cut as they were before"
                                  : ". What was there before could not be made again: " + left;
  if (deps_.log) deps_.log("cutting failed: " + outcome.message);
  return outcome;
}

}  // namespace tangram::agent

#include "agent/orders.h"

#include <fmt/format.h>

#include <utility>

namespace tangram::agent {

void Orders::See(SeenGpuNode seen) {
  if (!std::exchange(seen_, true)) answer_ = std::move(seen.answer);
  order_ = std::move(seen.order);
}

Orders::Outcome Orders::Step(bool written) {
  if (!order_) return Outcome::kNothing;
  if (!answer_ || !answer_->Answers(*order_)) return Take(*order_);
  if (answer_->state != OrderState::kRunning || !written) return Outcome::kNothing;
  const auto owner = deps_.other_owner();
  if (!owner) return Outcome::kNothing;
  if (!owner->empty()) {
    return End(OrderState::kFailed, "TwoOwners", *owner + ". The cards stay as they are now");
  }
  const CutOutcome outcome = deps_.cutter.Carry(order_->cards, answer_->before);
  if (outcome.done) return End(OrderState::kDone, "Cut", deps_.look_again());
  if (outcome.stuck) deps_.look_again();
  return End(OrderState::kFailed, outcome.stuck ? "NotUndone" : std::string(NameOf(outcome.reason)),
             outcome.message);
}

Orders::Outcome Orders::Take(const Order& order) {
  answer_ = OrderAnswer{.operation = order.operation,
                        .generation = order.generation,
                        .reason = {},
                        .message = {},
                        .before = {},
                        .began = deps_.clock.Now(),
                        .ended = {}};
  auto before = deps_.cutter.Before(order.cards);
  if (!before) {
    return End(OrderState::kFailed, std::string(NameOf(before.error().reason)),
               before.error().message + ". Nothing was changed");
  }
  answer_->before = *std::move(before);
  return Outcome::kTaken;
}

Orders::Outcome Orders::End(OrderState state, std::string reason, std::string message) {
  answer_->state = state;
  answer_->reason = std::move(reason);
  answer_->message = std::move(message);
  answer_->ended = deps_.clock.Now();
  const bool done = state == OrderState::kDone;
  deps_.log(fmt::format("{} {}{}{}", answer_->operation, done ? "is done" : "failed",
                        answer_->message.empty() ? "" : ": ", answer_->message));
  return Outcome::kEnded;
}

}  // namespace tangram::agent

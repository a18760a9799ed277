// Brings cards to their layouts, step by step, over the port.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "agent/layout.h"
#include "agent/nvml.h"

namespace tangram::agent {

// How an order ended. Not done: the cards are as they were before, unless `stuck`.
struct CutOutcome {
  bool done = false;
  bool stuck = false;  // it failed, and what was there before could not be made again
  CutReason reason = CutReason::kInvalid;
  std::string message;  // of what is not done: what happened, what stands now, what to do
};

// Keeps nothing: what the card has says where it stands, so whoever comes after a kill goes on by
// doing the same again. Each step is decided on a card that was read after the step before, and is
// done only where that shows what the driver said. Not thread-safe.
class Cutter {
 public:
  struct Deps {
    Nvml& nvml;
    // Who holds what of the card, as the kubelet says; an error: nobody knows. Empty: not asked.
    std::function<base::Result<Holders>(const Card&)> holders{};
    std::function<void(const std::string&)> log{};
  };
  explicit Cutter(Deps deps) : deps_(std::move(deps)) {}

  // How the cards of these layouts are cut now: what to go back to.
  CutResult<std::vector<CardLayout>> Before(const std::vector<CardLayout>& wished);

  // Card by card. Refused before the first step where any of them is refused; where one fails, all
  // are brought back to `before`, as far as that is free.
  CutOutcome Carry(const std::vector<CardLayout>& wished, const std::vector<CardLayout>& before);

 private:
  CutResult<Card> Find(const std::string& uuid);
  CutResult<std::vector<MigStep>> Plan(const Card& card, const CardLayout& wished);
  CutResult<void> Bring(const CardLayout& wished);
  CutResult<void> BringAll(const std::vector<CardLayout>& wished);
  CutResult<void> Do(const MigStep& step);

  Deps deps_;
};

}  // namespace tangram::agent

#include "report/totals_text.h"

#include <fmt/format.h>

#include <cstdlib>

#include "report/words.h"

namespace tangram::report {
namespace {

std::string Change(const std::string& before, const std::string& after) {
  return before == after ? before : before + " -> " + after;
}

std::string ShareOf(base::MilliGpu part, std::int64_t gpus) {
  return Percent(base::Ratio(part.value(), gpus * 1000));
}

std::string Money(const plan::PlanTotals& before, const plan::PlanTotals& after) {
  std::string text = Change(Dollars(before.rate), Dollars(after.rate)) + " a month";
  if (before.rate.value() > 0 && before.rate != after.rate) {
    const auto less = before.rate - after.rate;
    text += fmt::format(" ({}{})", less.value() > 0 ? "-" : "+",
                        Percent(base::Ratio(std::abs(less.value()), before.rate.value())));
  }
  return text;
}

}  // namespace

TotalsText TextOf(const plan::PlanTotals& before, const plan::PlanTotals& after) {
  std::string busy;
  if (before.busy && after.busy) {
    busy = fmt::format(
        " · {} busy", Change(ShareOf(*before.busy, before.gpus), ShareOf(*after.busy, after.gpus)));
  }
  const bool one = before.waiting == 1 && after.waiting == 1;
  return {
      .money = Money(before, after),
      .size = fmt::format(
          "{} nodes · {} GPUs · {} held{}", Change(Thousands(before.nodes), Thousands(after.nodes)),
          Change(Thousands(before.gpus), Thousands(after.gpus)),
          Change(ShareOf(before.held, before.gpus), ShareOf(after.held, after.gpus)), busy),
      .waiting = Change(Thousands(before.waiting), Thousands(after.waiting)) +
                 (one ? " pod waits for a GPU" : " pods wait for a GPU")};
}

}  // namespace tangram::report

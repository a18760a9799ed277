#include "report/proposal_text.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>

#include "report/plan_words.h"
#include "report/totals_text.h"
#include "report/words.h"

namespace tangram::report {
namespace {

using Align = Column::Align;
using State = plan::ActionRecord::State;

constexpr std::size_t kMostLines = 40;

std::string AgeText(base::Time since, base::Time now) {
  const auto minutes = std::chrono::duration_cast<std::chrono::minutes>(now - since).count();
  if (minutes < 1) return "now";
  if (minutes < 120) return fmt::format("{}m", minutes);
  return minutes < 2 * 24 * 60 ? fmt::format("{}h", minutes / 60)
                               : fmt::format("{}d", minutes / (24 * 60));
}

std::string MadeText(base::Time since, base::Time now) {
  const std::string age = AgeText(since, now);
  return age == "now" ? "just now" : age + " ago";
}

std::string MoneyText(const plan::Plan& plan) {
  const auto less = plan.before.rate - plan.after.rate;
  if (less.value() == 0) return "";
  return less.value() > 0 ? "-" + Dollars(less) : "+" + Dollars(base::MicroUsdPerHour() - less);
}

Color ColorOf(State state) {
  switch (state) {
    case State::kRunning:
      return Color::kYellow;
    case State::kDone:
      return Color::kGreen;
    case State::kFailed:
      return Color::kRed;
    case State::kSkipped:
      break;
  }
  return Color::kDim;
}

std::string WhatOf(const plan::Change& change) {
  if (const plan::PodName* pod = PodOf(change)) return pod->ns + "/" + pod->name;
  if (const auto* cut = std::get_if<plan::Repartition>(&change)) {
    return fmt::format("GPU {}: {}", cut->gpu, LayoutText(cut->to));
  }
  if (const auto* share = std::get_if<plan::Reshare>(&change)) {
    return fmt::format("{} -> {} shares", share->from, share->to);
  }
  if (const auto* node = std::get_if<plan::AddNode>(&change)) return "like " + node->like;
  return "";
}

Cell StateCell(const plan::Proposal& plan, int id) {
  const auto record = std::find_if(plan.records.begin(), plan.records.end(),
                                   [&](const auto& one) { return one.id == id; });
  if (record == plan.records.end()) return {""};
  return {std::string(Name(record->state)), ColorOf(record->state)};
}

}  // namespace

std::string StateText(const plan::Proposal& plan) {
  const auto holds = [&](const char* type) { return cluster::Holds(plan.conditions, type); };
  if (holds("Failed")) return "failed";
  if (holds("Done")) return "done";
  if (holds("Superseded")) return "out of date";
  if (holds("Executing")) {
    const auto* executing = cluster::ConditionOf(plan.conditions, "Executing");
    if (executing->reason == "WaitsForWindow") return "waits for a window";
    return WaitsForPeople(plan) ? "waits for people" : "under way";
  }
  return plan.approved ? "approved" : "waits for approval";
}

std::size_t Disturbed(const plan::Proposal& plan) {
  std::set<plan::PodName> pods;
  for (const plan::Action& action : plan.plan.actions) {
    pods.insert(action.disturbs.begin(), action.disturbs.end());
  }
  return pods.size();
}

std::string RenderProposals(const std::vector<plan::Proposal>& plans, base::Time now,
                            ColorMode color) {
  const std::vector<Column> columns = {{"PLAN", Align::kLeft, 34},  {"POOL", Align::kLeft, 16},
                                       {"$/MONTH", Align::kRight},  {"ACTIONS", Align::kRight},
                                       {"RESTARTS", Align::kRight}, {"STATE"},
                                       {"AGE", Align::kRight}};
  std::vector<std::vector<Cell>> rows;
  for (const plan::Proposal& plan : plans) {
    rows.push_back({{plan.name},
                    {plan.pool},
                    {MoneyText(plan.plan)},
                    {Thousands(static_cast<std::int64_t>(plan.plan.actions.size()))},
                    {Thousands(static_cast<std::int64_t>(Disturbed(plan)))},
                    {StateText(plan)},
                    {AgeText(plan.taken_at, now)}});
  }
  return RenderTable(columns, rows, color);
}

std::string RenderProposal(const plan::Proposal& plan, base::Time now, ColorMode color) {
  const auto line = [&](const std::string& text, Color in = Color::kNone) {
    return "  " + Paint(Printable(text), in, color) + "\n";
  };
  const TotalsText totals = TextOf(plan.plan.before, plan.plan.after);
  std::string out = line(fmt::format("{} · pool {} · made {} · {}", plan.name, plan.pool,
                                     MadeText(plan.taken_at, now), StateText(plan)),
                         Color::kDim);
  out += "\n" + line(totals.money, Color::kBold) + line(totals.size) + line(totals.waiting) + "\n";
  std::vector<std::vector<Cell>> rows;
  for (const plan::Action& action : plan.plan.actions) {
    if (rows.size() == kMostLines) break;
    const char sign = Sign(action.change);
    rows.push_back({{std::to_string(action.id)},
                    {std::string(1, sign)},
                    {std::string(Verb(action.change))},
                    {WhatOf(action.change)},
                    {NodeOf(action.change)},
                    {action.reason, Color::kDim},
                    StateCell(plan, action.id)});
  }
  out += RenderTable({{"#", Align::kRight},
                      {""},
                      {"DO"},
                      {"WHAT", Align::kLeft, 26},
                      {"WHERE", Align::kLeft, 18},
                      {"WHY", Align::kLeft, 22},
                      {"STATE"}},
                     rows, color);
  if (rows.size() < plan.plan.actions.size()) {
    out += line(
        fmt::format("… and {} more; -o yaml has them all", plan.plan.actions.size() - rows.size()),
        Color::kDim);
  }
  return out;
}

}  // namespace tangram::report

#include "report/plan_text.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>
#include <tuple>
#include <unordered_map>

#include "base/text.h"
#include "base/time_text.h"
#include "report/plan_words.h"
#include "report/words.h"

namespace tangram::report {
namespace {

using Align = Column::Align;

constexpr std::size_t kWidth = 96;
constexpr std::size_t kMostLines = 30;
constexpr std::size_t kMostWaiting = 12;

Color ColorOf(char sign) {
  if (sign == '+') return Color::kGreen;
  return sign == '-' ? Color::kRed : Color::kYellow;
}

// Actions that read the same.
struct Line {
  const plan::Action* first = nullptr;
  std::string what;  // of one action
  std::string many;  // of several: "3 pods of lab/notebook"
  std::int64_t actions = 0;
  std::set<std::string_view> nodes{};
  std::set<std::string_view> reasons{};
  std::optional<base::MicroUsdPerHour> rate{};
};

class PlanText {
 public:
  PlanText(const cluster::Snapshot& snapshot, const plan::Plan& plan, const TextOptions& options)
      : snapshot_(snapshot), plan_(plan), options_(options) {
    for (const cluster::Pod& pod : snapshot.pods) pods_[pod.ns + "/" + pod.name] = &pod;
    for (const cluster::Node& node : snapshot.nodes) pools_[node.name] = node.pool;
  }

  std::string Render() && {
    Headline();
    Actions();
    Certificates();
    WaitingPods();
    return std::move(out_);
  }

 private:
  bool IsWide() const { return options_.width == TextOptions::Width::kWide; }
  std::string Paint(const std::string& text, Color color) const {
    return report::Paint(text, color, options_.color);
  }

  void Say(const std::string& text, Color color = Color::kNone) {
    out_ += "  " + Paint(Printable(text), color) + "\n";
  }

  static std::string Change(const std::string& before, const std::string& after) {
    return before == after ? before : before + " -> " + after;
  }

  static std::string Held(const plan::PlanTotals& totals) {
    return Percent(base::Ratio(totals.held.value(), totals.gpus * 1000));
  }

  std::string Busy() const {
    const auto share = [](const plan::PlanTotals& totals) {
      return Percent(base::Ratio(totals.busy->value(), totals.gpus * 1000));
    };
    if (!plan_.before.busy || !plan_.after.busy) return "";
    return " · " + Change(share(plan_.before), share(plan_.after)) + " busy";
  }

  void Headline() {
    const plan::PlanTotals& before = plan_.before;
    const plan::PlanTotals& after = plan_.after;
    Say(fmt::format("{} · {}", snapshot_.cluster, base::FormatTime(snapshot_.taken_at)),
        Color::kDim);
    out_ += "\n";
    std::string money = Change(Dollars(before.rate), Dollars(after.rate)) + " a month";
    if (before.rate.value() > 0 && before.rate != after.rate) {
      const auto less = before.rate - after.rate;
      money += fmt::format(" ({}{})", less.value() > 0 ? "-" : "+",
                           Percent(base::Ratio(std::abs(less.value()), before.rate.value())));
    }
    Say(money, Color::kBold);
    Say(fmt::format("{} nodes · {} GPUs · {} held{}",
                    Change(Thousands(before.nodes), Thousands(after.nodes)),
                    Change(Thousands(before.gpus), Thousands(after.gpus)),
                    Change(Held(before), Held(after)), Busy()));
    const bool one = before.waiting == 1 && after.waiting == 1;
    Say(Change(Thousands(before.waiting), Thousands(after.waiting)) +
        (one ? " pod waits for a GPU" : " pods wait for a GPU"));
    if (after.unpriced_nodes > 0) {
      Say(fmt::format("{} of the nodes have no price and are in no sum; see --prices",
                      after.unpriced_nodes),
          Color::kDim);
    }
    out_ += "\n";
  }

  // ---- actions ----

  std::string PodText(const plan::PodName& pod) const { return pod.ns + "/" + pod.name; }

  // "lab/notebook": what a person would call the pod's workload.
  std::string OwnerText(const plan::PodName& name) const {
    const auto pod = pods_.find(PodText(name));
    if (pod == pods_.end() || pod->second->owner.name.empty()) return PodText(name);
    return name.ns + "/" + pod->second->owner.name;
  }

  std::string PoolOf(const std::string& node) const {
    const auto pool = pools_.find(node);
    return pool == pools_.end() ? "" : pool->second;
  }

  std::string WhatOf(const plan::Action& action) const {
    const plan::Change& change = action.change;
    if (const auto* resize = std::get_if<plan::ResizePod>(&change)) {
      return PodText(resize->pod) + " to " + ShortName(resize->resource_after);
    }
    if (const plan::PodName* pod = PodOf(change)) return PodText(*pod);
    if (const auto* cut = std::get_if<plan::Repartition>(&change)) {
      const std::string to = LayoutText(cut->to);
      return IsWide() ? fmt::format("{} -> {}", LayoutText(cut->from), to) : "1 card to " + to;
    }
    if (const auto* share = std::get_if<plan::Reshare>(&change)) {
      return fmt::format("{} -> {} shares a card", share->from, share->to);
    }
    if (const auto* add = std::get_if<plan::AddNode>(&change)) return "a node like " + add->like;
    return "the node";
  }

  // "mig-1g.5gb": without whose resource it is.
  static std::string ShortName(const std::string& resource) {
    return resource.substr(resource.find('/') + 1);
  }

  // What actions have in common that make one line.
  std::string ManyOf(const plan::Action& action) const {
    if (const auto* resize = std::get_if<plan::ResizePod>(&action.change)) {
      return "pods of " + OwnerText(resize->pod) + " to " + ShortName(resize->resource_after);
    }
    if (const plan::PodName* pod = PodOf(action.change)) return "pods of " + OwnerText(*pod);
    if (std::holds_alternative<plan::GiveBack>(action.change)) {
      const std::string pool = PoolOf(NodeOf(action.change));
      return pool.empty() ? "nodes" : "nodes of " + pool;
    }
    if (const auto* cut = std::get_if<plan::Repartition>(&action.change)) {
      return "cards to " + LayoutText(cut->to);
    }
    return WhatOf(action);
  }

  std::vector<Line> Lines() const {
    std::vector<Line> lines;
    std::map<std::tuple<std::size_t, std::string, std::string>, std::size_t> known;
    for (const plan::Action& action : plan_.actions) {
      std::string many = ManyOf(action);
      const auto key = std::make_tuple(action.change.index(), many,
                                       PodOf(action.change) == nullptr ? action.reason : "");
      const auto at = IsWide() ? known.end() : known.find(key);
      if (at == known.end()) {
        known[key] = lines.size();
        lines.push_back({.first = &action, .what = WhatOf(action), .many = std::move(many)});
      }
      Line& line = at == known.end() ? lines.back() : lines[at->second];
      ++line.actions;
      line.nodes.insert(NodeOf(action.change));
      line.reasons.insert(action.reason);
      if (const auto rate = RateChange(action)) {
        line.rate = line.rate.value_or(base::MicroUsdPerHour()) + *rate;
      }
    }
    return lines;
  }

  static std::string WhatText(const Line& line) {
    if (line.actions == 1) return line.what;
    if (line.what == line.many) return fmt::format("{} ({} times)", line.many, line.actions);
    return fmt::format("{} {}", line.actions, line.many);
  }

  static std::string WhereText(const Line& line) {
    const std::string gpu = [&] {
      const auto* cut = std::get_if<plan::Repartition>(&line.first->change);
      return cut != nullptr && line.actions == 1 ? fmt::format(" GPU {}", cut->gpu) : "";
    }();
    if (line.nodes.size() == 1) return std::string(*line.nodes.begin()) + gpu;
    return fmt::format("{} nodes", line.nodes.size());
  }

  static std::string WhyText(const Line& line) {
    const plan::Change& change = line.first->change;
    if (std::holds_alternative<plan::ResizePod>(change)) return "it needs no more";
    if (line.reasons.size() == 1) return line.first->reason;
    if (std::holds_alternative<plan::StopPod>(change)) return "they do nothing";
    const bool moves = std::holds_alternative<plan::MovePod>(change);
    return moves ? "empties their nodes" : "each has room where it goes";
  }

  static std::string MoneyText(const Line& line) {
    if (!line.rate || line.rate->value() == 0) return "";
    const auto rate = *line.rate;
    return rate.value() < 0 ? "-" + Dollars(base::MicroUsdPerHour() - rate) : "+" + Dollars(rate);
  }

  std::string NeedsText(const plan::Action& action) const {
    return action.needs.empty() ? "" : fmt::format("{}", fmt::join(action.needs, ","));
  }

  void Actions() {
    if (plan_.actions.empty()) {
      Say("Nothing to do.");
      out_ += "\n";
      return;
    }
    std::vector<Column> columns = {{""},
                                   {"DO"},
                                   {"WHAT", Align::kLeft, IsWide() ? 0U : 31U},
                                   {"WHERE", Align::kLeft, IsWide() ? 0U : 17U},
                                   {"$/MONTH", Align::kRight},
                                   {"WHY", Align::kLeft, IsWide() ? 0U : 21U}};
    if (IsWide()) {
      columns.insert(columns.begin() + 1, {"#", Align::kRight});
      columns.push_back({"NEEDS"});
    }
    std::vector<std::vector<Cell>> rows;
    const std::vector<Line> lines = Lines();
    for (const Line& line : lines) {
      if (!IsWide() && rows.size() == kMostLines) break;
      const char sign = Sign(line.first->change);
      const Color color = ColorOf(sign);
      std::vector<Cell> row = {{std::string(1, sign), color},
                               {std::string(Verb(line.first->change)), color},
                               {WhatText(line)},
                               {WhereText(line)},
                               {MoneyText(line)},
                               {WhyText(line), Color::kDim}};
      if (IsWide()) {
        row.insert(row.begin() + 1, Cell{std::to_string(line.first->id)});
        row.push_back({NeedsText(*line.first)});
      }
      rows.push_back(std::move(row));
    }
    out_ += RenderTable(columns, rows, options_.color) + "\n";
    SayHowManyMore(lines.size() - rows.size());
  }

  void SayHowManyMore(std::size_t more) {
    if (more == 0) return;
    Say(fmt::format("… and {} more; -o wide lists them all", more), Color::kDim);
    out_ += "\n";
  }

  // ---- the rest ----

  void Certificates() {
    for (const plan::Certificate& certificate : plan_.certificates) {
      Say(certificate.value == certificate.bound
              ? fmt::format("{}: {}, and no plan does with fewer", certificate.what,
                            certificate.value)
              : fmt::format("{}: {}; no plan does with fewer than {}", certificate.what,
                            certificate.value, certificate.bound));
    }
    if (!plan_.certificates.empty()) out_ += "\n";
  }

  // Pods of one workload that wait for the same are one entry.
  void WaitingPods() {
    if (plan_.waiting.empty()) return;
    Say("STILL WAITING", Color::kDim);
    std::map<std::tuple<std::string, std::string_view, std::string_view>, std::size_t> known;
    std::vector<std::pair<const plan::Waiting*, std::int64_t>> entries;
    for (const plan::Waiting& waiting : plan_.waiting) {
      const std::string who = IsWide() ? PodText(waiting.pod) : OwnerText(waiting.pod);
      const auto [entry, fresh] =
          known.try_emplace({who, waiting.why, waiting.remedy}, entries.size());
      if (fresh) entries.emplace_back(&waiting, 0);
      ++entries[entry->second].second;
    }
    std::size_t said = 0;
    for (const auto& [waiting, pods] : entries) {
      if (!IsWide() && said == kMostWaiting) break;
      Entry(*waiting, pods);
      ++said;
    }
    out_ += "\n";
    SayHowManyMore(entries.size() - said);
  }

  void Entry(const plan::Waiting& waiting, std::int64_t pods) {
    const bool never = plan::IsNever(waiting.reason);
    const std::string who = pods == 1 ? PodText(waiting.pod)
                                      : fmt::format("{} pods of {}", pods, OwnerText(waiting.pod));
    const std::string head = who + (never ? "  never:" : "  not now:");
    out_ += "  " + Paint(Printable(head), never ? Color::kRed : Color::kYellow);
    Wrapped(waiting.why + "; " + waiting.remedy, base::Columns(head));
  }

  // Goes on where a line has `used` columns; what follows is indented.
  void Wrapped(const std::string& text, std::size_t used) {
    const std::size_t width = IsWide() ? std::string::npos : kWidth;
    auto lines = base::WrapText(std::string(used, '.') + " " + Printable(text), width);
    lines.front() = lines.front().substr(used);
    for (const std::string& line : lines) {
      out_ += (&line == &lines.front() ? "" : "      ") + line + "\n";
    }
  }

  const cluster::Snapshot& snapshot_;
  const plan::Plan& plan_;
  const TextOptions& options_;
  std::unordered_map<std::string, const cluster::Pod*> pods_;
  std::unordered_map<std::string, std::string> pools_;
  std::string out_;
};

}  // namespace

std::string RenderPlan(const cluster::Snapshot& snapshot, const plan::Plan& plan,
                       const TextOptions& options) {
  return PlanText(snapshot, plan, options).Render();
}

}  // namespace tangram::report

#include "report/plan_text.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <tuple>

#include "base/text.h"
#include "base/time_text.h"
#include "report/plan_groups.h"
#include "report/plan_words.h"
#include "report/totals_text.h"
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

class PlanText {
 public:
  PlanText(const cluster::Snapshot& snapshot, const plan::Plan& plan, const TextOptions& options)
      : snapshot_(snapshot), plan_(plan), options_(options), workloads_(snapshot) {}

  std::string Render() && {
    Headline();
    Actions();
    Certificates();
    MemoryShares();
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

  void Headline() {
    Say(fmt::format("{} · {}", snapshot_.cluster, base::FormatTime(snapshot_.taken_at)),
        Color::kDim);
    out_ += "\n";
    const TotalsText totals = TextOf(plan_.before, plan_.after);
    Say(totals.money, Color::kBold);
    Say(totals.size);
    Say(totals.waiting);
    if (plan_.after.unpriced_nodes > 0) {
      Say(fmt::format("{} of the nodes have no price and are in no sum; see --prices",
                      plan_.after.unpriced_nodes),
          Color::kDim);
    }
    out_ += "\n";
  }

  // ---- actions ----

  static std::string MoneyText(const ActionGroup& line) {
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
    const std::vector<ActionGroup> lines =
        GroupActions(snapshot_, plan_, IsWide() ? Grouping::kNone : Grouping::kAlike);
    for (const ActionGroup& line : lines) {
      if (!IsWide() && rows.size() == kMostLines) break;
      const char sign = Sign(line.actions.front()->change);
      const Color color = ColorOf(sign);
      std::vector<Cell> row = {{std::string(1, sign), color},
                               {std::string(Verb(line.actions.front()->change)), color},
                               {line.what},
                               {line.where},
                               {MoneyText(line)},
                               {line.why, Color::kDim}};
      if (IsWide()) {
        row.insert(row.begin() + 1, Cell{std::to_string(line.actions.front()->id)});
        row.push_back({NeedsText(*line.actions.front())});
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

  // What to start a model server with, for each size of share. Instances are as large as what the
  // server sees, and need no flag unless they are shared.
  void MemoryShares() {
    std::map<plan::MemoryShare, std::int64_t> pods;
    for (const plan::Action& action : plan_.actions) {
      const auto& memory = action.gpu_memory;
      if (memory && (IsWide() || memory->share < memory->seen)) ++pods[*memory];
    }
    if (pods.empty()) return;
    std::vector<Column> columns = {{"GPU MEMORY OF A SHARE"}, {"PODS", Align::kRight}, {"KEPT BY"}};
    std::vector<std::vector<Cell>> rows;
    for (const auto& [memory, count] : pods) {
      std::vector<Cell>& row = rows.emplace_back();
      row = {{MemoryText(memory)}, {Thousands(count)}, {memory.enforced ? "the GPU" : "the flag"}};
      for (const plan::ServingFlag& flag : plan::ServingFlags(memory)) {
        if (flag.server == "Triton") continue;  // as TGI
        if (row.size() == columns.size()) columns.push_back({std::string(flag.server)});
        row.push_back({flag.value});
      }
    }
    for (std::vector<Cell>& row : rows) row.resize(columns.size());
    out_ += RenderTable(columns, rows, options_.color);
    Say("vLLM --gpu-memory-utilization, TGI --cuda-memory-fraction, SGLang --mem-fraction-static",
        Color::kDim);
    out_ += "\n";
  }

  // Pods of one workload that wait for the same are one entry.
  void WaitingPods() {
    if (plan_.waiting.empty()) return;
    Say("STILL WAITING", Color::kDim);
    std::map<std::tuple<std::string, std::string_view, std::string_view>, std::size_t> known;
    std::vector<std::pair<const plan::Waiting*, std::int64_t>> entries;
    for (const plan::Waiting& waiting : plan_.waiting) {
      const std::string who = IsWide() ? PodText(waiting.pod) : workloads_.Of(waiting.pod);
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
    const std::string who = pods == 1
                                ? PodText(waiting.pod)
                                : fmt::format("{} pods of {}", pods, workloads_.Of(waiting.pod));
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
  Workloads workloads_;
  std::string out_;
};

}  // namespace

std::string RenderPlan(const cluster::Snapshot& snapshot, const plan::Plan& plan,
                       const TextOptions& options) {
  return PlanText(snapshot, plan, options).Render();
}

}  // namespace tangram::report

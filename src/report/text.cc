#include "report/text.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"
#include "base/time_text.h"
#include "report/groups.h"
#include "report/words.h"

namespace tangram::report {
namespace {

using Align = Column::Align;

Color ColorOf(plan::Level risk) {
  switch (risk) {
    case plan::Level::kLow:
      return Color::kGreen;
    case plan::Level::kMedium:
      return Color::kYellow;
    case plan::Level::kHigh:
      break;
  }
  return Color::kRed;
}

std::string Money(const std::optional<base::MicroUsdPerHour>& rate) {
  return rate ? Dollars(*rate) : "?";
}

// A bar of `width` columns in eighths.
std::string Bar(base::PartsPerMillion share, int width) {
  static constexpr const char* kEighths[] = {"", "▏", "▎", "▍", "▌", "▋", "▊", "▉"};
  const std::int64_t eighths = (share.value() * width * 8 + 500'000) / 1'000'000;
  std::string bar;
  for (std::int64_t i = 0; i < eighths / 8; ++i) bar += "█";
  bar += kEighths[eighths % 8];
  if (bar.empty() && share.value() > 0) bar = "▏";
  return bar;
}

// One part of the report after the other, each ending in a line end.
class TextReport {
 public:
  TextReport(const cluster::Snapshot& snapshot, const plan::Findings& findings,
             const TextOptions& options)
      : snapshot_(snapshot), findings_(findings), options_(options) {}

  std::string Render() && {
    Headline();
    Leaks();
    Steps();
    TopFindings();
    Groups("TEAM", findings_.by_team);
    Groups("NAMESPACE", findings_.by_namespace);
    LeftAlone();
    Unknowns();
    return std::move(out_);
  }

 private:
  bool IsWide() const { return options_.width == TextOptions::Width::kWide; }
  std::string Paint(const std::string& text, Color color) const {
    return report::Paint(text, color, options_.color);
  }
  void Table(const std::vector<Column>& columns, const std::vector<std::vector<Cell>>& rows) {
    out_ += RenderTable(columns, rows, options_.color) + "\n";
  }
  // Broken at blanks to 100 columns in the normal form; what goes on is indented.
  void Line(const std::string& text, Color color = Color::kNone) {
    const std::size_t width = IsWide() ? std::string::npos : 96;
    std::string indent = "  ";
    for (const std::string& line : base::WrapText(Printable(text), width)) {
      out_ += indent + Paint(line, color) + "\n";
      indent = "    ";
    }
  }

  std::string Measured() const {
    if (!snapshot_.usage) return "nothing measured: allocation only";
    return fmt::format("usage over {}",
                       base::FormatSpan(snapshot_.usage->to - snapshot_.usage->from));
  }

  static std::string Verdict(const plan::Split& split, base::MicroUsdPerHour waste) {
    if (split.cost.value() == 0) return "No GPU here has a known price; the report counts cards.";
    if (waste.value() == 0 && split.useful.value() == 0) {
      return fmt::format("{} a month, and nothing says how much of it is used",
                         Dollars(split.cost));
    }
    std::string verdict =
        fmt::format("{} of {} a month is wasted ({})", Dollars(waste), Dollars(split.cost),
                    Percent(base::Ratio(waste.value(), split.cost.value())));
    if (split.unmeasured.value() > 0) {
      verdict += fmt::format(", and {} is not measured", Dollars(split.unmeasured));
    }
    return verdict;
  }

  void Headline() {
    const plan::Totals& totals = findings_.totals;
    const base::MicroUsdPerHour waste = plan::WasteOf(totals.split);
    Line(fmt::format("{} · {} · {}", snapshot_.cluster.empty() ? "cluster" : snapshot_.cluster,
                     base::FormatTime(snapshot_.taken_at), Measured()),
         Color::kDim);
    out_ += "\n";
    Line(Verdict(totals.split, waste), Color::kBold);
    std::string counts = fmt::format("{} GPUs on {} nodes · {} held", Thousands(totals.gpus),
                                     Thousands(totals.gpu_nodes), Percent(totals.allocation));
    if (totals.utilization) counts += fmt::format(" · {} busy", Percent(*totals.utilization));
    if (totals.pods_pending > 0) {
      counts += fmt::format(" · {} {} for a GPU", Thousands(totals.pods_pending),
                            totals.pods_pending == 1 ? "pod waits" : "pods wait");
    }
    Line(counts);
    out_ += "\n";
  }

  std::vector<Cell> LeakRow(std::string_view title, base::MilliGpu gpus, base::MicroUsdPerHour cost,
                            Color color) const {
    const base::PartsPerMillion share =
        base::Ratio(cost.value(), findings_.totals.split.cost.value());
    return {{std::string(title)},
            {gpus.value() < 0 ? "" : Gpus(gpus)},
            {Dollars(cost)},
            {Percent(share)},
            {Bar(share, 24), color}};
  }

  void Leaks() {
    std::vector<std::vector<Cell>> rows;
    for (int i = 0; i < plan::kLeaks; ++i) {
      const plan::LeakSummary& leak = findings_.leaks[static_cast<std::size_t>(i)];
      rows.push_back(LeakRow(fmt::format("{} {}", i + 1, Title(static_cast<plan::Leak>(i))),
                             leak.gpus, leak.waste, Color::kRed));
    }
    const plan::Split& split = findings_.totals.split;
    const base::MilliGpu none(-1);
    rows.push_back(LeakRow("  Useful", none, split.useful, Color::kGreen));
    if (split.unmeasured.value() > 0) {
      rows.push_back(LeakRow("  Not measured", none, split.unmeasured, Color::kYellow));
    }
    Table({{"LEAK"},
           {"GPUS", Align::kRight},
           {"$/MONTH", Align::kRight},
           {"SHARE", Align::kRight},
           {""}},
          rows);
  }

  void Steps() {
    std::vector<std::vector<Cell>> rows;
    for (const plan::Step& step : findings_.steps) {
      rows.push_back({{fmt::format("{} {}", rows.size() + 1, Title(step.kind))},
                      {Gpus(step.gpus)},
                      {step.saves ? Dollars(*step.saves) : "–"},
                      {std::string(Why(step.kind))}});
    }
    if (rows.empty()) return;
    Table({{"WHAT TO DO, IN ORDER"},
           {"GPUS", Align::kRight},
           {"SAVES/MONTH", Align::kRight},
           {"WHY", Align::kLeft, IsWide() ? 0U : 52U}},
          rows);
  }

  void TopFindings() { IsWide() ? EveryFinding() : GroupedFindings(); }

  void GroupedFindings() {
    const std::vector<FindingGroup> groups = GroupFindings(findings_);
    const std::size_t shown = std::min(groups.size(), options_.most_findings);
    std::vector<std::vector<Cell>> rows;
    for (std::size_t i = 0; i < shown; ++i) {
      const FindingGroup& group = groups[i];
      const plan::Finding& finding = *group.example;
      const std::string fix = std::string(Short(finding.technique)) +
                              (finding.target.empty() || finding.target == Short(finding.technique)
                                   ? ""
                                   : " " + finding.target);
      rows.push_back({{std::to_string(static_cast<int>(plan::LeakOf(finding.kind)) + 1)},
                      {group.subject},
                      {std::string(finding.model)},
                      {Gpus(group.gpus)},
                      {Money(group.waste)},
                      {fix},
                      {std::string(Name(group.risk)), ColorOf(group.risk)},
                      {std::string(Name(group.confidence))}});
    }
    if (rows.empty()) return;
    Table({{"L"},
           {"WHERE", Align::kLeft, 30},
           {"MODEL", Align::kLeft, 13},
           {"GPUS", Align::kRight},
           {"$/MONTH", Align::kRight},
           {"FIX", Align::kLeft, 22},
           {"RISK"},
           {"SURE"}},
          rows);
    if (groups.size() > shown) {
      Line(fmt::format("… and {} more; -o wide lists every finding with its evidence",
                       Thousands(static_cast<std::int64_t>(groups.size() - shown))),
           Color::kDim);
      out_ += "\n";
    }
  }

  void EveryFinding() {
    std::vector<std::vector<Cell>> rows;
    for (const plan::LeakSummary& leak : findings_.leaks) {
      for (const plan::Finding& finding : leak.findings) rows.push_back(WideRow(finding));
    }
    if (rows.empty()) return;
    Table({{"KIND"},
           {"NODE"},
           {"GPU", Align::kRight},
           {"INSTANCE"},
           {"MODEL"},
           {"POD"},
           {"TEAM"},
           {"GPUS", Align::kRight},
           {"$/MONTH", Align::kRight},
           {"BUSY", Align::kRight},
           {"COVERAGE", Align::kRight},
           {"RISK"},
           {"SURE"},
           {"WHY"},
           {"FIX"}},
          rows);
  }

  static std::vector<Cell> WideRow(const plan::Finding& finding) {
    const auto& seen = finding.evidence;
    return {
        {std::string(Name(finding.kind))},
        {std::string(finding.node)},
        {finding.gpu < 0 ? "" : std::to_string(finding.gpu)},
        {std::string(finding.instance)},
        {std::string(finding.model)},
        {finding.pod.name.empty() ? "" : fmt::format("{}/{}", finding.pod.ns, finding.pod.name)},
        {std::string(finding.team)},
        {Gpus(finding.gpus)},
        {Money(finding.waste)},
        {seen ? Percent(seen->active_mean) : ""},
        {seen ? Percent(seen->coverage) : ""},
        {std::string(Name(finding.risk)), ColorOf(finding.risk)},
        {std::string(Name(finding.confidence))},
        {finding.why},
        {finding.fix}};
  }

  void Groups(const std::string& title, const std::vector<plan::Group>& groups) {
    const bool named = std::any_of(groups.begin(), groups.end(),
                                   [](const plan::Group& group) { return !group.key.empty(); });
    if (!named) return;
    std::vector<std::vector<Cell>> rows;
    for (const plan::Group& group : groups) {
      if (!IsWide() && rows.size() == options_.most_groups) break;
      const auto& waste = group.split.waste;
      rows.push_back({{group.key.empty() ? (title == "TEAM" ? "(none)" : "(nobody)") : group.key},
                      {Gpus(group.split.gpus)},
                      {Dollars(group.split.cost)},
                      {Dollars(plan::WasteOf(group.split))},
                      {Dollars(waste[0])},
                      {Dollars(waste[1])},
                      {Dollars(waste[2])},
                      {Dollars(waste[3])}});
    }
    Table({{title, Align::kLeft, 26},
           {"GPUS", Align::kRight},
           {"$/MONTH", Align::kRight},
           {"WASTED", Align::kRight},
           {"IDLE", Align::kRight},
           {"OVERSIZED", Align::kRight},
           {"UNSHARED", Align::kRight},
           {"ON-DEMAND", Align::kRight}},
          rows);
  }

  void LeftAlone() {
    std::vector<std::vector<Cell>> rows;
    for (const plan::LeftAloneSummary& left : findings_.left_alone) {
      rows.push_back({{std::string(Name(left.reason))},
                      {Gpus(left.gpus)},
                      {Dollars(left.cost)},
                      {std::string(Why(left.reason))}});
    }
    if (rows.empty()) return;
    Table({{"LEFT ALONE"},
           {"GPUS", Align::kRight},
           {"$/MONTH", Align::kRight},
           {"WHY", Align::kLeft, IsWide() ? 0U : 62U}},
          rows);
  }

  // Prices whose match is not exact: the widest few in the normal form.
  void WeakPrices(std::vector<std::string>& lines) const {
    std::vector<plan::PriceSource> weak;
    for (const plan::PriceSource& price : findings_.price_sources) {
      if (!price.note.empty()) weak.push_back(price);
    }
    std::stable_sort(weak.begin(), weak.end(),
                     [](const auto& a, const auto& b) { return a.nodes > b.nodes; });
    constexpr std::size_t kMost = 3;
    const std::size_t shown = IsWide() ? weak.size() : std::min(weak.size(), kMost);
    for (std::size_t i = 0; i < shown; ++i) {
      lines.push_back(
          fmt::format("{} nodes priced by a weaker match: {}", weak[i].nodes, weak[i].note));
    }
    if (shown < weak.size()) {
      lines.push_back(fmt::format("… and {} more kinds of weaker match; -o wide lists them",
                                  weak.size() - shown));
    }
  }

  void Unknowns() {
    std::vector<std::string> lines;
    for (const auto& [product, gpus] : findings_.unknown_models) {
      lines.push_back(
          fmt::format("{} GPUs of unknown model \"{}\": counted, not advised on", gpus, product));
    }
    for (const plan::UnpricedType& type : findings_.unpriced) {
      lines.push_back(fmt::format(
          "no {}price for {} in {} ({} nodes, {} GPUs): left out of every sum; see --prices",
          type.capacity == cluster::CapacityType::kSpot ? "spot " : "",
          type.instance_type.empty() ? std::string_view("nodes without an instance type")
                                     : type.instance_type,
          type.region.empty() ? std::string_view("an unknown region") : type.region, type.nodes,
          type.gpus));
    }
    WeakPrices(lines);
    for (const cluster::Gap& gap : snapshot_.gaps) {
      lines.push_back(fmt::format("{}: {}", gap.what, gap.why));
      if (!gap.remedy.empty()) lines.push_back("→ " + gap.remedy);
    }
    if (lines.empty()) return;
    Line("NOT KNOWN", Color::kDim);
    for (const std::string& line : lines) Line(line);
    out_ += "\n";
  }

  const cluster::Snapshot& snapshot_;
  const plan::Findings& findings_;
  const TextOptions& options_;
  std::string out_;
};

}  // namespace

std::string RenderText(const cluster::Snapshot& snapshot, const plan::Findings& findings,
                       const TextOptions& options) {
  return TextReport(snapshot, findings, options).Render();
}

}  // namespace tangram::report

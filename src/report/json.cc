#include "report/json.h"

#include <fmt/format.h>
#include <yaml-cpp/yaml.h>

#include <nlohmann/json.hpp>

#include "base/time_text.h"
#include "report/words.h"

namespace tangram::report {
namespace {

using Json = nlohmann::ordered_json;

// Names come from a cluster and may hold any bytes: what is not UTF-8 is replaced, never thrown.
std::string Dump(const Json& json) {
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

double Usd(base::MicroUsdPerHour rate) {
  return static_cast<double>(base::PerMonth(rate).value()) / 1e6;
}
Json Usd(const std::optional<base::MicroUsdPerHour>& rate) {
  return rate ? Json(Usd(*rate)) : Json();
}
double Share(base::PartsPerMillion share) { return static_cast<double>(share.value()) / 1e6; }
double GpuCount(base::MilliGpu gpus) { return static_cast<double>(gpus.value()) / 1e3; }

Json EvidenceJson(const plan::Evidence& seen) {
  Json json = {{"metric", MetricName(seen.metric)},
               {"activeMean", Share(seen.active_mean)},
               {"activeMax", Share(seen.active_max)},
               {"busyShare", Share(seen.busy_share)},
               {"lastActive", nullptr},
               {"memoryMaxMiB", nullptr},
               {"memoryTotalMiB", nullptr},
               {"coverage", Share(seen.coverage)},
               {"samples", seen.samples}};
  if (seen.last_active) json["lastActive"] = base::FormatTime(*seen.last_active);
  if (seen.memory_max) json["memoryMaxMiB"] = seen.memory_max->value();
  if (seen.memory_total) json["memoryTotalMiB"] = seen.memory_total->value();
  return json;
}

Json FindingJson(const plan::Finding& finding) {
  const std::string owner = finding.owner.kind.empty()
                                ? ""
                                : fmt::format("{}/{}", finding.owner.kind, finding.owner.name);
  return {{"kind", Name(finding.kind)},
          {"node", finding.node},
          {"gpu", finding.gpu < 0 ? Json() : Json(finding.gpu)},
          {"instance", finding.instance},
          {"model", finding.model},
          {"namespace", finding.pod.ns},
          {"pod", finding.pod.name},
          {"owner", owner},
          {"team", finding.team},
          {"gpus", GpuCount(finding.gpus)},
          {"usdPerMonth", Usd(finding.waste)},
          {"confidence", Name(finding.confidence)},
          {"evidence", finding.evidence ? EvidenceJson(*finding.evidence) : Json()},
          {"technique", Name(finding.technique)},
          {"target", finding.target},
          {"why", finding.why},
          {"fix", finding.fix},
          {"risk", Name(finding.risk)},
          {"riskReason", finding.risk_reason}};
}

Json SeatJson(const plan::SeatView& seat) {
  return {{"profile", seat.profile},
          {"start", seat.start ? Json(*seat.start) : Json()},
          {"size", seat.size},
          {"share", Share(seat.share)},
          {"namespace", seat.pod.ns},
          {"pod", seat.pod.name},
          {"team", seat.team},
          {"state", Name(seat.state)},
          {"active", seat.active ? Json(Share(*seat.active)) : Json()},
          {"exact", seat.exact}};
}

Json CardJson(const plan::CardView& card) {
  Json seats = Json::array();
  for (const plan::SeatView& seat : card.seats) seats.push_back(SeatJson(seat));
  return {{"node", card.node},
          {"gpu", card.gpu},
          {"model", card.model},
          {"product", card.product},
          {"usdPerMonth", Usd(card.rate)},
          {"layout", Name(card.layout)},
          {"memorySlices", card.memory_slices},
          {"sharing", Name(card.sharing)},
          {"replicas", card.replicas},
          {"seats", std::move(seats)}};
}

Json GroupJson(const plan::Group& group) {
  const auto& waste = group.split.waste;
  return {{"key", group.key},
          {"gpus", GpuCount(group.split.gpus)},
          {"usdPerMonth", Usd(group.split.cost)},
          {"wasteUsdPerMonth", Usd(plan::WasteOf(group.split))},
          {"idle", Usd(waste[0])},
          {"oversized", Usd(waste[1])},
          {"unshared", Usd(waste[2])},
          {"onDemand", Usd(waste[3])},
          {"useful", Usd(group.split.useful)},
          {"unmeasured", Usd(group.split.unmeasured)}};
}

Json TotalsJson(const plan::Totals& totals) {
  const base::MicroUsdPerHour waste = plan::WasteOf(totals.split);
  return {{"nodes", totals.nodes},
          {"gpuNodes", totals.gpu_nodes},
          {"gpus", totals.gpus},
          {"podsHolding", totals.pods_holding},
          {"podsPending", totals.pods_pending},
          {"gpusHeld", GpuCount(totals.held)},
          {"gpusMeasured", GpuCount(totals.measured)},
          {"gpusWithoutPrice", totals.gpus_without_price},
          {"gpusUnknownModel", totals.gpus_unknown_model},
          {"usdPerMonth", Usd(totals.split.cost)},
          {"wasteUsdPerMonth", Usd(waste)},
          {"wasteShare", Share(base::Ratio(waste.value(), totals.split.cost.value()))},
          {"usefulUsdPerMonth", Usd(totals.split.useful)},
          {"unmeasuredUsdPerMonth", Usd(totals.split.unmeasured)},
          {"utilization", totals.utilization ? Json(Share(*totals.utilization)) : Json()},
          {"allocation", Share(totals.allocation)}};
}

Json WindowJson(const std::optional<cluster::Usage>& usage) {
  if (!usage) return nullptr;
  return {{"from", base::FormatTime(usage->from)},
          {"to", base::FormatTime(usage->to)},
          {"span", base::FormatSpan(usage->to - usage->from)},
          {"source", usage->source}};
}

Json StepJson(const plan::Step& step) {
  return {{"step", Name(step.kind)},
          {"findings", step.findings},
          {"gpus", GpuCount(step.gpus)},
          {"usdPerMonth", Usd(step.saves)},
          {"why", Why(step.kind)}};
}

Json LeftAloneJson(const plan::LeftAloneSummary& left) {
  return {{"reason", Name(left.reason)},
          {"count", left.count},
          {"gpus", GpuCount(left.gpus)},
          {"usdPerMonth", Usd(left.cost)},
          {"why", Why(left.reason)}};
}

Json GapJson(const cluster::Gap& gap) {
  return {{"what", gap.what}, {"why", gap.why}, {"remedy", gap.remedy}};
}

Json UnpricedJson(const plan::UnpricedType& type) {
  return {{"instanceType", type.instance_type},
          {"region", type.region},
          {"capacityType", Name(type.capacity)},
          {"nodes", type.nodes},
          {"gpus", type.gpus}};
}

Json PriceSourceJson(const plan::PriceSource& price) {
  return {{"source", price.source},
          {"asOf", price.as_of},
          {"note", price.note},
          {"nodes", price.nodes}};
}

// Writes the object element by element: a list of 80,000 cards is never a tree in memory.
class Writer {
 public:
  void Field(std::string_view key, const Json& value) {
    Key(key);
    text_ += Dump(value);
  }
  template <class List, class ToJson>
  void Array(std::string_view key, const List& list, ToJson to_json) {
    Key(key);
    Elements(list, to_json);
  }
  // An object's list inside `Array`: elements one a line.
  template <class List, class ToJson>
  void Elements(const List& list, ToJson to_json) {
    text_ += '[';
    for (const auto& element : list) {
      if (&element != &*std::begin(list)) text_ += ',';
      text_ += '\n';
      text_ += Dump(to_json(element));
    }
    text_ += ']';
  }
  void Raw(std::string_view text) { text_ += text; }
  std::string Finish() && { return std::move(text_) + "\n}\n"; }

 private:
  void Key(std::string_view key) {
    text_ += first_ ? "{\n" : ",\n";
    first_ = false;
    text_ += fmt::format("\"{}\": ", key);
  }

  std::string text_;
  bool first_ = true;
};

void WriteLeaks(const plan::Findings& findings, Writer& writer) {
  writer.Raw(",\n\"leaks\": [");
  for (int i = 0; i < plan::kLeaks; ++i) {
    const auto leak = static_cast<plan::Leak>(i);
    const plan::LeakSummary& summary = findings.leaks[static_cast<std::size_t>(i)];
    Json head = {{"leak", Name(leak)},
                 {"title", Title(leak)},
                 {"usdPerMonth", Usd(summary.waste)},
                 {"gpus", GpuCount(summary.gpus)},
                 {"unpriced", summary.unpriced}};
    std::string text = Dump(head);
    text.pop_back();  // the closing brace: the findings follow
    writer.Raw((i == 0 ? "\n" : ",\n") + text + ", \"findings\": ");
    writer.Elements(summary.findings, FindingJson);
    writer.Raw("}");
  }
  writer.Raw("]");
}

void WriteGroups(const plan::Findings& findings, Writer& writer) {
  const std::pair<std::string_view, const std::vector<plan::Group>*> groups[] = {
      {"namespace", &findings.by_namespace},
      {"team", &findings.by_team},
      {"model", &findings.by_model},
      {"node", &findings.by_node},
      {"workload", &findings.by_workload}};
  writer.Raw(",\n\"by\": {");
  for (const auto& [key, list] : groups) {
    writer.Raw(fmt::format("{}\n\"{}\": ", key == "namespace" ? "" : ",", key));
    writer.Elements(*list, GroupJson);
  }
  writer.Raw("}");
}

void EmitYaml(const Json& json, YAML::Emitter& out) {
  switch (json.type()) {
    case Json::value_t::object:
      out << YAML::BeginMap;
      for (const auto& [key, value] : json.items()) {
        out << YAML::Key << key << YAML::Value;
        EmitYaml(value, out);
      }
      out << YAML::EndMap;
      return;
    case Json::value_t::array:
      out << YAML::BeginSeq;
      for (const auto& value : json) EmitYaml(value, out);
      out << YAML::EndSeq;
      return;
    case Json::value_t::string:
      out << YAML::DoubleQuoted << json.get<std::string>();
      return;
    case Json::value_t::null:
      out << YAML::Null;
      return;
    default:
      out << json.dump();
  }
}

}  // namespace

std::string RenderJson(const cluster::Snapshot& snapshot, const plan::Findings& findings) {
  Writer writer;
  writer.Field("format", "tangram-report");
  writer.Field("version", kReportVersion);
  writer.Field("cluster", snapshot.cluster);
  writer.Field("takenAt", base::FormatTime(snapshot.taken_at));
  writer.Field("window", WindowJson(snapshot.usage));
  writer.Field("totals", TotalsJson(findings.totals));
  WriteLeaks(findings, writer);
  writer.Array("steps", findings.steps, StepJson);
  writer.Array("leftAlone", findings.left_alone, LeftAloneJson);
  WriteGroups(findings, writer);
  writer.Array("cards", findings.cards, CardJson);
  writer.Array("gaps", snapshot.gaps, GapJson);
  writer.Array("unknownModels", findings.unknown_models, [](const auto& unknown) {
    return Json{{"product", unknown.first}, {"gpus", unknown.second}};
  });
  writer.Array("unpriced", findings.unpriced, UnpricedJson);
  writer.Array("priceSources", findings.price_sources, PriceSourceJson);
  return std::move(writer).Finish();
}

base::Result<std::string> JsonToYaml(std::string_view json) {
  const Json parsed = Json::parse(json, nullptr, /*allow_exceptions=*/false);
  if (parsed.is_discarded()) {
    return base::Fail(base::ErrorCode::kInvalid, "the report is not valid JSON");
  }
  YAML::Emitter out;
  EmitYaml(parsed, out);
  return std::string(out.c_str()) + "\n";
}

}  // namespace tangram::report

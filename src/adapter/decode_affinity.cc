#include "adapter/decode_affinity.h"

#include <limits>

#include "adapter/decode_meta.h"

namespace tangram::adapter {
namespace {

constexpr std::string_view kRequired = "requiredDuringSchedulingIgnoredDuringExecution";
constexpr std::string_view kPreferred = "preferredDuringSchedulingIgnoredDuringExecution";

std::vector<std::string> ReadTexts(Json list) {
  std::vector<std::string> texts;
  list.Items([&](Json item) { texts.push_back(item.Text()); });
  return texts;
}

std::vector<cluster::SelectorTerm> ReadTerms(Json list) {
  std::vector<cluster::SelectorTerm> terms;
  list.Items([&](Json item) {
    cluster::SelectorTerm term;
    item.Fields([&](std::string_view key, Json field) {
      if (key == "key") term.key = field.Text();
      if (key == "operator") term.op = field.Text();
      if (key == "values") term.values = ReadTexts(field);
    });
    const bool whole = !term.key.empty() && !term.op.empty();
    if (!whole) item.Expected("an expression with key and operator", "one without");
    if (whole) terms.push_back(std::move(term));
  });
  return terms;
}

int ReadCount(Json field, int most) {
  const std::int64_t count = field.Integer().value_or(1);
  if (count >= 1 && count <= most) return static_cast<int>(count);
  field.Expected("a whole number from 1 to " + std::to_string(most), std::to_string(count));
  return 1;
}

cluster::NodeTerm ReadNodeTerm(Json item) {
  cluster::NodeTerm term;
  item.Fields([&](std::string_view key, Json field) {
    if (key == "matchExpressions") term.labels = ReadTerms(field);
    if (key == "matchFields") term.fields = ReadTerms(field);
  });
  return term;
}

cluster::NodePreference ReadNodePreference(Json item) {
  cluster::NodePreference preference;
  item.Fields([&](std::string_view key, Json value) {
    if (key == "weight") preference.weight = ReadCount(value, 100);
    if (key == "preference") preference.term = ReadNodeTerm(value);
  });
  return preference;
}

void ReadNodeAffinity(Json node, cluster::Affinity& into) {
  node.Fields([&](std::string_view key, Json field) {
    if (key == kRequired) into.nodes = ReadNodeSelector(field);
    if (key != kPreferred) return;
    field.Items([&](Json item) { into.preferred_nodes.push_back(ReadNodePreference(item)); });
  });
}

std::vector<cluster::PodTerm> ReadPodTerms(Json affinity) {
  std::vector<cluster::PodTerm> terms;
  const auto read = [&](Json item) {
    cluster::PodTerm term;
    item.Fields([&](std::string_view key, Json field) {
      if (key == "topologyKey") term.topology_key = field.Text();
      if (key == "labelSelector") term.selector = ReadSelector(field);
      if (key == "namespaces") term.namespaces = ReadTexts(field);
      if (key == "namespaceSelector") term.namespace_selector = ReadSelector(field);
    });
    if (term.topology_key.empty()) return item.Expected("a term with a topologyKey", "one without");
    terms.push_back(std::move(term));
  };
  affinity.Fields([&](std::string_view key, Json field) {
    if (key == kRequired) field.Items(read);
  });
  return terms;
}

}  // namespace

std::vector<cluster::NodeTerm> ReadNodeSelector(Json selector) {
  std::vector<cluster::NodeTerm> read;
  selector.Fields([&](std::string_view key, Json terms) {
    if (key != "nodeSelectorTerms") return;
    terms.Items([&](Json item) { read.push_back(ReadNodeTerm(item)); });
  });
  return read;
}

cluster::Selector ReadSelector(Json selector) {
  cluster::Selector read;
  selector.Fields([&](std::string_view key, Json field) {
    if (key == "matchLabels") read.match_labels = field.TextMap();
    if (key == "matchExpressions") read.match_expressions = ReadTerms(field);
  });
  std::erase_if(read.match_labels, [](const auto& label) { return IsMadeUpLabel(label.first); });
  std::erase_if(read.match_expressions,
                [](const cluster::SelectorTerm& term) { return IsMadeUpLabel(term.key); });
  return read;
}

cluster::Taint ReadTaint(Json taint) {
  cluster::Taint read;
  taint.Fields([&](std::string_view key, Json field) {
    if (key == "key") read.key = field.Text();
    if (key == "value") read.value = field.Text();
    if (key == "effect") read.effect = field.Text();
  });
  return read;
}

void ReadAffinity(Json affinity, cluster::Affinity& into) {
  affinity.Fields([&](std::string_view key, Json field) {
    if (key == "nodeAffinity") ReadNodeAffinity(field, into);
    if (key == "podAffinity") into.pods = ReadPodTerms(field);
    if (key == "podAntiAffinity") into.anti_pods = ReadPodTerms(field);
  });
}

std::vector<ReadSpread> ReadSpreads(Json list) {
  std::vector<ReadSpread> spreads;
  list.Items([&](Json item) {
    ReadSpread read;
    cluster::SpreadConstraint& spread = read.constraint;
    bool binding = true;
    item.Fields([&](std::string_view key, Json field) {
      if (key == "topologyKey") spread.topology_key = field.Text();
      if (key == "maxSkew") spread.max_skew = ReadCount(field, std::numeric_limits<int>::max());
      if (key == "minDomains")
        spread.min_domains = ReadCount(field, std::numeric_limits<int>::max());
      if (key == "whenUnsatisfiable") binding = field.Text() != "ScheduleAnyway";
      if (key == "labelSelector") spread.selector = ReadSelector(field);
      if (key == "nodeAffinityPolicy") spread.counts_all_nodes = field.Text() == "Ignore";
      if (key == "nodeTaintsPolicy") spread.honors_taints = field.Text() == "Honor";
      if (key == "matchLabelKeys") read.label_keys = ReadTexts(field);
    });
    if (spread.topology_key.empty()) {
      item.Expected("a constraint with a topologyKey", "one without");
    } else if (binding) {
      spreads.push_back(std::move(read));
    }
  });
  return spreads;
}

}  // namespace tangram::adapter

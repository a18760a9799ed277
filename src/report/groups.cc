#include "report/groups.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <tuple>

namespace tangram::report {
namespace {

// Kind, namespace and workload (both empty where it is about nodes), model, target.
using Key = std::tuple<plan::FindingKind, std::string_view, std::string_view, std::string_view,
                       std::string_view>;

bool IsOfNode(plan::FindingKind kind) {
  return kind == plan::FindingKind::kEmptyNode || kind == plan::FindingKind::kOnDemandNode ||
         kind == plan::FindingKind::kFreeCard;
}

// The pod's owner, or the pod itself; empty: nobody's.
std::string_view WorkloadOf(const plan::Finding& finding) {
  if (finding.pod.name.empty() || finding.owner.kind.empty()) return finding.pod.name;
  return finding.owner.name;
}

Key KeyOf(const plan::Finding& finding) {
  const std::string_view workload = IsOfNode(finding.kind) ? "" : WorkloadOf(finding);
  return {finding.kind, workload.empty() ? "" : finding.pod.ns, workload, finding.model,
          finding.target};
}

void Add(const plan::Finding& finding, FindingGroup& group) {
  if (group.example == nullptr) group.example = &finding;
  ++group.count;
  group.gpus += finding.gpus;
  if (finding.waste) {
    group.waste = group.waste.value_or(base::MicroUsdPerHour()) + *finding.waste;
  }
  // kLow is the smallest of both scales.
  group.confidence = std::min(group.confidence, finding.confidence);
  group.risk = std::max(group.risk, finding.risk);
}

std::string SubjectOf(const FindingGroup& group) {
  const plan::Finding& finding = *group.example;
  const std::string_view workload = WorkloadOf(finding);
  if (!workload.empty()) return fmt::format("{}/{}", finding.pod.ns, workload);
  if (finding.node.empty()) return "(cluster)";
  if (group.count == 1) return std::string(finding.node);
  return fmt::format("{} {}", group.count, finding.gpu < 0 ? "nodes" : "cards");
}

}  // namespace

std::vector<FindingGroup> GroupFindings(const plan::Findings& findings) {
  std::map<Key, FindingGroup> groups;
  for (const plan::LeakSummary& leak : findings.leaks) {
    for (const plan::Finding& finding : leak.findings) {
      Add(finding, groups[KeyOf(finding)]);
    }
  }
  std::vector<FindingGroup> list;
  for (auto& [key, group] : groups) {
    group.subject = SubjectOf(group);
    list.push_back(std::move(group));
  }
  std::stable_sort(list.begin(), list.end(), [](const FindingGroup& a, const FindingGroup& b) {
    const auto order = [](const FindingGroup& g) {
      return std::make_tuple(g.waste ? -g.waste->value() : 1, -g.gpus.value());
    };
    return order(a) < order(b);
  });
  return list;
}

}  // namespace tangram::report

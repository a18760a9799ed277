#include "report/groups.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <tuple>

namespace tangram::report {
namespace {

using Key = std::tuple<plan::FindingKind, std::string, std::string, std::string>;

bool IsOfNode(plan::FindingKind kind) {
  return kind == plan::FindingKind::kEmptyNode || kind == plan::FindingKind::kOnDemandNode ||
         kind == plan::FindingKind::kFreeCard;
}

std::string WorkloadOf(const plan::Finding& finding) {
  if (finding.pod.name.empty()) return "";
  const bool bare = finding.owner.kind.empty();
  return finding.pod.ns + "/" + (bare ? finding.pod.name : finding.owner.name);
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
  const std::string workload = WorkloadOf(finding);
  if (!workload.empty()) return workload;
  if (finding.node.empty()) return "(cluster)";
  if (group.count == 1) return finding.node;
  return fmt::format("{} {}", group.count, finding.gpu < 0 ? "nodes" : "cards");
}

}  // namespace

std::vector<FindingGroup> GroupFindings(const plan::Findings& findings) {
  std::map<Key, FindingGroup> groups;
  for (const plan::LeakSummary& leak : findings.leaks) {
    for (const plan::Finding& finding : leak.findings) {
      const std::string workload = IsOfNode(finding.kind) ? "" : WorkloadOf(finding);
      Add(finding, groups[{finding.kind, workload, finding.model, finding.target}]);
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

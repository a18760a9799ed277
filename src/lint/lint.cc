#include "lint/lint.h"

#include <algorithm>
#include <tuple>
#include <utility>

#include "lint/rule.h"
#include "yaml/load.h"

namespace tangram::lint {
namespace {

Finding Describe(const Rule& rule, const Object& object, Mistake mistake) {
  Finding finding;
  finding.rule = std::string(rule.info.name);
  finding.severity = mistake.severity;
  finding.document = object.document;
  finding.line = mistake.line;
  finding.object = object.title;
  finding.field = TextOf(mistake.field);
  finding.found = std::move(mistake.found);
  finding.message = std::move(mistake.message);
  finding.fix = std::move(mistake.fix);
  finding.corrected_yaml = Fragment(*object.root, mistake.edits);
  return finding;
}

std::vector<Finding> Check(const std::vector<Value>& documents) {
  std::vector<Finding> findings;
  for (const Object& object : FindObjects(documents)) {
    for (const Rule& rule : AllRules()) {
      for (Mistake& mistake : rule.check(object)) {
        findings.push_back(Describe(rule, object, std::move(mistake)));
      }
    }
  }
  return findings;
}

}  // namespace

std::string_view NameOf(Severity severity) {
  return severity == Severity::kError ? "error" : "warning";
}

base::Result<std::vector<Finding>> Lint(std::string_view file_name, std::string_view yaml_text) {
  auto documents = yaml::Load(yaml_text);
  if (!documents) return base::Wrap(documents.error(), std::string(file_name));
  for (Value& document : *documents) yaml::DropHidden(document);
  std::vector<Finding> findings = Check(*documents);
  for (Finding& finding : findings) finding.file = std::string(file_name);
  std::stable_sort(findings.begin(), findings.end(), [](const Finding& a, const Finding& b) {
    return std::tie(a.document, a.line, a.rule, a.field) <
           std::tie(b.document, b.line, b.rule, b.field);
  });
  return findings;
}

}  // namespace tangram::lint

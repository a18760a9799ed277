// The report as JSON and YAML: docs/report-json.md describes it, docs/schema/report.schema.json
// checks it.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "cluster/snapshot.h"
#include "plan/leaks/leaks.h"

namespace tangram::report {

inline constexpr int kReportVersion = 1;

// One object, ending in a line end. Equal arguments give equal bytes.
std::string RenderJson(const cluster::Snapshot& snapshot, const plan::Findings& findings);

// The same object as YAML; `json` is what RenderJson wrote.
base::Result<std::string> JsonToYaml(std::string_view json);

}  // namespace tangram::report
